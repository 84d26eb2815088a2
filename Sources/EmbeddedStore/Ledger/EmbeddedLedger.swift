package import Billing

/// The ledger on SQLite: every ledger port of every stage, each in an extension of its own beside
/// this file.
///
/// The ledger's own clock is the one given here; a simulated clock's time is kept in the ledger.
package final class EmbeddedLedger: Sendable {
  let database: Database
  let clock: any WallClock
  let deliveryPolicies = DeliveryPolicies()

  /// Opens the ledger and checks its schema; `billing init` makes it with `migrate()` first.
  package init(database: Database, clock: any WallClock) {
    self.database = database
    self.clock = clock
  }

  /// Applies the migrations that are missing, in order, each in a transaction of its own. Safe when
  /// several processes do it at once. How many were applied.
  @discardableResult
  package func migrate() async throws -> Int {
    try await Migrations.ledger.apply(to: database)
  }

  /// Throws `StoreError(.wrongSchema)` unless exactly the migrations that this program knows were
  /// applied.
  package func checkSchema() async throws {
    try await Migrations.ledger.check(database)
  }
}
