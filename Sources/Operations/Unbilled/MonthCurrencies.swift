package import Billing
import Runs
package import Settlement

/// The currency of each of some months: of the catalog that a settled month is pinned to, of the one
/// in force in another.
package struct MonthCurrencies: Sendable {
  private var currencies: [BillingMonth: Currency] = [:]

  package init(of months: some Sequence<BillingMonth>, ledger: any SettlementLedger) async throws {
    let months = Set(months)
    guard !months.isEmpty else { return }
    var pinned: [BillingMonth: String] = [:]
    for run in try await ledger.runs(of: nil)
    where run.key.job == .settlement && run.key.kind == .regular {
      pinned[run.key.month] = run.pins.catalogVersion
    }
    for month in months {
      if let version = pinned[month] {
        currencies[month] = try await ledger.catalog(version: version)?.currency
      } else {
        currencies[month] = try await ledger.catalog(for: month)?.currency
      }
    }
  }

  /// `nil` where no catalog is in force.
  package subscript(month: BillingMonth) -> Currency? { currencies[month] }
}
