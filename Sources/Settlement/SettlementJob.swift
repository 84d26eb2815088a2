package import Billing
package import Logging
package import Runs

/// How Job 1 is done.
package struct SettlementSettings: Sendable {
  package var run: RunSettings
  /// Customers in a chunk, 1…100,000.
  package var chunkSize: Int
  /// The share of targets, in millionths, that may be parked in a run that completes.
  package var maxParkedPerMillion: Int64

  package init(
    run: RunSettings, chunkSize: Int = 2000, maxParkedPerMillion: Int64 = 10_000
  ) {
    self.run = run
    self.chunkSize = chunkSize
    self.maxParkedPerMillion = maxParkedPerMillion
  }
}

/// Job 1 (정산): one immutable statement per customer of a month, exactly once, however often it is
/// started.
package struct SettlementJob: Sendable {
  let ledger: any SettlementLedger
  let store: any StatementStore
  let clock: any WallClock
  let settings: SettlementSettings
  let progress: any RunProgress
  let logger: Logger

  package init(
    ledger: any SettlementLedger, store: any StatementStore, clock: any WallClock,
    settings: SettlementSettings, progress: any RunProgress, logger: Logger
  ) {
    self.ledger = ledger
    self.store = store
    self.clock = clock
    self.settings = settings
    self.progress = progress
    self.logger = logger
  }

  /// Settles a month, goes on with a settlement that was interrupted, or settles what was parked
  /// and can be rated now, and who was recorded too late. The runs that were worked on: none when there was nothing to do.
  ///
  /// - Parameter asOf: the moment at which the month has to be over, where it is not the clock's.
  package func settle(
    _ month: BillingMonth, joining: Bool = false, asOf: Timestamp? = nil
  ) async throws -> [RunRecord] {
    var done: [RunRecord] = []
    let existing = try await ledger.runs(of: month).filter { $0.key.job == .settlement }
    if existing.first(where: { $0.key.kind == .regular })?.status != .completed {
      done.append(
        try await settleRegular(month, joining: joining, asOf: asOf ?? clock.now()))
    }
    for run in existing where run.key.kind == .supplement && run.status != .completed {
      done.append(
        try await perform(
          request(run.key, catalog: run.pins.catalogVersion, joining: joining)))
    }
    if let supplement = try await settleLeft(month) { done.append(supplement) }
    return done
  }

  /// Makes the next version of the statements of some customers (재정산).
  ///
  /// A correction that was interrupted goes on when it is asked for again with the same customers.
  package func correct(
    _ month: BillingMonth, customers: [CustomerID], reason: String, joining: Bool = false
  ) async throws -> RunRecord? {
    let customers = Array(Set(customers)).sorted()
    let runs = try await ledger.runs(of: month).filter { $0.key.job == .settlement }
    guard runs.contains(where: { $0.key.kind == .regular && $0.status == .completed }) else {
      throw SettlementError.notSettled(month)
    }
    let corrections = runs.filter { $0.key.kind == .correction }
    if let open = corrections.first(where: { $0.status != .completed }) {
      guard
        try await ledger.customers(of: open.id, after: nil, limit: customers.count + 1)
          == customers
      else { throw SettlementError.correctionOpen(month, sequence: open.key.sequence) }
      return try await perform(
        request(open.key, catalog: open.pins.catalogVersion, joining: joining))
    }
    let versions = try await ledger.latestVersions(of: customers, month: month, apartFrom: 0)
    let without = customers.filter { versions[$0] == nil }
    guard without.isEmpty else {
      throw SettlementError.noStatement(month, customers: without)
    }
    guard !customers.isEmpty else { return nil }
    let catalog = try await currentCatalog(for: month)
    try await refuseOtherCurrency(catalog, month: month, runs: runs)
    let key = RunKey(
      job: .settlement, month: month, kind: .correction, sequence: corrections.count + 1)
    var request = request(key, catalog: catalog.version, joining: joining)
    request.customers = customers
    request.reason = reason
    request.excludes = .settlement
    let run = try await perform(request)
    // Somebody else may have taken this sequence for other customers in between: then ours is next.
    let corrected = try await ledger.customers(of: run.id, after: nil, limit: customers.count + 1)
    guard corrected == customers else {
      return try await correct(month, customers: customers, reason: reason, joining: joining)
    }
    return run
  }

  // MARK: Kinds of runs

  private func settleRegular(
    _ month: BillingMonth, joining: Bool, asOf: Timestamp
  ) async throws -> RunRecord {
    let catalog = try await currentCatalog(for: month)
    guard let zone = ZoneRules(catalog.timeZone) else {
      throw SettlementError.noCatalog(month)  // a catalog's zone is checked when it is applied
    }
    guard zone.day(at: asOf) >= month.next.firstDay else {
      throw SettlementError.monthNotOver(month, lastDay: month.next.firstDay.advanced(by: -1))
    }
    let key = RunKey(job: .settlement, month: month, kind: .regular, sequence: 1)
    return try await perform(request(key, catalog: catalog.version, joining: joining))
  }

  /// Opens a supplement over exactly the parked customers that can be rated now, and those who were
  /// recorded too late for the regular run, if there are any.
  private func settleLeft(_ month: BillingMonth) async throws -> RunRecord? {
    let runs = try await ledger.runs(of: month).filter { $0.key.job == .settlement }
    let catalog = try await currentCatalog(for: month)
    let last = runs.filter { $0.key.kind != .correction }.max { $0.pins.cutoff < $1.pins.cutoff }
    if let last, last.pins.catalogVersion == catalog.version,
      try await ledger.lastRecordNumber() == last.pins.cutoff
    {
      return nil  // nothing was recorded since
    }
    let ratable = try await ratableNow(try await unsettled(month), month: month, catalog: catalog)
    // Of these, who cannot be rated is parked by the supplement, for everybody to see.
    let customers = ratable + (try await lateCustomers(month))
    guard !customers.isEmpty else { return nil }
    try await refuseOtherCurrency(catalog, month: month, runs: runs)
    let key = RunKey(
      job: .settlement, month: month, kind: .supplement,
      sequence: runs.count { $0.key.kind == .supplement } + 1)
    var request = request(key, catalog: catalog.version, joining: false)
    request.customers = customers.sorted()
    // Never two supplements at once over the same customers.
    request.excludes = .settlement
    return try await perform(request)
  }

  /// A month is in one currency, the one that its regular run was pinned to: nobody's bill changes
  /// it by a correction, and nobody gets theirs in another by a supplement.
  private func refuseOtherCurrency(
    _ catalog: Catalog, month: BillingMonth, runs: [RunRecord]
  ) async throws {
    guard let regular = runs.first(where: { $0.key.kind == .regular }),
      let version = regular.pins.catalogVersion,
      let pinned = try await ledger.catalog(version: version),
      pinned.currency != catalog.currency
    else { return }
    throw SettlementError.currencyChanged(
      month, settledIn: pinned.currency, catalog: catalog.version, in: catalog.currency)
  }

  private func currentCatalog(for month: BillingMonth) async throws -> Catalog {
    guard let catalog = try await ledger.catalog(for: month) else {
      throw SettlementError.noCatalog(month)
    }
    return catalog
  }

  private func unsettled(_ month: BillingMonth) async throws -> [CustomerID] {
    try await allPages {
      try await ledger.unsettled(of: month, after: $0, limit: $1).map(\.customer)
    }
  }

  private func lateCustomers(_ month: BillingMonth) async throws -> [CustomerID] {
    try await allPages { try await ledger.lateCustomers(of: month, after: $0, limit: $1) }
  }

  private func allPages(
    _ page: (_ after: CustomerID?, _ limit: Int) async throws -> [CustomerID]
  ) async throws -> [CustomerID] {
    var all: [CustomerID] = []
    while true {
      let next = try await page(all.last, 10_000)
      all += next
      if next.count < 10_000 { return all }
    }
  }

  /// Those that would not be parked by a run opened now.
  func ratableNow(
    _ customers: [CustomerID], month: BillingMonth, catalog: Catalog
  ) async throws -> [CustomerID] {
    let rater = Rater(catalog: catalog, month: month)
    var ratable: [CustomerID] = []
    for start in stride(from: 0, to: customers.count, by: settings.chunkSize) {
      let page = Array(customers[start..<min(start + settings.chunkSize, customers.count)])
      let batch = try await ledger.currentRatingInputs(for: page, month: month)
      let sizes = BundleSizes(members: batch.bundleMembers, month: month)
      for input in batch.inputs
      where (try? rater.statement(for: input, version: 1, bundleSizes: sizes)) != nil {
        ratable.append(input.customer)
      }
    }
    return ratable
  }

  // MARK: One run

  private func request(_ key: RunKey, catalog: String?, joining: Bool) -> RunRequest {
    RunRequest(
      key: key, catalogVersion: catalog, programVersion: settings.run.programVersion,
      worker: settings.run.worker, leaseSeconds: settings.run.leaseSeconds,
      steps: SettlementRun.stepNames, joins: joining, isGone: settings.run.isGone)
  }

  private func perform(_ request: RunRequest) async throws -> RunRecord {
    switch try await ledger.open(request) {
    case .started(let hold), .resumed(let hold), .joined(let hold):
      try await SettlementRun(job: self, hold: hold).perform()
      return try await ledger.run(request.key) ?? hold.run
    case .completed(let run):
      return run
    case .held(let run):
      throw RunError.held(run)
    }
  }
}
