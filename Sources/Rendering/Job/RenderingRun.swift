import Billing
import Runs

/// One run of Job 2 that this process holds or has joined.
struct RenderingRun: Sendable {
  static let stepNames = ["check", "templates", "bills", "complete", "deliveries"]
  static let billsStep = 2

  let job: RenderingJob
  let hold: RunHold
  let selection: RenderingSelection
  let policy: DeliveryPolicy
  let templates: CompiledTemplates

  private var run: RunRecord { hold.run }

  func perform() async throws {
    let engine = RunEngine(
      ledger: job.ledger, clock: job.clock, settings: job.settings.run, progress: job.progress,
      logger: job.logger)
    let templateCount = Int64(policy.billChannels.count * BillLocale.allCases.count)
    try await engine.perform(
      [
        // Checked before the run was opened, and a completed settlement stays completed.
        RunStep("check", .whole { _ in ControlTotals(count: 1, sum: 0) }),
        // Pinned by opening the run, and compiled before it.
        RunStep("templates", .whole { _ in ControlTotals(count: templateCount, sum: 0) }),
        RunStep("bills", .chunked(plan: { try await plan() }, work: { try await makeBills($0) })),
        RunStep("complete", .whole { try await reconcile(advance: $0) }),
        RunStep(
          "deliveries",
          .chunked(plan: { try await plan() }, work: { try await makeDeliveries($0) })),
      ], under: hold)
    try await seal(with: engine)
  }

  private func plan() async throws -> (expected: ControlTotals, chunks: [ChunkRange]) {
    let chunks = try await job.ledger.chunkRanges(of: selection, size: job.settings.chunkSize)
    let items = chunks.reduce(into: Int64(0)) { $0 += Int64($1.items) }
    return (ControlTotals(count: items, sum: 0), chunks)
  }

  // MARK: Step 3: the bills

  private func makeBills(_ chunk: ClaimedChunk) async throws -> CheckpointOutcome {
    let listed = try await job.ledger.statements(
      of: selection, customers: chunk.range.lower...chunk.range.upper, cutoff: run.pins.cutoff)
    let recorded = try await recordedDates(of: chunk.range)
    let rows = try await withThrowingTaskGroup(of: Void.self) { group in
      let maker = BillMaker(policy: policy, templates: templates)
      var dates = BillDates(policy: policy, madeAt: run.openedAt)
      var rows: [BillRow] = []
      rows.reserveCapacity(listed.count * policy.channels.count)
      for start in stride(from: 0, to: listed.count, by: job.settings.batchSize) {
        try Task.checkCancellation()
        let batch = Array(listed[start..<min(start + job.settings.batchSize, listed.count)])
        let made = try await bills(of: batch, by: maker, &dates, recorded)
        let bills = made.map(\.bill)
        rows += made.map { BillRow($0.bill, dueDate: $0.dueDate) }
        // One batch is stored while the next is made.
        try await group.next()
        group.addTask { try await put(bills) }
      }
      try await group.waitForAll()
      return rows
    }
    try await job.store.makeDurable()
    return try await job.ledger.commit(
      RenderingCheckpoint(chunk: chunk, totals: Self.totals(of: listed, rows), bills: rows))
  }

  private func bills(
    of listed: [BillableStatement], by maker: BillMaker, _ dates: inout BillDates,
    _ recorded: [StatementKey: CalendarDay?]
  ) async throws -> [(bill: Bill, dueDate: CalendarDay?)] {
    let stored = try await job.statements.statements(listed.map(\.key))
    var bills: [(bill: Bill, dueDate: CalendarDay?)] = []
    bills.reserveCapacity(listed.count * policy.channels.count)
    var next = stored.startIndex
    for row in listed {
      guard next < stored.endIndex, stored[next].key == row.key,
        ContentHash(of: stored[next].bytes) == row.hash
      else { throw unusable(row.key) }
      let statement = try StatementCodec.decode(stored[next].bytes)
      let dueDate =
        try recorded[row.key] ?? dates.dueDate(of: row, total: statement.totals.total)
      for bill in maker.bills(of: statement, dueDate: dueDate) { bills.append((bill, dueDate)) }
      next += 1
    }
    return bills
  }

