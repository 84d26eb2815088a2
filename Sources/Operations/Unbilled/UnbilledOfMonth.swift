package import Billing
package import Settlement

/// What of a settled month is on no bill, and what was recorded after its settlement.
package struct UnbilledOfMonth: Sendable {
  package let listing: UnbilledListing
  package let inputs: UnbilledInputs

  package init(_ month: BillingMonth, ledger: any SettlementLedger) async throws {
    inputs = try await ledger.unbilled(of: month)
    listing = UnbilledListing(
      inputs.items, try await MonthCurrencies(of: [month], ledger: ledger))
  }

  package var json: JSON {
    [
      "charges": .integer(inputs.charges),
      "sum": .decimal(inputs.chargeSum.description),
      "changedCustomers": .integer(inputs.changedCustomers),
      "lateCustomers": .integer(inputs.lateCustomers),
      "inputs": listing.inputs,
    ]
  }
}

/// What is recorded for months that no settlement concerns.
package struct UnbilledElsewhere: Sendable {
  package let listing: UnbilledListing

  package init(ledger: any SettlementLedger, now: Timestamp) async throws {
    let items = try await ledger.unbilledElsewhere(
      asOf: try await RunningMonth(ledger: ledger).month(at: now))
    listing = UnbilledListing(
      items, try await MonthCurrencies(of: items.map(\.month), ledger: ledger))
  }

  package var json: JSON { listing.json }
}
