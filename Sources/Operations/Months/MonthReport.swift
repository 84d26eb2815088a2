package import Billing
package import Runs
package import Settlement

/// What settling a month came to: the runs that were worked on and who is parked.
package struct MonthReport: Sendable {
  package let month: BillingMonth
  package let runs: [SettlementReport]
  private let currencies: [String: Currency]
  package let parked: ParkedSummary
  /// Earlier months that were passed over.
  package let skipped: [BillingMonth]

  /// - Parameter runs: those worked on; none when there was nothing to do.
  package init(_ month: BillingMonth, runs: [RunRecord], ledger: any SettlementLedger) async throws
  {
    self.month = month
    var reports: [SettlementReport] = []
    var currencies: [String: Currency] = [:]
    for run in runs {
      reports.append(SettlementReport(run: run, steps: try await ledger.steps(of: run.id)))
      if let version = run.pins.catalogVersion, currencies[version] == nil {
        currencies[version] = try await ledger.catalog(version: version)?.currency
      }
    }
    self.runs = reports
    self.currencies = currencies
    parked = try await ParkedSummary(of: month, ledger: ledger)
    skipped = SettledMonths(try await ledger.runs(of: nil)).skipped(before: month)
  }

  package func currency(of run: RunRecord) -> Currency? {
    run.pins.catalogVersion.flatMap { currencies[$0] }
  }

  package var json: JSON {
    [
      "month": .string(month.description),
      "runs": .array(runs.map { Self.json(of: $0, currency: currency(of: $0.run)) }),
      "parked": parked.json,
      "skippedMonths": .array(skipped.map { .string($0.description) }),
    ]
  }

  private static func json(of report: SettlementReport, currency: Currency?) -> JSON {
    let run = report.run
    return [
      "run": .string(run.key.description),
      "kind": .string(run.key.kind.rawValue),
      "sequence": .number(run.key.sequence),
      "status": .string(run.status.name),
      "catalog": .optional(run.pins.catalogVersion),
      "cutoff": .integer(run.pins.cutoff),
      "targets": .integer(report.targets),
      "statements": .integer(report.statements),
      "parked": .integer(report.parked),
      "total": .integer(report.total),
      "currency": .optional(currency?.code),
      "milliseconds": .integer(report.milliseconds),
      "steps": .array(
        report.steps.map { step in
          [
            "name": .string(step.name), "status": .string(step.status.name),
            "count": step.actual.map { .integer($0.count) } ?? .null,
            "milliseconds": step.milliseconds.map(JSON.integer) ?? .null,
          ]
        }),
      "seal": .optional(run.seal?.hex),
    ]
  }
}
