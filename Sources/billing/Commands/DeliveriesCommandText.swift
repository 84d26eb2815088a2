import Assembly
import Billing
import Delivery
import Operations

/// A list of deliveries for a person or a program.
struct DeliveryListingText {
  private let listing: DeliveryListing

  init(_ listing: DeliveryListing) {
    self.listing = listing
  }

  func print(to terminal: Terminal) {
    terminal.say(.foundDeliveries(listing.count))
    guard listing.count > 0 else { return }
    terminal.print(groups(terminal.language).text())
    terminal.print(deliveries(terminal.language).text())
    if listing.shown.count < listing.count { terminal.say(.showsOnly(listing.shown.count)) }
  }

  private func seconds(since moment: Timestamp) -> Int64 { listing.seconds(since: moment) }

  private func groups(_ language: Language) -> Table {
    let titles: [Phrase] = [.state, .reasonTitle, .count, .oldest, .age]
    var table = Table(columns(titles, right: [2, 4], language))
    for (group, count) in listing.counts.sorted(by: { $0.key < $1.key }) {
      guard let oldest = listing.oldest[group] else { continue }
      table.add([
        Phrase.stateName(group.state).text(in: language), group.reason?.rawValue ?? "",
        grouped(count), oldest.spoken, age(seconds: seconds(since: oldest)),
      ])
    }
    return table
  }

  private func deliveries(_ language: Language) -> Table {
    let titles: [Phrase] = [
      .delivery, .state, .reasonTitle, .channel, .provider, .attempts, .since, .age,
    ]
    var table = Table(columns(titles, right: [5, 7], language))
    for delivery in listing.shown {
      table.add([
        delivery.key.description, Phrase.stateName(delivery.state).text(in: language),
        delivery.reason?.rawValue ?? "",
        delivery.channel?.rawValue ?? "", delivery.provider ?? "", grouped(delivery.attempts),
        delivery.changedAt.spoken, age(seconds: seconds(since: delivery.changedAt)),
      ])
    }
    return table
  }

  private func columns(
    _ titles: [Phrase], right: Set<Int>, _ language: Language
  ) -> [Table.Column] {
    titles.enumerated().map {
      Table.Column($1.text(in: language), right.contains($0) ? .right : .left)
    }
  }
}

/// What an action did, or would do, for a person or a program.
struct OperatorReportText {
  private let report: OperatorReport
  private let action: OperatorAction
  private let isForeseen: Bool

  init(_ report: OperatorReport, of action: OperatorAction, isForeseen: Bool) {
    self.report = report
    self.action = action
    self.isForeseen = isForeseen
  }

  func print(to terminal: Terminal) {
    let summary: Phrase =
      isForeseen
      ? .wouldDo(action.name, report.done, of: report.found)
      : .haveDone(action.name, report.done, of: report.found)
    terminal.say(summary)
    let table = outcomes(terminal.language)
    if !table.isEmpty { terminal.print(table.text()) }
    if isForeseen, report.done > 0 { terminal.say(.onlyForeseen(report.confirmation)) }
  }

  private func outcomes(_ language: Language) -> Table {
    var table = Table([
      Table.Column(Phrase.becomes.text(in: language)),
      Table.Column(Phrase.count.text(in: language), .right),
    ])
    func add(_ name: Phrase, _ count: Int) {
      if count > 0 { table.add([name.text(in: language), grouped(count)]) }
    }
    for state in DeliveryState.allCases { add(.stateName(state), report.moved[state] ?? 0) }
    add(.resendMade, report.made)
    for refusal in OperatorRefusal.allCases {
      add(.refusal(refusal), report.refused[refusal] ?? 0)
    }
    add(.changedMeanwhile, report.stale)
    return table
  }
}
