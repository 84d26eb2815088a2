import Billing

/// Which offsets of a partition are finished, so that they are stored in order: an offset only
/// once everything below it is recorded.
package struct OffsetTracker: Sendable {
  private struct Partition: Sendable {
    /// Polled and not stored, ascending; those before `head` are finished.
    var polled: [Int64] = []
    var head = 0
    var finished: Set<Int64> = []

    mutating func add(_ offset: Int64) {
      if let last = polled.last, offset <= last {
        // Lost to another member and got back: reading began again at what was stored.
        self = OffsetTracker.Partition()
      }
      polled.append(offset)
    }

    /// Passes over what is finished from the beginning; the offset after it, if there was any.
    mutating func advance() -> Int64? {
      let before = head
      while head < polled.count, finished.remove(polled[head]) != nil { head += 1 }
      guard head > before else { return nil }
      let next = polled[head - 1].saturatingAdd(1)
      if head == polled.count || head > 4096 {
        polled.removeFirst(head)
        head = 0
      }
      return next
    }
  }

  private var partitions: [Int: Partition] = [:]

  package init() {}

  package mutating func add(_ events: [FeedEvent]) {
    for event in events {
      partitions[event.partition, default: Partition()].add(event.offset)
    }
  }

  package mutating func finish(partition: Int, offset: Int64) {
    partitions[partition, default: Partition()].finished.insert(offset)
  }

  /// Per partition the offset to read on from, where it has moved since the last time.
  package mutating func takeStorable() -> [Int: Int64] {
    var storable: [Int: Int64] = [:]
    for number in partitions.keys {
      if let next = partitions[number]?.advance() { storable[number] = next }
    }
    return storable
  }
}
