package import Billing

/// One event as it lies on the topic.
package struct FeedEvent: Hashable, Sendable {
  package var partition: Int
  package var offset: Int64
  /// `nil` where the bytes are not an event of this program.
  package var event: DeliveryEvent?

  package init(partition: Int, offset: Int64, event: DeliveryEvent?) {
    self.partition = partition
    self.offset = offset
    self.event = event
  }
}

/// A consumer's share of the topic.
package protocol Feed: FeedPositions {
  /// The next events of the partitions this member has, at most `limit`. Does not wait: none when
  /// there are none now.
  func poll(limit: Int) async throws -> [FeedEvent]

  /// Stores, per partition, the offset that reading goes on from. Never moves one back, and does
  /// nothing for a partition that has gone to another member.
  func store(_ next: [Int: Int64]) async throws

  /// Says that this member is alive; to be called every `heartbeatMilliseconds`, polling or not.
  func heartbeat() async throws

  var heartbeatMilliseconds: Int64 { get }

  /// Gives the partitions up to the other members at once.
  func close() async throws
}

/// How far the group is.
package protocol FeedPositions: Sendable {
  func positions() async throws -> [FeedPosition]
}

package struct FeedPosition: Hashable, Sendable {
  package var partition: Int
  /// Where reading goes on: everything below was read and recorded. Where nothing was ever stored,
  /// the beginning.
  package var committed: Int64
  /// The offset that the next event will get.
  package var end: Int64

  package init(partition: Int, committed: Int64, end: Int64) {
    self.partition = partition
    self.committed = committed
    self.end = end
  }

  package var lag: Int64 { max(0, end.saturatingSubtract(committed)) }
}
