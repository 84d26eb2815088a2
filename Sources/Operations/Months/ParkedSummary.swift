package import Billing
package import Settlement

/// Parked customers without a statement, by reason.
package struct ParkedSummary: Sendable {
  /// As many are named; all are counted.
  private static let named = 10

  package private(set) var count = 0
  private var byCode: [ParkingReason.Code: Int] = [:]
  package private(set) var first: [ParkedCustomer] = []

  package init(of month: BillingMonth, ledger: any SettlementLedger) async throws {
    var last: CustomerID?
    while true {
      let page = try await ledger.unsettled(of: month, after: last, limit: 10_000)
      for customer in page {
        count += 1
        byCode[customer.reason.code, default: 0] += 1
        if first.count < Self.named { first.append(customer) }
      }
      guard page.count == 10_000 else { return }
      last = page.last?.customer
    }
  }

  package var json: JSON {
    let codes = byCode.sorted { $0.key.rawValue < $1.key.rawValue }
    return [
      "count": .number(count),
      "byCode": .object(codes.map { JSON.Member(key: $0.key.rawValue, value: .number($0.value)) }),
      "first": .array(
        first.map { customer in
          [
            "customer": .integer(customer.customer.number),
            "code": .string(customer.reason.code.rawValue),
            "detail": .string(customer.reason.detail),
          ]
        }),
    ]
  }
}
