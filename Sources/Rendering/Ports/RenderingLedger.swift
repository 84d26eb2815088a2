package import Billing
package import Runs

/// What Job 2 reads from and commits to the ledger. Each call is one transaction.
package protocol RenderingLedger: RunLedger, PolicyLedger {
  /// The selection cut into chunks of `size` customers, ascending.
  func chunkRanges(of selection: RenderingSelection, size: Int) async throws -> [ChunkRange]

  /// The statements of a selection for a range of customers, ascending, with their customers as
  /// they were recorded up to a cutoff.
  func statements(
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>, cutoff: Int64
  ) async throws -> [BillableStatement]

  /// Whether a month has latest statements without all the bills of this policy's channels.
  func lacksBills(of month: BillingMonth, by policy: DeliveryPolicy) async throws -> Bool

  /// The latest statement of a customer, with the customer as they are now; `nil` when the month has
  /// none of theirs.
  func latestStatement(of customer: CustomerID, month: BillingMonth) async throws
    -> BillableStatement?

  /// A bill as it was recorded; `nil` when it never was.
  func bill(_ key: BillKey) async throws -> BillRow?

  /// The latest issue of a statement's bill for a channel of a policy; `nil` when there is none.
  func latestBill(
    of statement: StatementKey, by policy: DeliveryPolicy, channel: Channel
  ) async throws -> BillRow?

  /// Commits a chunk of bills: its checkpoint and a row for each bill in one transaction whose
  /// first statement compares the fences.
  func commit(_ checkpoint: RenderingCheckpoint) async throws -> CheckpointOutcome

  /// The bills of a month, of all versions, after one; always in the same order.
  func bills(of month: BillingMonth, after: BillKey?, limit: Int) async throws -> [BillRow]

  /// Compares statements and bills of a range of customers as sets.
  func reconcile(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>, policy: DeliveryPolicy
  ) async throws -> BillReconciliation

  /// Makes the deliveries of a chunk of statements, or moves those not begun to their new bills, in
  /// one transaction with the chunk's checkpoint: what a send must check is copied from the
  /// customers' current rows inside it, so that no change is missed.
  func makeDeliveries(_ request: DeliveriesRequest) async throws -> CheckpointOutcome

  /// The issues that deliveries wait for, after one of these deliveries; in an order that stays.
  func awaitedIssues(after: DeliveryKey?, limit: Int) async throws -> [AwaitedIssue]

  /// Records the bills of issues, and that their deliveries wait no longer, each where it still is of
  /// this issue. One without bills cannot be made: its delivery is held, if it still waits for it.
  func recordIssues(_ issues: [MadeIssue]) async throws
}

/// Which statements a rendering run is about.
package enum RenderingSelection: Hashable, Sendable {
  /// Those that one settlement run made.
  case madeBy(run: Int64, month: BillingMonth)
  /// The latest of every customer, among those of settlement runs opened before a rendering run.
  case latest(month: BillingMonth, beforeRun: Int64)

  package var month: BillingMonth {
    switch self {
    case .madeBy(_, let month), .latest(let month, _): month
    }
  }
}

/// A statement as the manifest lists it.
package struct ManifestStatement: Hashable, Sendable {
  package var key: StatementKey
  package var hash: ContentHash
  package var total: Int64

  package init(key: StatementKey, hash: ContentHash, total: Int64) {
    self.key = key
    self.hash = hash
    self.total = total
  }
}

/// A statement with what the due date of its bill is decided by.
package struct BillableStatement: Hashable, Sendable {
  package var statement: ManifestStatement
  /// 1…31; `nil` where the customer is not there.
  package var sendDay: Int?
  package var timeZone: String

  package init(statement: ManifestStatement, sendDay: Int?, timeZone: String) {
    self.statement = statement
    self.sendDay = sendDay
    self.timeZone = timeZone
  }

  package var key: StatementKey { statement.key }
  package var hash: ContentHash { statement.hash }
  package var total: Int64 { statement.total }
}

/// A bill as the ledger lists it: its key, never its bytes.
package struct BillRow: Hashable, Sendable {
  package var key: BillKey
  /// Decided when it was made; `nil` where nothing is to be paid.
  package var dueDate: CalendarDay?
  /// Bytes as stored.
  package var size: Int
  package var sha256: ContentHash

  package init(key: BillKey, dueDate: CalendarDay?, size: Int, sha256: ContentHash) {
    self.key = key
    self.dueDate = dueDate
    self.size = size
    self.sha256 = sha256
  }

  package init(_ bill: Bill, dueDate: CalendarDay?) {
    self.init(key: bill.key, dueDate: dueDate, size: bill.content.count, sha256: bill.sha256)
  }
}

package struct RenderingCheckpoint: Sendable {
  package var chunk: ClaimedChunk
  /// Statements, the sum of their totals, and the hash over the bills' hashes.
  package var totals: ChunkTotals
  package var bills: [BillRow]

  package init(chunk: ClaimedChunk, totals: ChunkTotals, bills: [BillRow]) {
    self.chunk = chunk
    self.totals = totals
    self.bills = bills
  }
}

package struct BillReconciliation: Hashable, Sendable {
  package var statements: Int64
  /// The sum of the statements' totals, minor units.
  package var sum: Int64
  package var bills: Int64
  /// Statements that lack a bill of one of the channels.
  package var incomplete: Int64

  package init(statements: Int64, sum: Int64, bills: Int64, incomplete: Int64) {
    self.statements = statements
    self.sum = sum
    self.bills = bills
    self.incomplete = incomplete
  }
}

package struct DeliveriesRequest: Sendable {
  package var chunk: ClaimedChunk
  package var selection: RenderingSelection
  package var policy: DeliveryPolicy

  package init(chunk: ClaimedChunk, selection: RenderingSelection, policy: DeliveryPolicy) {
    self.chunk = chunk
    self.selection = selection
    self.policy = policy
  }
}

/// An issue of a bill that a delivery waits for, by the versions that the delivery names.
package struct AwaitedIssue: Hashable, Sendable {
  package var delivery: DeliveryKey
  /// Of the statement.
  package var version: Int
  package var number: Int
  package var dueDate: CalendarDay?
  package var policy: Int
  package var template: Int

  package init(
    delivery: DeliveryKey, version: Int, number: Int, dueDate: CalendarDay?, policy: Int,
    template: Int
  ) {
    self.delivery = delivery
    self.version = version
    self.number = number
    self.dueDate = dueDate
    self.policy = policy
    self.template = template
  }

  package var statement: StatementKey {
    StatementKey(month: delivery.month, customer: delivery.customer, version: version)
  }

  /// Whether the delivery still waits for this: it may have gone over to another bill meanwhile.
  package func isAwaited(by record: DeliveryRecord) -> Bool {
    record.issue.isAwaited && record.issue.number == number && record.issue.dueDate == dueDate
      && record.version == version && record.policy == policy && record.template == template
  }
}

package struct MadeIssue: Hashable, Sendable {
  package var awaited: AwaitedIssue
  /// One for each channel of the policy; empty where they cannot be made.
  package var bills: [BillRow]

  package init(_ awaited: AwaitedIssue, bills: [BillRow]) {
    self.awaited = awaited
    self.bills = bills
  }
}
