import Billing
import BillingTestKit
import LedgerTestKit

extension LedgerKind {
  /// A new ledger to put deliveries into, and the same as what the stages see of it.
  func world(
    clock: any WallClock
  ) async throws -> (world: any DeliveryWorld, ledger: any StageLedger) {
    switch self {
    case .sqlite:
      let world = try await EmbeddedDeliveryWorld(clock: clock)
      return (world, world.ledger)
    case .postgres:
      let world = try await PostgresDeliveryWorld(clock: clock)
      return (world, world.ledger)
    }
  }
}
