import Billing
import Delivery
import FaultInjection
import Runs
import Synchronization

@testable import EmbeddedStore

/// What must be true after every step, whatever happened before it.
final class Invariants: Sendable {
  private struct Seen {
    var state: DeliveryState
    var generation: Int
    var fence: Int
  }

  private struct State {
    var lastEntry: Int64 = 0
    var deliveries: [DeliveryKey: Seen] = [:]
    /// By customer: what was current from when on, in order.
    var wishes: [CustomerID: [Wish]] = [:]
    /// By idempotency key, the first.
    var recipients: [String: String] = [:]
    var violations: [String] = []
  }

  /// What a customer wanted from a moment on.
  struct Wish: Hashable, Sendable {
    var from: Timestamp
    /// The next one is in force for sure since then.
    var until: Timestamp?
    var quietMask: Int64
    var channels: Set<Channel>
    var contacts: [Channel: String]
  }

  private let database: Database
  private let witness: Witness
  /// What was written to providers, and what they answered.
  let calls = ProviderCalls()
  /// Whether providers can be asked what became of a message.
  private let canBeAsked: Bool
  private let now: @Sendable () -> Timestamp
  private let count: @Sendable (String) -> Void
  private let state = Mutex(State())

  init(
    _ database: Database, witness: Witness, canBeAsked: Bool,
    now: @escaping @Sendable () -> Timestamp,
    count: @escaping @Sendable (String) -> Void
  ) {
    self.database = database
    self.witness = witness
    self.canBeAsked = canBeAsked
    self.now = now
    self.count = count
  }

  var violations: [String] { state.withLock { $0.violations } }

  func violated(_ what: String) {
    state.withLock { $0.violations.append(what) }
  }

  /// From now on this may be in force.
  func wishes(_ customer: CustomerID, _ wish: Wish) {
    state.withLock { $0.wishes[customer, default: []].append(wish) }
  }

  func everOptedOut(_ customer: CustomerID) -> Bool {
    state.withLock { $0.wishes[customer]?.contains { $0.channels.isEmpty } ?? false }
  }

  func everLacked(_ channel: Channel?, _ customer: CustomerID) -> Bool {
    state.withLock { state in
      state.wishes[customer]?.contains { wish in
        channel.map { !wish.channels.contains($0) } ?? true
      } ?? true
    }
  }

  /// From now on the latest wish is in force.
  func settleWishes(of customer: CustomerID, at moment: Timestamp) {
    state.withLock { state in
      var wishes = state.wishes[customer] ?? []
      for position in wishes.indices.dropLast() where wishes[position].until == nil {
        wishes[position].until = moment
      }
      state.wishes[customer] = wishes
    }
  }

  // MARK: After every call that changes something

  private struct Entry: Sendable {
    var number: Int64
    var key: DeliveryKey
    var state: DeliveryState
    var generation: Int
    var fence: Int
    /// The delivery's latest attempt as it is now, if this is its latest entry.
    var attempt: ProviderCalls.Attempt?
  }

  /// Only legal transitions, and fences and generations that only grow.
  func check() async throws {
    let last = state.withLock { $0.lastEntry }
    let entries = try await database.read { connection in
      var entries: [Entry] = []
      try connection.query(
        """
        SELECT l.entry, l.month, l.customer_id, l.kind, l.sequence, l.state, l.generation, l.fence,
          a.attempt_id, a.outcome, a.reason
        FROM delivery_log l
        LEFT JOIN deliveries d ON d.last_entry = l.entry AND d.month = l.month
          AND d.customer_id = l.customer_id AND d.kind = l.kind AND d.sequence = l.sequence
        LEFT JOIN attempts a ON a.attempt_id = d.last_attempt
        WHERE l.entry > ? ORDER BY l.entry
        """, last
      ) { row in
        guard let state = DeliveryState(code: row.int(5)) else { return }
        entries.append(
          Entry(
            number: row.integer(0), key: try DeliveryKey(row, at: 1), state: state,
            generation: row.int(6), fence: row.int(7),
            attempt: row.optionalInteger(8).map {
              ProviderCalls.Attempt(
                id: $0, outcome: row.optionalInteger(9), reason: row.optionalText(10))
            }))
      }
      return entries
    }
    for entry in entries { follow(entry) }
  }

