import Assembly
import Audit
import Billing
import Operations
import Runs
import Settlement

extension PlatformStatus {
  func print(to terminal: Terminal) {
    if months.isEmpty { terminal.say(.noRuns) }
    for month in months { month.print(to: terminal) }
    elsewhere.print(to: terminal)
    if let lag, lag > 0 { terminal.say(.lag(lag)) }
    for month in overdue { terminal.say(.overdue(month)) }
  }
}

extension MonthStatus {
  func print(to terminal: Terminal) {
    terminal.say(.monthTitle(month))
    if runs.isEmpty { terminal.say(.notSettled(month)) }
    let text = [
      runTable(terminal.language), stepTable(terminal.language), deliveryTable(terminal.language),
    ]
    for table in text where !table.isEmpty { terminal.print(table.text()) }
    parked.print(to: terminal)
    if unrendered > 0 {
      terminal.say(.notRendered(month, unrendered))
      terminal.say(.renderFirst(month))
    }
    setAside.print(of: month, to: terminal)
    unbilled.print(to: terminal)
  }

  private func runTable(_ language: Language) -> Table {
    let titles: [Phrase] = [.run, .state, .items, .parked, .total, .started, .failure]
    var table = Table(columns(titles, right: [2, 3, 4], language))
    for (run, steps) in runs {
      let settle = steps.first { $0.chunks > 0 }
      table.add([
        run.key.description, Phrase.statusName(run.status).text(in: language),
        grouped(settle?.itemsDone ?? 0),
        grouped(run.parked),
        run.key.job == .settlement ? money(settle?.actual?.sum ?? 0, currency(of: run)) : "",
        run.startedAt.spoken, run.failure ?? "",
      ])
    }
    return table
  }

  /// Only of runs that are under way: of the others the run says it all.
  private func stepTable(_ language: Language) -> Table {
    var table = Table(columns([.run, .stepTitle, .state, .done, .of], right: [3, 4], language))
    for (run, steps) in runs where run.status != .completed {
      for step in steps {
        table.add([
          run.key.description, Phrase.step(step.name).text(in: language),
          Phrase.statusName(step.status).text(in: language),
          grouped(step.itemsDone), grouped(step.items),
        ])
      }
    }
    return table
  }

  private func deliveryTable(_ language: Language) -> Table {
    var table = Table(columns([.deliveries, .count], right: [1], language))
    for state in DeliveryState.allCases {
      guard let count = deliveries[state], count > 0 else { continue }
      table.add([Phrase.stateName(state).text(in: language), grouped(count)])
    }
    return table
  }

  private func columns(_ titles: [Phrase], right: Set<Int>, _ language: Language) -> [Table.Column]
  {
    titles.enumerated().map {
      Table.Column($1.text(in: language), right.contains($0) ? .right : .left)
    }
  }
}
