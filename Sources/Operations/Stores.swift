package import Audit
package import Billing
package import Delivery
package import Dispatching
package import Importing
package import Rendering
package import Settlement

/// A ledger as a whole: every port that a stage has of it, and what sets it up.
package protocol BillingLedger: SettlementLedger, RenderingLedger, DispatchLedger, DispatchAgenda,
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

/// A statement store as a whole.
package protocol StatementStorage: StatementStore, SettledStatements, AuditStatements {
  @discardableResult
  func migrate() async throws -> Int

  func checkSchema() async throws
}

/// A bill store as a whole.
package protocol BillStorage: BillStore, AuditBills {}

/// A topic as a whole: where events are published, read, and how far readers are.
package protocol EventBroker: Topic {
  /// The place of a new member of a group.
  ///
  /// - Parameters:
  ///   - leaseMilliseconds: its partitions go to others when nothing was heard of it for so long.
  ///   - isGone: whether a member, by its name, is known to have ended.
  func feed(
    group: String, member: String, leaseMilliseconds: Int64,
    isGone: @escaping @Sendable (String) -> Bool
  ) -> any Feed

  func positions(of group: String) -> any FeedPositions

  /// Whether somebody of the group may be at work.
  func hasMembers(
    of group: String, isGone: @escaping @Sendable (String) -> Bool
  ) async throws -> Bool
}

/// The stores by the ports that stages take, with whatever a proof has put between.
package struct StagePorts: Sendable {
  package var settlement: any SettlementLedger
  package var rendering: any RenderingLedger
  package var dispatch: any DispatchLedger
  package var delivery: any DeliveryLedger
  package var statements: any StatementStore
  package var bills: any BillStore

  package init(
    _ ledger: any BillingLedger, _ statements: any StatementStorage, _ bills: any BillStorage
  ) {
    settlement = ledger
    rendering = ledger
    dispatch = ledger
    delivery = ledger
    self.statements = statements
    self.bills = bills
  }
}
