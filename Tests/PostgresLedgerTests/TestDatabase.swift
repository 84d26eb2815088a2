import LedgerTestKit

@testable import PostgresLedger

/// Databases of the tests' own, as all suites make them.
enum TestDatabase {
  /// The URL of a new database, migrated and with nothing in it.
  static func url() async throws -> String { try await LedgerTestKit.TestDatabase.url() }

  /// The URL of a new database without a schema.
  static func emptyURL() async throws -> String { try await LedgerTestKit.TestDatabase.emptyURL() }

  static func open(
    _ url: String, limits: PostgresLimits = PostgresLimits()
  ) -> PostgresDatabase {
    LedgerTestKit.TestDatabase.open(url, limits: limits)
  }
}
