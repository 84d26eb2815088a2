import Audit
import Billing

/// Deliveries of a month that came to a stop without being accepted, by state and reason.
struct SetAsideSummary: Sendable {
  private let groups: [SetAsideDeliveries]
  private let now: Timestamp

  init(_ groups: [SetAsideDeliveries], now: Timestamp) {
    self.groups = groups
    self.now = now
  }

  /// All uncertain ones, whatever the reason.
  var uncertain: (count: Int64, since: Timestamp)? {
    let uncertain = groups.filter { $0.state == .uncertain }
    guard let since = uncertain.map(\.since).min() else { return nil }
    return (uncertain.reduce(0) { $0 + $1.count }, since)
  }

  func print(of month: BillingMonth, to terminal: Terminal) {
    guard !groups.isEmpty else { return }
    let titles: [Phrase] = [.state, .reasonTitle, .count, .oldest, .age]
    var table = Table(
      titles.enumerated().map {
        Table.Column($1.text(in: terminal.language), $0 == 2 || $0 == 4 ? .right : .left)
      })
    for group in groups {
      table.add([
        Phrase.stateName(group.state).text(in: terminal.language), group.reason ?? "",
        grouped(group.count), group.since.spoken, age(seconds: seconds(since: group.since)),
      ])
    }
    terminal.print(table.text())
    if let (count, since) = uncertain {
      terminal.say(.uncertain(count, since: since, age: age(seconds: seconds(since: since))))
    }
    if groups.contains(where: { $0.state != .suppressed }) { terminal.say(.lookAtSetAside(month)) }
  }

  private func seconds(since moment: Timestamp) -> Int64 {
    max(0, moment.milliseconds(until: now) / 1000)
  }

  var json: JSON {
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