  private func follow(_ entry: Entry) {
    let transition = state.withLock { state -> String? in
      guard entry.number > state.lastEntry else { return nil }
      state.lastEntry = entry.number
      defer {
        state.deliveries[entry.key] = Seen(
          state: entry.state, generation: entry.generation, fence: entry.fence)
      }
      guard let before = state.deliveries[entry.key] else {
        return "made → \(entry.state.rawValue)"
      }
      let step = "\(before.state.rawValue) → \(entry.state.rawValue)"
      if before.state != entry.state, !before.state.mayBecome(entry.state) {
        state.violations.append("\(entry.key): illegal \(step)")
      }
      if entry.generation < before.generation || entry.fence < before.fence {
        state.violations.append("\(entry.key): a generation or a fence went back")
      }
      if entry.state == .claimed, entry.fence <= before.fence {
        state.violations.append("\(entry.key): claimed without a new fence")
      }
      if let wrong = calls.fault(in: entry.state, of: entry.key) {
        state.violations.append("\(entry.key): \(step) \(wrong)")
      }
      if before.state == .sending, let attempt = entry.attempt,
        let wrong = calls.fault(in: entry.state, after: attempt)
      {
        state.violations.append("\(entry.key): \(step) \(wrong)")
      }
      return step
    }
    if let transition { count(transition) }
  }

  // MARK: When a ledger has answered

  func check(_ answer: PortAnswer) async throws {
    switch answer {
    case .checkpoint(let chunk, .committed):
      let holds = try await database.read { connection in
        try connection.first(
          "SELECT fence FROM chunks WHERE run_id = ? AND step = ? AND chunk = ?",
          chunk.hold.run.id, chunk.step, chunk.range.index
        ) { $0.int(0) == chunk.fence }
      }
      if holds != true {
        violated("chunk \(chunk.range.index): a checkpoint by somebody who held it no longer")
      }
    case .checkpoint, .holds: break
    case .parked(let deliveries):
      // What is found was taken: nobody is bothered before the provider was asked.
      for delivery in deliveries where canBeAsked && !calls.wasAsked(about: delivery) {
        violated("\(delivery): left to an operator, and its provider was never asked")
      }
    case .recorded(let results):
      for result in results {
        guard case .accepted = result.outcome else { continue }
        let isAccepted = try await database.read { connection in
          try connection.first(
            """
            SELECT 1 FROM deliveries WHERE month = ? AND customer_id = ? AND kind = ?
              AND sequence = ? AND state = 5
            """, result.key.month, result.key.customer, result.key.kind.code, result.key.sequence
          ) { _ in true }
        }
        if isAccepted != true { violated("\(result.key): its acceptance was not recorded") }
      }
    }
  }

  // MARK: When something is written to a provider

  private struct OpenAttempt: Sendable {
    var id: Int64
    var openedAt: Timestamp
    var bill: ContentHash
    /// Deliveries of an earlier statement that may still be taken.
    var open: Int
    /// Whether its bill is that of the statement that the delivery tells of.
    var isOfStatement: Bool
    var quiet: QuietSlots
    var zone: String
  }

