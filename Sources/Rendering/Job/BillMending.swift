package import Billing

/// Puts bills again that are missing from the store or were altered there: made from their
/// statements with the versions that their keys name, so that the bytes are the same.
package struct BillMending: Sendable {
  private let ledger: any RenderingLedger
  private let store: any BillStore
  private let pinned: PinnedBills

  /// Bills read at a time.
  private static let pageSize = 1000

  package init(ledger: any RenderingLedger, store: any BillStore, pinned: PinnedBills) {
    self.ledger = ledger
    self.store = store
    self.pinned = pinned
  }

  /// - Parameter progress: called with the bills looked at so far.
  /// - Throws: `RenderingError.unusableStatement` where a bill cannot be made again as it was;
  ///   those before it are mended.
  package func mend(
    _ month: BillingMonth, progress: (_ bills: Int) -> Void = { _ in }
  ) async throws -> MendingReport {
    var report = MendingReport()
    var last: BillKey?
    while true {
      try Task.checkCancellation()
      let page = try await ledger.bills(of: month, after: last, limit: Self.pageSize)
      report.checked += page.count
      report.mended += try await mend(page)
      progress(report.checked)
      guard page.count == Self.pageSize, let end = page.last else { return report }
      last = end.key
    }
  }

  private func mend(_ listed: [BillRow]) async throws -> Int {
    let contents = try await store.contents(of: listed.map(\.key))
    var bills: [Bill] = []
    for (row, bytes) in zip(listed, contents) {
      if let bytes, ContentHash(of: bytes) == row.sha256 { continue }
      guard let bill = try await pinned.bill(row.key, dueDate: row.dueDate),
        bill.sha256 == row.sha256
      else {
        throw RenderingError.unusableStatement(row.key.statement)
      }
      bills.append(bill)
    }
    guard !bills.isEmpty else { return 0 }
    // What lies there is not the bill, and would be left alone.
    try await store.delete(bills.map(\.key))
    _ = try await store.put(bills)
    try await store.makeDurable()
    return bills.count
  }
}

/// What mending came to.
package struct MendingReport: Hashable, Sendable {
  /// Bills that the ledger lists.
  package var checked = 0
  /// Those that were missing or altered, and were put again.
  package var mended = 0

  package init() {}
}
