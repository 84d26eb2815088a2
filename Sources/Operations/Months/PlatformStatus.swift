package import Audit
package import Billing
package import Runs
package import Settlement

/// Where every month stands, read at one moment.
package struct PlatformStatus: Sendable {
  /// Months that settlement.day says should be settled by now and are not.
  package let overdue: [BillingMonth]
  package let months: [MonthStatus]
  /// What is recorded for months that no settlement concerns.
  package let elsewhere: UnbilledElsewhere
  package let lag: Int64?

  /// - Parameters:
  ///   - month: only this one; every month with a run where `nil`.
  ///   - lag: events that the consumers have not recorded yet.
  package init(
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

  package var json: JSON {
    [
      "months": .array(months.map(\.json)),
      "unbilledElsewhere": elsewhere.json,
      "lag": lag.map(JSON.integer) ?? .null,
      "overdue": .array(overdue.map { .string($0.description) }),
    ]
  }
}

/// Where one month stands.
package struct MonthStatus: Sendable {
  package let month: BillingMonth
  package let runs: [(run: RunRecord, steps: [StepRecord])]
  /// By the version of the catalog that a run is pinned to.
  private let currencies: [String: Currency]
  package let deliveries: [DeliveryState: Int64]
  package let setAside: SetAsideSummary
  package let unbilled: UnbilledOfMonth
  package let parked: ParkedSummary

  package init(
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

  package func currency(of run: RunRecord) -> Currency? {
    run.pins.catalogVersion.flatMap { currencies[$0] }
  }

  /// The month's: that of its regular run.
  private var currency: Currency? {
    runs.first { $0.run.key.job == .settlement && $0.run.key.kind == .regular }
      .flatMap { currency(of: $0.run) }
  }

  /// Statements of completed settlements without a completed rendering of the same kind and
  /// sequence: their bills and deliveries are still to be made.
  package var unrendered: Int64 {
    runs.filter { settlement in
      settlement.run.key.job == .settlement && settlement.run.status == .completed
        && !runs.contains {
          $0.run.key.job == .rendering && $0.run.key.kind == settlement.run.key.kind
            && $0.run.key.sequence == settlement.run.key.sequence && $0.run.status == .completed
        }
    }.reduce(0) { $0 + SettlementReport(run: $1.run, steps: $1.steps).statements }
  }

  package var json: JSON {
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
