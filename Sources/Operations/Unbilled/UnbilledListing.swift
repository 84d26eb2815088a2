package import Billing
import Runs
package import Settlement

/// What is on no bill: count and sum of each kind.
package struct UnbilledListing: Sendable {
  package let items: [UnbilledItem]
  package let currencies: MonthCurrencies

  package init(_ items: [UnbilledItem], _ currencies: MonthCurrencies) {
    self.items = items
    self.currencies = currencies
  }

  package func chargeSums(of items: [UnbilledItem]) -> [(currency: Currency?, sum: ExactSum)] {
    var sums: [String: (currency: Currency?, sum: ExactSum)] = [:]
    for item in items where item.kind.subject == .charges {
      let currency = currencies[item.month]
      sums[currency?.code ?? "", default: (currency, 0)].sum += item.sum
    }
    return sums.sorted { $0.key < $1.key }.map(\.value)
  }

  package var json: JSON {
    [
      "charges": .integer(items.total(of: .charges).count),
      "sums": .array(
        chargeSums(of: items).map {
          ["currency": .optional($0.currency?.code), "sum": .decimal($0.sum.description)]
        }),
      "usage": .integer(items.total(of: .usage).count),
      "lines": .integer(items.total(of: .lines).count),
      "inputs": inputs,
    ]
  }

  /// Each kind, month and metric by itself.
  package var inputs: JSON {
    .array(
      items.map { item in
        [
          "kind": .string(item.kind.rawValue),
          "month": .string(item.month.description),
          "metric": .optional(item.metric),
          "count": .integer(item.count),
          "sum": item.kind.subject == .lines ? .null : .decimal(item.sum.description),
          "currency": .optional(
            item.kind.subject == .charges ? currencies[item.month]?.code : nil),
        ]
      })
  }
}
