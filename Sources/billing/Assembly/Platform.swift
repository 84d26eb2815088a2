import Billing
import EmbeddedStore

/// The stores that the configuration names, opened. The only place that knows which adapter they
/// are.
struct Platform: Sendable {
  let ledger: EmbeddedLedger

  /// Opens what `billing init` made.
  init(_ environment: CommandEnvironment) async throws {
    let path = environment.configuration.stores.ledger
    guard fileStatus(path) != nil else {
      throw CommandFailure(.wrongUsage, .notSetUp(path), remedy: .runInit)
    }
    ledger = EmbeddedLedger(database: try Database(path: path), clock: environment.clock)
    try await ledger.checkSchema()
  }

  /// Makes the stores and applies what migrations are missing; how many were applied.
  static func migrate(_ environment: CommandEnvironment) async throws -> Int {
    let stores = environment.configuration.stores
    let ledger = EmbeddedLedger(
      database: try Database(path: stores.ledger), clock: environment.clock)
    return try await ledger.migrate()
  }
}
