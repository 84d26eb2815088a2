package import Billing

/// A month's statements as CSV: the latest version of each customer's, read through the manifest.
package struct StatementExport: Sendable {
  package static let header = "customer_id,charges,discounts,tax,rounding,total\n"

  private let ledger: any SettlementLedger
  private let store: any StatementStore
  private let pageSize: Int

  package init(ledger: any SettlementLedger, store: any StatementStore, pageSize: Int = 5000) {
    self.ledger = ledger
    self.store = store
    self.pageSize = pageSize
  }

  /// Hands the file's bytes to `write`, in order. How many statements there were.
  package func export(
    _ month: BillingMonth, to write: @Sendable ([UInt8]) throws -> Void
  ) async throws -> Int64 {
    try write(Array(Self.header.utf8))
    var last: CustomerID?
    var count: Int64 = 0
    while true {
      try Task.checkCancellation()
      let rows = try await ledger.manifest(.latest(month), after: last, limit: pageSize)
      guard let end = rows.last else { return count }
      last = end.key.customer
      let statements = try await store.statements(rows.map(\.key))
      guard statements.map(\.key) == rows.map(\.key) else {
        throw StoreError(
          .corrupt, operation: "export \(month)",
          detail: "statements that the manifest lists are missing from the store")
      }
      try write(try Self.lines(of: statements, listedAs: rows))
      count += Int64(rows.count)
    }
  }

  private static func lines(
    of statements: [StoredStatement], listedAs rows: [ManifestRow]
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (stored, row) in zip(statements, rows) {
      guard ContentHash(of: stored.bytes) == row.hash else {
        throw StoreError(
          .corrupt, operation: "export \(row.key)", detail: "the statement was altered")
      }
      let totals = try StatementCodec.decode(stored.bytes).totals
      let fields = [
        row.key.customer.number, totals.charges, totals.discounts, totals.tax, totals.rounding,
        totals.total,
      ]
      bytes += CSVField.row(fields.map(CSVField.number))
    }
    return bytes
  }
}
