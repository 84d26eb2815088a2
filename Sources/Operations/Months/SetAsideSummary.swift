package import Audit
package import Billing

/// Deliveries of a month that came to a stop without being accepted, by state and reason.
package struct SetAsideSummary: Sendable {
  package let groups: [SetAsideDeliveries]
  private let now: Timestamp

  package init(_ groups: [SetAsideDeliveries], now: Timestamp) {
    self.groups = groups
    self.now = now
  }

  /// All uncertain ones, whatever the reason.
  package var uncertain: (count: Int64, since: Timestamp)? {
    let uncertain = groups.filter { $0.state == .uncertain }
    guard let since = uncertain.map(\.since).min() else { return nil }
    return (uncertain.reduce(0) { $0 + $1.count }, since)
  }

  package func seconds(since moment: Timestamp) -> Int64 {
    max(0, moment.milliseconds(until: now) / 1000)
  }

  package var json: JSON {
    .array(
      groups.map { group in
        [
          "state": .string(group.state.rawValue), "reason": .optional(group.reason),
          "count": .integer(group.count), "since": .string(group.since.description),
          "ageSeconds": .integer(seconds(since: group.since)),
        ]
      })
  }
}
