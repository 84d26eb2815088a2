import Audit
import Billing
import Operations

extension SetAsideSummary {
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
}
