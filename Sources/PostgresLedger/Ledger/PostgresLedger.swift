package import Billing
import Logging

/// The ledger on PostgreSQL: every ledger port of every stage, each in an extension of its own beside
/// this file.
///
/// Rows that decide something are locked before they are read, and the time is read after the locks
/// are had: what was waited for is not taken from a lease.
package final class PostgresLedger: Sendable {
  let database: PostgresDatabase
  let clock: LedgerClock
  let deliveryPolicies = DeliveryPolicies()

  /// Opens nothing yet; `billing init` makes the schema with `migrate()` first.
  package init(database: PostgresDatabase, clock: LedgerClock = .server) {
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

/// What the ledger takes the time from.
package enum LedgerClock: Sendable {
  /// The server's own, at the moment of the statement: whatever the clocks of its clients say.
  case server
  /// For tests of what happens as time passes.
  case given(any WallClock)
}

/// What transactions wait for that no row stands for. Held to the end of the transaction.
enum LedgerLock: Int32 {
  /// Shared by whoever copies a customer's current data onto deliveries, or opens a run; alone by a
  /// write of inputs.
  case inputs = 1
  /// Alone: opening a run.
  case runs = 2
  /// Alone: making a month's partitions. Its number is also in the migrations.
  case months = 3
  /// Alone: migrating.
  case migrations = 4
  /// Alone, for a session: taking a month through simulated time.
  case simulatedTime = 5

  /// "billing" in a number: advisory locks are shared with whatever else uses the database.
  static let space: Int32 = 113_205

  func take(in connection: PostgresConnection) throws {
    try connection.query(
      "SELECT pg_advisory_xact_lock($1::integer, $2::integer)", Self.space, rawValue
    ) { _ in }
  }

  /// To be taken before anything else. Somebody may have it alone for minutes, as an import does:
  /// then the transaction ends at once, and is tried again without keeping a connection meanwhile.
  func share(in connection: PostgresConnection) throws {
    let isShared = try connection.first(
      "SELECT pg_try_advisory_xact_lock_shared($1::integer, $2::integer)", Self.space, rawValue
    ) { $0.bool(0) }
    guard isShared == true else {
      throw LockHeld(
        operation: "wait for a write of inputs", detail: "an import is being recorded")
    }
  }
}
