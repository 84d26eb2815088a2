package import Billing
package import Logging
package import Runs

/// How Job 2 is done.
package struct RenderingSettings: Sendable {
  package var run: RunSettings
  /// Customers in a chunk, 1…100,000.
  package var chunkSize: Int
  /// Statements whose bills are made and stored together, 1…10,000: one batch is made while the
  /// one before it is stored.
  package var batchSize: Int

  package init(run: RunSettings, chunkSize: Int = 2000, batchSize: Int = 250) {
    self.run = run
    self.chunkSize = chunkSize
    self.batchSize = batchSize
  }
}

/// Job 2: one bill for each statement and channel, in the bill store exactly once, and then the
/// month's deliveries.
package struct RenderingJob: Sendable {
  let ledger: any RenderingLedger
  let statements: any SettledStatements
  let store: any BillStore
  let clock: any WallClock
  let settings: RenderingSettings
  let progress: any RunProgress
  let logger: Logger

  package init(
    ledger: any RenderingLedger, statements: any SettledStatements, store: any BillStore,
    clock: any WallClock, settings: RenderingSettings, progress: any RunProgress, logger: Logger
  ) {
    self.ledger = ledger
    self.statements = statements
    self.store = store
    self.clock = clock
    self.settings = settings
    self.progress = progress
    self.logger = logger
  }

  /// Makes the bills of every statement of a month that has none: a run for each completed run of
  /// the settlement, of the same kind and sequence. The runs that were worked on; none when there
  /// was nothing to do.
  ///
  /// - Throws: `RenderingError.notSettled` before anything is written; `settlementOpen` after the
  ///   bills of what is settled were made.
  package func render(_ month: BillingMonth, joining: Bool = false) async throws -> [RunRecord] {
    let runs = try await ledger.runs(of: month)
    let settlements = try settled(runs, month)
    var done: [RunRecord] = []
    for settlement in settlements where settlement.status == .completed {
      let key = RunKey(
        job: .rendering, month: month, kind: settlement.key.kind,
        sequence: settlement.key.sequence)
      let existing = runs.first { $0.key == key }
      guard existing?.status != .completed else { continue }
      done.append(
        try await perform(key, existing, .madeBy(run: settlement.id, month: month), joining))
    }
    for run in runs where isRepeat(run) && run.status != .completed {
      done.append(
        try await perform(run.key, run, .latest(month: month, beforeRun: run.id), joining))
    }
    // A send day may have been moved since.
    _ = try await reissuing.pass()
    if let open = settlements.first(where: { $0.status != .completed }) {
      throw RenderingError.settlementOpen(month, run: open.key.description)
    }
    return done
  }

  /// Makes a month's bills again by the policy that is active now, under a path of their own, where
  /// they were made by another one. Deliveries not begun go with the new bills; nothing that was
  /// sent is sent again.
  package func renderByActivePolicy(
    _ month: BillingMonth, joining: Bool = false
  ) async throws -> [RunRecord] {
    var done = try await render(month, joining: joining)
    let policy = try await activePolicy()
    guard try await ledger.lacksBills(of: month, by: policy) else { return done }
    let regular = try await ledger.runs(of: month).filter {
      $0.key.job == .rendering && $0.key.kind == .regular
    }
    let key = RunKey(
      job: .rendering, month: month, kind: .regular,
      sequence: (regular.map(\.key.sequence).max() ?? 1) + 1)
    done.append(try await perform(key, nil, nil, joining))
    _ = try await reissuing.pass()
    return done
  }

  private var reissuing: Reissuing {
    Reissuing(
      ledger: ledger, store: store, pinned: PinnedBills(ledger: ledger, statements: statements),
      logger: logger)
  }

  // MARK: Which runs

  /// The settlement's runs in the order in which they were opened; the regular one is completed.
  private func settled(_ runs: [RunRecord], _ month: BillingMonth) throws -> [RunRecord] {
    let settlements = runs.filter { $0.key.job == .settlement }
    guard settlements.contains(where: { $0.key.kind == .regular && $0.status == .completed }) else {
      throw RenderingError.notSettled(month)
    }
    return settlements
  }

  /// Whether a rendering run makes a month's bills again.
  private func isRepeat(_ run: RunRecord) -> Bool {
    run.key.job == .rendering && run.key.kind == .regular && run.key.sequence > 1
  }

  func activePolicy() async throws -> DeliveryPolicy {
    guard let policy = try await ledger.activePolicy() else { throw RenderingError.noPolicy }
    return policy
  }

  // MARK: One run

  /// - Parameter selection: `nil` for a new repetition, which is about what was settled before it.
  private func perform(
    _ key: RunKey, _ existing: RunRecord?, _ selection: RenderingSelection?, _ joining: Bool
  ) async throws -> RunRecord {
    // Compiled before the run is opened: a template that cannot be used ends it with nothing
    // written.
    var plan = try await plan(policyVersion: existing?.pins.policyVersion)
    var request = request(key, plan.policy, joining)
    // A repetition is about everything settled before it, so nothing may be half settled.
    if key.kind == .regular, key.sequence > 1 { request.excludes = .settlement }
    switch try await ledger.open(request) {
    case .started(let hold), .resumed(let hold), .joined(let hold):
      if let pinned = hold.run.pins.policyVersion, pinned != plan.policy.version {
        // Somebody else opened it meanwhile, by another policy.
        plan = try await self.plan(policyVersion: pinned)
      }
      let run = RenderingRun(
        job: self, hold: hold,
        selection: selection ?? .latest(month: key.month, beforeRun: hold.run.id),
        policy: plan.policy, templates: plan.templates)
      try await run.perform()
      return try await ledger.run(key) ?? hold.run
    case .completed(let run):
      return run
    case .held(let run):
      throw RunError.held(run)
    }
  }

  private func plan(
    policyVersion: Int?
  ) async throws -> (policy: DeliveryPolicy, templates: CompiledTemplates) {
    guard let policyVersion else {
      let policy = try await activePolicy()
      return (policy, try await PinnedBills.compiled(for: policy, from: ledger))
    }
    return try await PinnedBills.plan(policyVersion: policyVersion, from: ledger)
  }

  private func request(_ key: RunKey, _ policy: DeliveryPolicy, _ joining: Bool) -> RunRequest {
    RunRequest(
      key: key, policyVersion: policy.version, templateVersion: policy.templateVersion,
      programVersion: settings.run.programVersion, worker: settings.run.worker,
      leaseSeconds: settings.run.leaseSeconds, steps: RenderingRun.stepNames, joins: joining,
      isGone: settings.run.isGone)
  }
}
