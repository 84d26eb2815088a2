package import Billing
package import Settlement

/// What of one customer is on no bill, each charge, usage and line by itself.
package struct UnbilledOfCustomer: Sendable {
  package let entries: [UnbilledEntry]
  package let currencies: MonthCurrencies

  /// - Parameter month: only what is dated in it, where given.
  package init(
    _ customer: CustomerID, month: BillingMonth?, ledger: any SettlementLedger, now: Timestamp
  ) async throws {
    entries = try await ledger.unbilled(
      of: customer, asOf: try await RunningMonth(ledger: ledger).month(at: now)
    ).filter { month == nil || $0.month == month }
    currencies = try await MonthCurrencies(of: entries.map(\.month), ledger: ledger)
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// Summed up.
  package var listing: UnbilledListing { UnbilledListing([UnbilledItem](of: entries), currencies) }

  package var json: JSON {
    guard case .object(var members) = listing.json else { return .null }
    members.append(JSON.Member(key: "entries", value: .array(entries.map(json))))
    return .object(members)
  }

  private func json(of entry: UnbilledEntry) -> JSON {
    var members = [
      JSON.Member(key: "kind", value: .string(entry.kind.rawValue)),
      JSON.Member(key: "month", value: .string(entry.month.description)),
    ]
    switch entry.subject {
    case .charge(let id, let day, let amount):
      members += [
        JSON.Member(key: "charge", value: .string(id)),
        JSON.Member(key: "chargedOn", value: .string(day.description)),
        JSON.Member(key: "amount", value: .integer(amount)),
        JSON.Member(key: "currency", value: .optional(currencies[entry.month]?.code)),
      ]
    case .usage(let line, let metric, let quantity):
      members += [
        JSON.Member(key: "line", value: .integer(line.number)),
        JSON.Member(key: "metric", value: .string(metric)),
        JSON.Member(key: "quantity", value: .decimal(quantity.description)),
      ]
    case .line(let line):
      members.append(JSON.Member(key: "line", value: .integer(line.number)))
    }
    return .object(members)
  }
}
