package import Billing
package import Runs

/// What Job 2 reads from and commits to the ledger. Each call is one transaction.
package protocol RenderingLedger: RunLedger, PolicyLedger {
  /// The selection cut into chunks of `size` customers, ascending.
  func chunkRanges(of selection: RenderingSelection, size: Int) async throws -> [ChunkRange]

  /// The statements of a selection for a range of customers, ascending.
  func statements(
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>
  ) async throws -> [ManifestStatement]

  /// Whether a month has latest statements without all the bills of this policy's channels.
  func lacksBills(of month: BillingMonth, by policy: DeliveryPolicy) async throws -> Bool

  /// The latest statement of a customer; `nil` when the month has none of theirs.
  func latestStatement(of customer: CustomerID, month: BillingMonth) async throws
    -> ManifestStatement?

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

/// A bill as the ledger lists it: its key, never its bytes.
package struct BillRow: Hashable, Sendable {
  package var key: BillKey
  /// Bytes as stored.
  package var size: Int
  package var sha256: ContentHash

  package init(key: BillKey, size: Int, sha256: ContentHash) {
    self.key = key
    self.size = size
    self.sha256 = sha256
  }

  package init(_ bill: Bill) {
    self.init(key: bill.key, size: bill.content.count, sha256: bill.sha256)
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
