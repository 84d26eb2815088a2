import Audit
import Billing
package import Delivery
import Dispatching
package import EmbeddedStore
import Importing
package import Operations
package import PostgresLedger
import Rendering
import Settlement

extension EmbeddedLedger: BillingLedger {
  /// One writes at a time.
  package var dispatchLanes: Int { 1 }
}

extension PostgresLedger: BillingLedger {
  package var dispatchLanes: Int { 2 }
}

extension EmbeddedStatementStore: StatementStorage {}
extension DirectoryBillStore: BillStorage {}
extension EventStore: EventBroker {
  package func feed(
    group: String, member: String, leaseMilliseconds: Int64,
    isGone: @escaping @Sendable (String) -> Bool
  ) -> any Feed {
    let feed: EmbeddedFeed = feed(
      group: group, member: member, leaseMilliseconds: leaseMilliseconds, isGone: isGone)
    return feed
  }
}

extension PlatformSurroundings {
  /// The ledger that the configuration names; what is missing is made only by its `migrate()`.
  package func openLedger() throws -> any BillingLedger {
    switch configuration.stores.ledger {
    case .sqlite(let path):
      // Enough readers to keep a disk busy with the scattered reads of delivery.
      EmbeddedLedger(database: try Database(path: path, readerCount: 8), clock: work.clock)
    case .postgres(let settings):
      PostgresLedger(
        database: PostgresDatabase(
          PostgresAddress(url: settings.url, limits: settings.limits),
          logger: work.logger("postgres")))
    }
  }
}