  /// An intent was committed before, and the customer may be told now, on this channel.
  ///
  /// - Returns: the call that so began; `nil` where nothing may be written.
  func checkWrite(
    _ idempotencyKey: String, _ message: ProviderMessage
  ) async -> ProviderCalls.Call? {
    guard let (key, channel) = DeliveryKey.parse(idempotencyKey: idempotencyKey) else {
      violated("\(idempotencyKey): no key of a delivery")
      return nil
    }
    let now = now()
    let attempt: OpenAttempt?
    do {
      attempt = try await openAttempt(key, channel)
    } catch {
      violated("\(key): its attempts cannot be read")
      return nil
    }
    guard let attempt else {
      violated("\(idempotencyKey): written without an open intent")
      return nil
    }
    let call = calls.begin(key, attempt: attempt.id)
    if ContentHash(of: message.content) != attempt.bill {
      violated("\(idempotencyKey): not the bill that was intended")
    }
    if !attempt.isOfStatement { violated("\(idempotencyKey): the bill of another statement") }
    if attempt.open > 0 { violated("\(idempotencyKey): overtakes an earlier delivery") }
    if now.adding(seconds: -3) > attempt.openedAt {
      violated("\(idempotencyKey): written long after its intent")
    }
    let first = state.withLock { state in
      state.recipients[idempotencyKey, default: message.recipient]
    }
    state.withLock { $0.recipients[idempotencyKey] = first }
    if first != message.recipient { violated("\(idempotencyKey): two recipients under one key") }
    guard let zone = ZoneRules(attempt.zone) else {
      violated("\(key): unknown zone")
      return call
    }
    if attempt.quiet.contains(zone.slotNumber(at: now)) {
      violated("\(idempotencyKey): written in a quiet slot at \(now)")
    }
    checkWish(key, channel, message.recipient, attempt)
    return call
  }

  private func checkWish(
    _ key: DeliveryKey, _ channel: Channel, _ recipient: String, _ attempt: OpenAttempt
  ) {
    let wishes = state.withLock { $0.wishes[key.customer] ?? [] }
    // While a change is being recorded either side of it may be what the intent saw.
    let fits = wishes.contains { wish in
      wish.from <= attempt.openedAt && wish.until.map { $0 >= attempt.openedAt } ?? true
        && wish.quietMask == Int64(attempt.quiet.mask) && wish.channels.contains(channel)
        && wish.contacts[channel] == recipient
    }
    if !fits { violated("\(key): intended against what the customer wanted by then") }
  }

  private func openAttempt(_ key: DeliveryKey, _ channel: Channel) async throws -> OpenAttempt? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT opened_at, quiet_mask, time_zone, bill_sha256, attempt_id, (
          SELECT count(*) FROM deliveries d JOIN deliveries e ON e.month = d.month
            AND e.customer_id = d.customer_id AND e.version < d.version
            AND e.state IN (2, 3, 4, 7)
          WHERE d.month = ?1 AND d.customer_id = ?2 AND d.kind = ?3 AND d.sequence = ?4),
          EXISTS (SELECT 1 FROM deliveries d JOIN bills b ON b.month = d.month
            AND b.customer_id = d.customer_id AND b.version = d.version
            AND b.channel = attempts.channel AND b.sha256 = attempts.bill_sha256
          WHERE d.month = ?1 AND d.customer_id = ?2 AND d.kind = ?3 AND d.sequence = ?4)
        FROM attempts
        WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4 AND channel = ?5
          AND closed_at IS NULL
        ORDER BY attempt_id DESC LIMIT 1
        """, key.month, key.customer, key.kind.code, key.sequence, channel.code
      ) { row in
        guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(1))) else {
          return nil
        }
        return OpenAttempt(
          id: row.integer(4), openedAt: Timestamp(milliseconds: row.integer(0)),
          bill: try row.hash(3), open: row.int(5), isOfStatement: row.int(6) == 1, quiet: quiet,
          zone: row.text(2))
      } ?? nil
    }
  }

  /// At most one message is taken for a delivery.
  func checkMessages() {
    var taken: [DeliveryKey: Int] = [:]
    for message in witness.all {
      guard let (key, _) = DeliveryKey.parse(idempotencyKey: message.key) else {
        violated("\(message.key): a message that nobody meant")
        continue
      }
      taken[key, default: 0] += 1
    }
    for (key, count) in taken where count > 1 { violated("\(key): taken \(count) times") }
  }
}
