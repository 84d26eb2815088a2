package import Billing

/// Where consumers hear of queued deliveries. It may lose, repeat and reorder.
package protocol Topic: Sendable {
  /// Stores events; an outcome for each, in their order. Whether an event is stored is known only
  /// from its outcome: where this throws, nothing is known of any of them.
  func publish(_ events: [DeliveryEvent]) async throws -> [PublishOutcome]
}

package enum PublishOutcome: Hashable, Sendable {
  case stored(partition: Int, offset: Int64)
  /// The broker did not say that it is stored; it is published again later.
  case failed(reason: String)
}
