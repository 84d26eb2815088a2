import Billing
import BillingTestKit
import Foundation
import Testing

/// The month before this one, with so many customers, all of whose deliveries are due.
struct DueMonth {
  let platform: PlatformFolder
  let month: String
  var folder: TestFolder { platform.folder }

  /// Imported, settled and rendered.
  init(customers count: Int, ledger: String? = nil) async throws {
    try await self.init(importing: count, ledger: ledger)
    try await billing("settle", month, in: folder, expecting: 0)
    try await billing("render", month, in: folder, expecting: 0)
  }

  init(importing count: Int, ledger: String? = nil) async throws {
    if let ledger {
      platform = try await PlatformFolder(ledger: ledger)
    } else {
      platform = try await PlatformFolder()
    }
    let today = ZoneRules("Asia/Seoul")!.day(at: SystemClock().now())  // every system knows it
    month = BillingMonth(containing: today).previous.description
    let customers = (1...count).map { SmallSet.customer($0, sendDay: "1") }.joined()
    let lines = (1...count).map { SmallSet.line($0, of: $0, from: "2020-01-01") }.joined()
    _ = try await platform.importSet(
      files: [
        "catalog.yaml": SmallSet.catalog(from: "2020-01"),
        "customers.csv": SmallSet.customerHeader
          + customers.replacingOccurrences(of: "2025-01-01", with: "2020-01-01"),
        "subscriptions.csv": SmallSet.lineHeader + lines,
      ], expecting: 0)
  }
}
