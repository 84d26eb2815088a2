package import Billing
package import Runs

/// What making a month's bills came to.
package struct RenderingReport: Sendable {
  package let month: BillingMonth
  package let runs: [(run: RunRecord, steps: [StepRecord])]

  /// - Parameter runs: those worked on; none when there was nothing to do.
  package init(_ month: BillingMonth, runs: [RunRecord], ledger: any RunLedger) async throws {
    self.month = month
    var withSteps: [(run: RunRecord, steps: [StepRecord])] = []
    for run in runs { withSteps.append((run, try await ledger.steps(of: run.id))) }
    self.runs = withSteps
  }

  package struct Counts {
    package var statements: Int64
    package var bills: Int64
    package var deliveries: Int64
    package var milliseconds: Int64

    package init(_ run: RunRecord, _ steps: [StepRecord]) {
      func count(_ name: String) -> Int64 { steps.first { $0.name == name }?.actual?.count ?? 0 }
      statements = count("bills")
      bills = count("complete")
      deliveries = count("deliveries")
      milliseconds = steps.reduce(0) { $0 + ($1.milliseconds ?? 0) }
    }
  }

  package var json: JSON {
    [
      "month": .string(month.description),
      "runs": .array(
        runs.map { run, steps in
          let counts = Counts(run, steps)
          return [
            "run": .string(run.key.description), "status": .string(run.status.name),
            "policy": run.pins.policyVersion.map { .number($0) } ?? .null,
            "statements": .integer(counts.statements), "bills": .integer(counts.bills),
            "deliveries": .integer(counts.deliveries),
            "milliseconds": .integer(counts.milliseconds),
            "seal": .optional(run.seal?.hex),
          ]
        }),
    ]
  }
}
