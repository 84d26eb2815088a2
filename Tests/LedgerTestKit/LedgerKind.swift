package import Audit
package import Billing
package import BillingTestKit
package import Delivery
package import Dispatching
import EmbeddedStore
package import Importing
import PostgresLedger
package import Rendering
package import Settlement
import Testing

/// The ledgers that a stage runs on: what is promised of a stage holds on each.
package enum LedgerKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case sqlite
  case postgres

  package var testDescription: String { self == .sqlite ? "SQLite" : "PostgreSQL" }

  /// A new one, with nothing in it, that takes the time from a clock of the test's.
  package func open(clock: any WallClock) async throws -> TestLedger {
    switch self {
    case .sqlite:
      let database = try Database(path: ":memory:")
      let ledger = EmbeddedLedger(database: database, clock: clock)
      try await ledger.migrate()
      return TestLedger(ports: ledger, rows: EmbeddedLedgerRows(database: database))
    case .postgres:
      let url = try await TestDatabase.url()
      var limits = PostgresLimits()
      // Many such tests run at once, on one server.
      limits.maxConnections = 4
      return TestLedger(
        ports: PostgresLedger(
          database: TestDatabase.open(url, limits: limits), clock: .given(clock)),
        rows: PostgresLedgerRows(url: url))
    }
  }
}

/// Every port of every stage.
package typealias StageLedger = SettlementLedger & RenderingLedger & DispatchLedger
  & DispatchAgenda & LedgerTime & DeliveryLedger & OperatorLedger & InputLedger & AuditLedger

/// A ledger of a test's own.
package struct TestLedger: Sendable {
  package let ports: any StageLedger
  package let rows: any LedgerRows
}

/// What tests do to a ledger behind its ports.
package protocol LedgerRows: RenderingLedgerAccess {
  func count(_ table: String) async throws -> Int
}
