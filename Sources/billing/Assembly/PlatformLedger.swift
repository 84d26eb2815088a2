import Audit
import Billing
import Delivery
import Dispatching
import EmbeddedStore
import Importing
import PostgresLedger
import Rendering
import Settlement

/// A ledger as the assembly needs it: every port of every stage, and what sets it up.
protocol PlatformLedger: SettlementLedger, RenderingLedger, DispatchLedger, DispatchAgenda,
  LedgerTime, DeliveryLedger, OperatorLedger, InputLedger, AuditLedger
{
  /// How many migrations were applied.
  @discardableResult
  func migrate() async throws -> Int

  /// Throws unless exactly the migrations that this program knows were applied.
  func checkSchema() async throws

  /// Notes which key contact data is sealed with, or compares with what was noted.
  func claimContactKey(_ mark: [UInt8]) async throws -> ContactKeyClaim

  /// Whether contact data was ever sealed here.
  func hasContactKey() async throws -> Bool

  /// How many lanes dispatch is fastest with.
  var dispatchLanes: Int { get }
}

extension EmbeddedLedger: PlatformLedger {
  /// One writes at a time.
  var dispatchLanes: Int { 1 }
}

extension PostgresLedger: PlatformLedger {
  var dispatchLanes: Int { 2 }
}

extension CommandEnvironment {
  /// The ledger that the configuration names; what is missing is made only by its `migrate()`.
  func openLedger() throws -> any PlatformLedger {
    switch configuration.stores.ledger {
    case .sqlite(let path):
      // Enough readers to keep a disk busy with the scattered reads of delivery.
      EmbeddedLedger(database: try Database(path: path, readerCount: 8), clock: clock)
    case .postgres(let settings):
      PostgresLedger(
        database: PostgresDatabase(
          PostgresAddress(url: settings.url, limits: settings.limits),
          logger: logger("postgres")))
    }
  }
}
