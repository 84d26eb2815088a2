package import Billing

/// Where a sweep is: what it looks at next. Each row is looked at once in a walk, so that what others
/// keep of rows that were swept (a reader's old snapshot) is not gone through again and again.
package enum SweepStop: Hashable, Sendable {
  /// Queued and published, for a slot that is over, in the order of where the events lie.
  case published(slotEnd: Timestamp, after: EventPlace?)
  /// Queued and not published, for a slot that is over, in the order of customers.
  case unpublished(slotEnd: Timestamp, after: CustomerID?)
  /// Claimed, with lease and slot over.
  case claimedOver
  /// Queued for a slot that is not over, the events of a partition that the group has read.
  case lost(slotEnd: Timestamp, partition: Int, after: Int64?)
  /// Claimed, with the lease over and the slot not, and events that the group has read.
  case abandoned

  package struct EventPlace: Hashable, Sendable {
    package var partition: Int64
    package var offset: Int64

    package init(partition: Int64, offset: Int64) {
      self.partition = partition
      self.offset = offset
    }
  }

  /// Behind a row that it had.
  func after(_ row: DeliveryRecord) -> SweepStop {
    switch self {
    case .published(let slotEnd, let before):
      let place = row.partition.map { EventPlace(partition: $0, offset: row.offset ?? -1) }
      return .published(slotEnd: slotEnd, after: place ?? before)
    case .unpublished(let slotEnd, _):
      return .unpublished(slotEnd: slotEnd, after: row.key.customer)
    case .lost(let slotEnd, let partition, let before):
      return .lost(slotEnd: slotEnd, partition: partition, after: row.offset ?? before)
    // What is swept is not claimed any more.
    case .claimedOver, .abandoned: return self
    }
  }

  fileprivate var isOfSlotsOver: Bool {
    switch self {
    case .published, .unpublished, .claimedOver: true
    case .lost, .abandoned: false
    }
  }
}

/// A walk along everything that a sweep looks at, as far as a limit allows: the same on every ledger,
/// which reads rows and changes them.
package struct SweepWalk {
  private let now: Timestamp
  /// Slots that ended by then are over.
  private let over: Timestamp
  private let partitions: [Int]
  /// The next slot end for which something is queued.
  private let slotEnd: (_ after: Timestamp) throws -> Timestamp?

  /// - Parameter committed: below it the group has read the partition.
  package init(
    committed: [Int: Int64], at now: Timestamp,
    slotEnd: @escaping (_ after: Timestamp) throws -> Timestamp?
  ) {
    self.now = now
    over = PlantedBug.neverSweep.isPlanted ? Timestamp(seconds: 0) : now
    partitions = committed.keys.sorted()
    self.slotEnd = slotEnd
  }

  /// - Parameters:
  ///   - stop: where the last one was broken off.
  ///   - take: takes the next rows of a stop, at most so many; as they were read.
  package func walk(
    from stop: SweepStop?, limit: Int,
    take: (_ stop: SweepStop, _ limit: Int) throws -> [DeliveryRecord]
  ) throws -> SweepStep {
    var step = SweepStep()
    var left = limit
    var stop = try stop ?? firstOver(after: Timestamp(milliseconds: .min))
    while true {
      let rows = PlantedBug.neverSweep.isPlanted && stop == .claimedOver ? [] : try take(stop, left)
      if stop.isOfSlotsOver {
        step.counts.slotOver += rows.count
      } else {
        step.counts.lostEvents += rows.count
      }
      left -= rows.count
      if left <= 0, let last = rows.last {
        step.next = stop.after(last)
        return step
      }
      guard let next = try following(stop) else { return step }
      stop = next
    }
  }

  private func firstOver(after last: Timestamp) throws -> SweepStop {
    guard let end = try slotEnd(last), end <= over else { return .claimedOver }
    return .published(slotEnd: end, after: nil)
  }

  private func firstLost(after last: Timestamp) throws -> SweepStop {
    guard let partition = partitions.first, let end = try slotEnd(last) else { return .abandoned }
    return .lost(slotEnd: end, partition: partition, after: nil)
  }

  private func following(_ stop: SweepStop) throws -> SweepStop? {
    switch stop {
    case .published(let end, _): return .unpublished(slotEnd: end, after: nil)
    case .unpublished(let end, _): return try firstOver(after: end)
    case .claimedOver: return try firstLost(after: now)
    case .lost(let end, let partition, _):
      if let next = partitions.first(where: { $0 > partition }) {
        return .lost(slotEnd: end, partition: next, after: nil)
      }
      return try firstLost(after: max(end, now))
    case .abandoned: return nil
    }
  }
}

/// What one transaction of a sweep did.
package struct SweepStep: Hashable, Sendable {
  package var counts = SweepCounts()
  /// Where to go on; `nil`: everything was looked at.
  package var next: SweepStop?

  package init() {}
}

package struct SweepCounts: Hashable, Sendable {
  package var slotOver = 0
  package var lostEvents = 0

  package init() {}

  mutating func add(_ other: SweepCounts) {
    slotOver += other.slotOver
    lostEvents += other.lostEvents
  }
}
