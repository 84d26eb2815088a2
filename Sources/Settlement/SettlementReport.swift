import Billing
package import Runs

/// What a settlement run came to, as the user is told.
package struct SettlementReport: Hashable, Sendable {
  package var run: RunRecord
  package var steps: [StepRecord]

  package init(run: RunRecord, steps: [StepRecord]) {
    self.run = run
    self.steps = steps
  }

  /// Customers in the frozen cohort.
  package var targets: Int64 { step("targets")?.actual?.count ?? 0 }

  package var statements: Int64 { step("settle")?.actual?.count ?? 0 }

  package var parked: Int64 { run.parked }

  /// The sum of the statements' totals, minor units.
  package var total: Int64 { step("settle")?.actual?.sum ?? 0 }

  /// What its steps took; of a step that was taken over, since then.
  package var milliseconds: Int64 { steps.reduce(0) { $0 + ($1.milliseconds ?? 0) } }

  private func step(_ name: String) -> StepRecord? { steps.first { $0.name == name } }
}
