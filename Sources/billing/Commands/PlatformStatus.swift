import Audit
import Billing
import Runs
import Settlement

/// Where every month stands, read at one moment.
struct PlatformStatus: Sendable {
  /// Months that settlement.day says should be settled by now and are not.
  private let overdue: [BillingMonth]
  private let months: [MonthStatus]
  /// What is recorded for months that no settlement concerns.
  private let elsewhere: UnbilledElsewhere
  private let lag: Int64?

  /// - Parameters:
  ///   - month: only this one; every month with a run where `nil`.
  ///   - lag: events that the consumers have not recorded yet.
  init(
    of month: BillingMonth?, settlement: any SettlementLedger, audit: any AuditLedger,
    settlementDay: Int, now: Timestamp, lag: Int64?
  ) async throws {
    self.lag = lag
    let runs = try await settlement.runs(of: month)
    let known = Set(runs.map(\.key.month)).union(month.map { [$0] } ?? []).sorted()
    var months: [MonthStatus] = []
    for month in known {
      months.append(
        try await MonthStatus(
          month, runs: runs.filter { $0.key.month == month }, settlement: settlement, audit: audit,
          now: now))
    }
    self.months = months
    elsewhere = try await UnbilledElsewhere(ledger: settlement, now: now)
    overdue = try await DueMonths(ledger: settlement, day: settlementDay).due(at: now)
      .filter { month == nil || month == $0 }
  }

  func print(to terminal: Terminal) {
    if months.isEmpty { terminal.say(.noRuns) }
    for month in months { month.print(to: terminal) }
    elsewhere.print(to: terminal)
    if let lag, lag > 0 { terminal.say(.lag(lag)) }
    for month in overdue { terminal.say(.overdue(month)) }
  }

  var json: JSON {
    [
      "months": .array(months.map(\.json)),
      "unbilledElsewhere": elsewhere.json,
      "lag": lag.map(JSON.integer) ?? .null,
      "overdue": .array(overdue.map { .string($0.description) }),
    ]
  }
}

/// Where one month stands.
struct MonthStatus: Sendable {
  private let month: BillingMonth
  private let runs: [(run: RunRecord, steps: [StepRecord])]
  /// By the version of the catalog that a run is pinned to.
  private let currencies: [String: Currency]
  private let deliveries: [DeliveryState: Int64]
  private let setAside: SetAsideSummary
  private let unbilled: UnbilledOfMonth
  private let parked: ParkedSummary

  init(
    _ month: BillingMonth, runs: [RunRecord], settlement: any SettlementLedger,
    audit: any AuditLedger, now: Timestamp
  ) async throws {
    self.month = month
    var withSteps: [(run: RunRecord, steps: [StepRecord])] = []
    for run in runs { withSteps.append((run, try await settlement.steps(of: run.id))) }
    self.runs = withSteps
    var currencies: [String: Currency] = [:]
    for version in Set(runs.compactMap(\.pins.catalogVersion)) {
      currencies[version] = try await settlement.catalog(version: version)?.currency
    }
    self.currencies = currencies
    deliveries = try await audit.deliveryCounts(of: month)
    setAside = SetAsideSummary(try await audit.setAside(of: month), now: now)
    unbilled = try await UnbilledOfMonth(month, ledger: settlement)
    parked = try await ParkedSummary(of: month, ledger: settlement)
  }

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

  private func currency(of run: RunRecord) -> Currency? {
    run.pins.catalogVersion.flatMap { currencies[$0] }
  }

  /// The month's: that of its regular run.
  private var currency: Currency? {
    runs.first { $0.run.key.job == .settlement && $0.run.key.kind == .regular }
      .flatMap { currency(of: $0.run) }
  }

  /// Statements of completed settlements without a completed rendering of the same kind and
  /// sequence: their bills and deliveries are still to be made.
  private var unrendered: Int64 {
    runs.filter { settlement in
      settlement.run.key.job == .settlement && settlement.run.status == .completed
        && !runs.contains {
          $0.run.key.job == .rendering && $0.run.key.kind == settlement.run.key.kind
            && $0.run.key.sequence == settlement.run.key.sequence && $0.run.status == .completed
        }
    }.reduce(0) { $0 + SettlementReport(run: $1.run, steps: $1.steps).statements }
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

  var json: JSON {
    [
      "month": .string(month.description),
      "runs": .array(runs.map { json(of: $0.run, $0.steps) }),
      "deliveries": .object(
        DeliveryState.allCases.map {
          JSON.Member(key: $0.rawValue, value: .integer(deliveries[$0] ?? 0))
        }),
      "uncertainSince": .optional(setAside.uncertain?.since.description),
      "setAside": setAside.json,
      "parked": parked.json,
      "unrendered": .integer(unrendered),
      "unbilled": unbilled.json,
      "currency": .optional(currency?.code),
    ]
  }

  private func json(of run: RunRecord, _ steps: [StepRecord]) -> JSON {
    [
      "run": .string(run.key.description),
      "status": .string(run.status.name),
      "catalog": .optional(run.pins.catalogVersion),
      "currency": .optional(currency(of: run)?.code),
      "owner": .string(run.owner),
      "leaseUntil": .string(run.leaseUntil.description),
      "cutoff": .integer(run.pins.cutoff),
      "startedAt": .string(run.startedAt.description),
      "completedAt": .optional(run.completedAt?.description),
      "parked": .integer(run.parked),
      "seal": .optional(run.seal?.hex),
      "failure": .optional(run.failure),
      "reason": .optional(run.reason),
      "steps": .array(
        steps.map { step in
          [
            "name": .string(step.name), "status": .string(step.status.name),
            "done": .integer(step.itemsDone), "items": .integer(step.items),
            "chunksDone": .number(step.chunksDone), "chunks": .number(step.chunks),
            "count": step.actual.map { .integer($0.count) } ?? .null,
            "sum": step.actual.map { .integer($0.sum) } ?? .null,
          ]
        }),
    ]
  }
}
