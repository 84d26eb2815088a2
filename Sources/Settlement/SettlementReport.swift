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

  /// From the run's opening to its seal.
  package var milliseconds: Int64 {
    run.completedAt.map { run.startedAt.milliseconds(until: $0) } ?? 0
  }

  private func step(_ name: String) -> StepRecord? { steps.first { $0.name == name } }
}

extension StepRecord {
  /// From its start to its end; `nil` while it is not completed.
  package var milliseconds: Int64? {
    guard let startedAt, let completedAt else { return nil }
    return startedAt.milliseconds(until: completedAt)
  }
}
