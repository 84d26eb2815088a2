import Billing
package import Delivery

/// Shorthands for tests that do not look at bounds.
extension DeliveryLedger {
  /// A whole walk.
  package func sweep(committed: [Int: Int64], limit: Int) async throws -> SweepCounts {
    var counts = SweepCounts()
    var stop: SweepStop?
    repeat {
      let step = try await sweep(committed: committed, from: stop, limit: limit)
      counts.slotOver += step.counts.slotOver
      counts.lostEvents += step.counts.lostEvents
      stop = step.next
    } while stop != nil
    return counts
  }

  /// Of every channel; nobody is kept from taking them again.
  package func uncertain(limit: Int) async throws -> [UncertainDelivery] {
    var found: [UncertainDelivery] = []
    for channel in Channel.allCases {
      found += try await takeUncertain(on: channel, leaseSeconds: 0, limit: limit - found.count)
    }
    return found
  }
}
