import Billing
import Delivery

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

  private func seconds(since moment: Timestamp) -> Int64 {
    max(0, moment.milliseconds(until: listing.now ?? moment) / 1000)
  }

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

  var json: JSON {
    let groups = listing.counts.sorted { $0.key < $1.key }
    return [
      "count": .number(listing.count),
      "groups": .array(
        groups.map { group, count in
          let oldest = listing.oldest[group]
          return [
            "state": .string(group.state.rawValue),
            "reason": .optional(group.reason?.rawValue), "count": .number(count),
            "since": .optional(oldest?.description),
            "ageSeconds": oldest.map { .integer(seconds(since: $0)) } ?? .null,
          ]
        }),
      "deliveries": .array(listing.shown.map(json(of:))),
    ]
  }

  private func json(of delivery: FoundDelivery) -> JSON {
    [
      "delivery": .string(delivery.key.description),
      "state": .string(delivery.state.rawValue),
      "reason": .optional(delivery.reason?.rawValue),
      "version": .number(delivery.version),
      "issue": .number(delivery.issue),
      "dueDate": .optional(delivery.dueDate?.description),
      "channel": .optional(delivery.channel?.rawValue),
      "provider": .optional(delivery.provider),
      "key": .optional(delivery.idempotencyKey),
      "round": .number(delivery.round),
      "attempts": .number(delivery.attempts),
      "unresolved": .number(delivery.unresolved),
      "since": .string(delivery.changedAt.description),
      "ageSeconds": .integer(seconds(since: delivery.changedAt)),
    ]
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

  var json: JSON {
    let states = DeliveryState.allCases.filter { report.moved[$0] != nil }
    let refusals = OperatorRefusal.allCases.filter { report.refused[$0] != nil }
    return [
      "action": .string(action.name),
      "dryRun": .bool(isForeseen),
      "interrupted": .bool(report.wasInterrupted),
      "found": .number(report.found),
      "done": .number(report.done),
      "confirmation": .string(report.confirmation),
      "moved": .object(
        states.map { JSON.Member(key: $0.rawValue, value: .number(report.moved[$0] ?? 0)) }),
      "resent": .number(report.made),
      "refused": .object(
        refusals.map { JSON.Member(key: $0.rawValue, value: .number(report.refused[$0] ?? 0)) }),
      "changedMeanwhile": .number(report.stale),
      "examples": .array(report.examples.map { .string($0.description) }),
    ]
  }
}
