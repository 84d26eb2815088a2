package import Billing

/// What dispatch needs of the ledger: whole batches, each one transaction, each row changed only
/// where it still is as it was read.
///
/// Every time that is compared is the ledger's own at the moment of the statement.
package protocol DispatchLedger: Sendable {
  func now() async throws -> Timestamp

  /// The distinct time zones of deliveries.
  func zones() async throws -> [String]

  /// Takes the next planned deliveries of a zone that are due and not quiet in the slot, and
  /// queues, holds or suppresses each.
  func queueDue(_ request: QueueRequest) async throws -> QueueOutcome

  /// Queued deliveries whose event was never marked published, `olderThanSeconds` after they were
  /// queued or last taken here; taking one keeps others from taking it for as long.
  func takeUnpublished(olderThanSeconds: Int64, limit: Int) async throws -> [DeliveryEvent]

  /// Notes where events lie, each only where the generation still matches; how many were noted.
  func markPublished(_ marks: [PublishedMark]) async throws -> Int

  /// The control total of a zone's slot: planned, due, permitted and still not queued.
  func remaining(in slot: ZoneSlot, of zone: String) async throws -> Int
}

package struct QueueRequest: Sendable {
  package var zone: String
  /// The current one: once it is over on the ledger's clock, nothing is queued any more.
  package var slot: ZoneSlot
  /// The day that the slot is of, in the zone.
  package let day: CalendarDay
  /// Where the last batch of this pass ended.
  package var after: QueueCursor?
  /// Only what was queued before: retries, and what was put back.
  package var onlyAgain: Bool
  /// Passes over what others have in hand at the moment, instead of waiting for it.
  package var skipsLocked: Bool
  /// Whose deliveries it is about.
  package var share: CustomerShare
  package var maxLatenessSeconds: Int64
  package var limit: Int

  package init(
    zone: String, slot: ZoneSlot, after: QueueCursor?, onlyAgain: Bool, skipsLocked: Bool = true,
    share: CustomerShare = .all, maxLatenessSeconds: Int64, limit: Int
  ) {
    self.skipsLocked = skipsLocked
    self.share = share
    self.zone = zone
    self.slot = slot
    // In a zone that nobody knows nothing is dispatched.
    day = ZoneRules(zone)?.day(at: slot.start) ?? CalendarDay(daysSince1970: .min)
    self.after = after
    self.onlyAgain = onlyAgain
    self.maxLatenessSeconds = maxLatenessSeconds
    self.limit = limit
  }
}

/// A part of the customers: shares of one count have no customer in common, and all of them together
/// have everybody.
package struct CustomerShare: Hashable, Sendable {
  package static let all = CustomerShare(index: 0, count: 1)

  /// A customer's number times `factor` modulo `prime` says the share: numbers that are given out in
  /// steps are mixed.
  package static let prime: Int64 = 1009
  package static let factor: Int64 = 619

  /// 0 ..< `count`.
  package var index: Int
  package var count: Int

  package init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  package func contains(_ customer: CustomerID) -> Bool {
    customer.number % Self.prime * Self.factor % Self.prime % Int64(count) == Int64(index)
  }
}

/// A place in the order in which a zone's planned deliveries are read.
package struct QueueCursor: Hashable, Sendable {
  package var nextAt: Timestamp
  package var key: DeliveryKey

  package init(nextAt: Timestamp, key: DeliveryKey) {
    self.nextAt = nextAt
    self.key = key
  }
}

package enum QueueOutcome: Sendable {
  case batch(QueuedBatch)
  /// The slot is not the current one any more; nothing was changed.
  case slotOver
}

package struct QueuedBatch: Sendable {
  package var events: [DeliveryEvent] = []
  package var held = 0
  package var suppressed = 0
  /// Corrections that wait for the outcome of an earlier delivery.
  package var waiting = 0
  /// Earlier deliveries that gave way to a correction.
  package var superseded = 0
  /// Where to go on; `nil` when the pass is over.
  package var next: QueueCursor?

  package init() {}
}

/// That an event is stored.
package struct PublishedMark: Hashable, Sendable {
  package var delivery: DeliveryKey
  package var generation: Int
  package var partition: Int
  package var offset: Int64

  package init(delivery: DeliveryKey, generation: Int, partition: Int, offset: Int64) {
    self.delivery = delivery
    self.generation = generation
    self.partition = partition
    self.offset = offset
  }
}

/// Where the ledger's time comes from: decided by its first dispatch, and for good once anything was
/// begun to be sent.
package protocol LedgerTime: Sendable {
  func timeKeeping() async throws -> TimeKeeping

  /// Decides, or confirms what was decided.
  func keepTime(_ kind: TimeKeeping.Kind) async throws -> TimeKeeping.Outcome

  /// Turns time to the other kind, where no delivery was ever begun: what was queued, or held for
  /// being late, by the old time is planned again, and lateness counts anew. Decides where nothing is
  /// decided. Nobody may be at work on the ledger who went by the old time.
  func turnTime(to kind: TimeKeeping.Kind) async throws -> TimeKeeping.Turn

  /// Moves simulated time on to the moment, never back; the time it is then. Throws on a ledger
  /// that is not simulated.
  func advance(to moment: Timestamp) async throws -> Timestamp

  /// For whoever takes a whole month through simulated time: two at once would be correct, but
  /// each would wait for the other at every moment. `nil` while another process has it.
  func holdTime() async throws -> (any TimeHold)?
}

/// Kept until the last reference is gone, or the process is.
package protocol TimeHold: AnyObject, Sendable {}

package enum TimeKeeping: Hashable, Sendable {
  case undecided
  case real
  case simulated(now: Timestamp)

  package enum Kind: Hashable, Sendable {
    case real
    case simulated
  }

  package enum Outcome: Hashable, Sendable {
    /// It is kept so, from now on or since long.
    case kept(now: Timestamp)
    /// It is kept the other way.
    case refused
  }

  package enum Turn: Hashable, Sendable {
    case turned
    /// It is of that kind since long.
    case unchanged
    /// So many deliveries were begun.
    case refused(begun: Int)
  }

  /// `nil` while nothing is decided.
  package var kind: Kind? {
    switch self {
    case .undecided: nil
    case .real: .real
    case .simulated: .simulated
    }
  }
}