  /// The due dates of first issues that the policy's bills have already: a run that makes a month's
  /// bills again meets corrections and supplements that an earlier run rendered by the same policy,
  /// and what is made twice has the same bytes.
  private func recordedDates(of range: ChunkRange) async throws -> [StatementKey: CalendarDay?] {
    guard case .latest(let month, _) = selection, range.lower.number > .min else { return [:] }
    // Behind everything of the customer before the range.
    var after: BillKey? = BillKey(
      statement: StatementKey(
        month: month, customer: CustomerID(range.lower.number - 1), version: Int(Int32.max)),
      policy: policy.version, template: policy.templateVersion, channel: .sms)
    var dates: [StatementKey: CalendarDay?] = [:]
    while true {
      let page = try await job.ledger.bills(of: month, after: after, limit: job.settings.chunkSize)
      for row in page where row.key.statement.customer <= range.upper {
        guard row.key.policy == policy.version, row.key.template == policy.templateVersion,
          row.key.issue == 1
        else { continue }
        dates[row.key.statement] = .some(row.dueDate)
      }
      guard let last = page.last?.key, last.statement.customer <= range.upper else { return dates }
      after = last
    }
  }

  private func put(_ bills: [Bill]) async throws {
    let outcomes = try await job.store.put(bills)
    for (bill, outcome) in zip(bills, outcomes) where outcome == .conflict {
      throw StoreError(
        .conflict, operation: "store a bill",
        detail: RenderingError.billConflict(path: bill.key.path).description)
    }
  }

  private func unusable(_ key: StatementKey) -> StoreError {
    StoreError(
      .corrupt, operation: "read a statement",
      detail: RenderingError.unusableStatement(key).description)
  }

  private static func totals(of listed: [BillableStatement], _ rows: [BillRow]) -> ChunkTotals {
    var hasher = ContentHasher()
    for row in rows { hasher.update(row.sha256) }
    return ChunkTotals(
      count: Int64(listed.count), sum: listed.reduce(0) { $0 + $1.total },
      hash: hasher.finish(), parked: 0)
  }

  // MARK: Step 4: complete

  /// Bills = statements × the policy's channels, as sets.
  private func reconcile(advance: @Sendable (Int64) -> Void) async throws -> ControlTotals {
    var found = BillReconciliation(statements: 0, sum: 0, bills: 0, incomplete: 0)
    let chunks = try await job.ledger.doneChunks(of: run.id, step: Self.billsStep)
    for chunk in chunks {
      try Task.checkCancellation()
      let part = try await job.ledger.reconcile(
        selection, customers: chunk.range.lower...chunk.range.upper, policy: policy)
      found.statements += part.statements
      found.sum += part.sum
      found.bills += part.bills
      found.incomplete += part.incomplete
      advance(Int64(chunk.range.items))
    }
    let expected = chunks.reduce(into: ControlTotals(count: 0, sum: 0)) {
      $0.count += $1.totals.count
      $0.sum += $1.totals.sum
    }
    guard found.incomplete == 0, found.statements == expected.count, found.sum == expected.sum,
      found.bills == found.statements * Int64(policy.channels.count)
    else {
      throw RunError(
        .controlTotals(step: "complete"), run: run.key,
        detail: "checkpoints say \(expected.count) statements of \(expected.sum), the ledger holds "
          + "\(found.statements) of \(found.sum) with \(found.bills) bills for "
          + "\(policy.channels.count) channels, \(found.incomplete) statements lack one")
    }
    return ControlTotals(count: found.bills, sum: found.sum)
  }

  private func makeDeliveries(_ chunk: ClaimedChunk) async throws -> CheckpointOutcome {
    try await job.ledger.makeDeliveries(
      DeliveriesRequest(chunk: chunk, selection: selection, policy: policy))
  }

  private func seal(with engine: RunEngine) async throws {
    let chunks = try await job.ledger.doneChunks(of: run.id, step: Self.billsStep)
    var hasher = ContentHasher()
    for chunk in chunks { hasher.update(chunk.totals.hash) }
    try await engine.complete(hold, parked: 0, seal: hasher.finish())
  }
}
