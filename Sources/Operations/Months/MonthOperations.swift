package import Audit
package import Billing
package import Rendering
import Runs
import Settlement

extension Operations {
  // MARK: Settling

  private var settlement: SettlementJob {
    SettlementJob(
      ledger: ports.settlement, store: ports.statements, clock: clock,
      settings: SettlementSettings(
        run: settings.run, chunkSize: settings.chunkSize,
        maxParkedPerMillion: settings.maxParkedPerMillion),
      progress: work.progress, logger: work.logger("settlement"))
  }

  /// The months that a scheduler's daily call settles, in their order.
  package func dueMonths(at now: Timestamp) async throws -> [BillingMonth] {
    try await DueMonths(ledger: ledger, day: settings.settlementDay).due(at: now)
  }

  /// - Parameter joining: works along with a run that is under way.
  package func settle(
    _ month: BillingMonth, joining: Bool = false, asOf now: Timestamp
  ) async throws -> MonthReport {
    let runs = try await settlement.settle(month, joining: joining, asOf: now)
    return try await MonthReport(month, runs: runs, ledger: ledger)
  }

  /// - Parameter reason: kept for good; nothing personal.
  package func correct(
    _ month: BillingMonth, customers: [CustomerID], reason: String, joining: Bool
  ) async throws -> MonthReport {
    let run = try await settlement.correct(
      month, customers: customers, reason: reason, joining: joining)
    return try await MonthReport(month, runs: run.map { [$0] } ?? [], ledger: ledger)
  }

  /// A month's statements as CSV, the latest version of each.
  package struct MonthExport: Sendable {
    let month: BillingMonth
    let export: StatementExport

    /// - Returns: how many there are.
    package func write(to write: @Sendable ([UInt8]) throws -> Void) async throws -> Int64 {
      try await export.export(month, to: write)
    }
  }

  /// What a month's export is written by; refused before anything is written.
  package func export(_ month: BillingMonth) async throws -> MonthExport {
    let runs = try await ledger.runs(of: month)
    guard runs.contains(where: { $0.key.job == .settlement && $0.status == .completed }) else {
      throw OperationFailure.notSettled(month)
    }
    return MonthExport(month: month, export: StatementExport(ledger: ledger, store: statements))
  }

  // MARK: Rendering

  private var rendering: RenderingJob {
    RenderingJob(
      ledger: ports.rendering, statements: statements, store: ports.bills, clock: clock,
      settings: RenderingSettings(run: settings.run, chunkSize: settings.chunkSize),
      progress: work.progress, logger: work.logger("rendering"))
  }

  /// - Parameter byActivePolicy: makes bills again that another policy made.
  package func render(
    _ month: BillingMonth, byActivePolicy: Bool = false, joining: Bool = false
  ) async throws -> RenderingReport {
    let runs =
      byActivePolicy
      ? try await rendering.renderByActivePolicy(month, joining: joining)
      : try await rendering.render(month, joining: joining)
    return try await RenderingReport(month, runs: runs, ledger: ledger)
  }

  /// Puts bills again that are missing from the store or were altered.
  package func mend(
    _ month: BillingMonth, progress: (_ bills: Int) -> Void
  ) async throws -> MendingReport {
    try await BillMending(ledger: ports.rendering, store: ports.bills, pinned: pinned)
      .mend(month, progress: progress)
  }

  /// One bill, made as rendering makes it; nothing is stored.
  ///
  /// - Parameters:
  ///   - channel: the policy's first one where `nil`.
  ///   - body: instead of the active template's.
  package func preview(
    of customer: CustomerID, month: BillingMonth, channel: Channel?, body: String?
  ) async throws -> PreviewedBill {
    try await BillPreview(ledger: ledger, statements: statements).bill(
      of: customer, month: month, at: try await now(), channel: channel, body: body)
  }

  // MARK: Looking

  /// - Parameter month: only this one; every month with a run where `nil`.
  package func status(of month: BillingMonth?) async throws -> PlatformStatus {
    try await PlatformStatus(
      of: month, settlement: ledger, audit: ledger, settlementDay: settings.settlementDay,
      now: try await now(), lag: try await lag())
  }

  /// - Parameter sample: so many chunks of customers only.
  package func verify(
    _ month: BillingMonth, sample: Int?,
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> ProofReport {
    let proof = try await Verification(
      ledger: ledger, statements: statements, bills: bills,
      acceptances: try await open.acceptances(), clock: clock
    ).verify(month, sample: sample, progress: progress)
    guard let proof else { throw OperationFailure.notSettled(month) }
    return ProofReport(
      proof, unbilled: try await UnbilledOfMonth(month, ledger: ledger),
      elsewhere: try await UnbilledElsewhere(ledger: ledger, now: try await now()))
  }

  /// A customer's statements, deliveries, and what of theirs is on no bill.
  ///
  /// - Parameter month: only this one.
  package func explain(
    _ customer: CustomerID, month: BillingMonth?
  ) async throws -> (explanation: Explanation, unbilled: UnbilledOfCustomer) {
    let explanation = try await Explainer(ledger: ledger, statements: statements)
      .explain(customer, month: month)
    let unbilled = try await UnbilledOfCustomer(
      customer, month: month, ledger: ledger, now: try await now())
    guard explanation != nil || !unbilled.isEmpty else {
      throw OperationFailure.nothingKnown(customer.description)
    }
    return (explanation ?? Explanation(of: customer), unbilled)
  }

  /// The whole life of a delivery.
  package func explain(_ delivery: DeliveryKey) async throws -> DeliveryLife {
    guard let life = try await ledger.life(of: delivery) else {
      throw OperationFailure.nothingKnown(delivery.description)
    }
    return life
  }
}
