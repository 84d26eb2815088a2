package import Billing

/// Why a settlement cannot begin.
package enum SettlementError: Error, Hashable, Sendable {
  /// The month's period still runs; its last day in the catalog's zone.
  case monthNotOver(BillingMonth, lastDay: CalendarDay)
  /// No catalog's `effectiveFrom` is on or before the month.
  case noCatalog(BillingMonth)
  /// A correction before the month was settled.
  case notSettled(BillingMonth)
  /// Customers named for a correction who have no statement; the first few.
  case noStatement(BillingMonth, customers: [CustomerID])
  /// Another correction of the month was not finished.
  case correctionOpen(BillingMonth, sequence: Int)
  /// The month's catalog is in another currency than the one that the month was settled by.
  case currencyChanged(BillingMonth, settledIn: Currency, catalog: String, in: Currency)
}

extension SettlementError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .monthNotOver(let month, let lastDay):
      "\(month) is not over yet: its last day is \(lastDay)"
    case .noCatalog(let month):
      "no catalog is in force in \(month)"
    case .notSettled(let month):
      "\(month) has not been settled, so there is nothing to correct"
    case .noStatement(let month, let customers):
      "no statement of \(month) to correct for "
        + customers.prefix(5).map(\.description).joined(separator: ", ")
        + (customers.count > 5 ? " and \(customers.count - 5) more" : "")
    case .correctionOpen(let month, let sequence):
      "correction \(sequence) of \(month) is not finished; run it again with the same customers"
    case .currencyChanged(let month, let settled, let catalog, let currency):
      "\(month) was settled in \(settled.code), and catalog \(catalog) is in \(currency.code)"
    }
  }
}
