package import Billing

/// What sending a month came to.
package struct MonthSendingReport: Sendable {
  package var month: BillingMonth
  package var report: SendingReport
  /// Where the month's deliveries stand.
  package var counts: [DeliveryState: Int64]
  /// `nil` in real time.
  package var simulatedUntil: Timestamp?
  package var providerMilliseconds: Int64
  package var milliseconds: Int

  package var pending: Int64 {
    counts.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) }
  }

  package var json: JSON {
    [
      "month": .string(month.description),
      "deliveries": .object(
        DeliveryState.allCases.map {
          JSON.Member(key: $0.rawValue, value: .integer(counts[$0] ?? 0))
        }),
      "dispatch": report.dispatchJSON,
      "delivery": report.deliveryJSON,
      "simulatedUntil": .optional(simulatedUntil?.description),
      "providerMilliseconds": .integer(providerMilliseconds),
      "milliseconds": .number(milliseconds),
    ]
  }
}
