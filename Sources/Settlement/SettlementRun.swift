import Billing
import Runs

/// One run of Job 1 that this process holds or has joined: its four steps.
struct SettlementRun: Sendable {
  static let stepNames = ["period", "targets", "settle", "complete"]
  static let settleStep = 2

  /// Customers read at a time while the cohort is frozen.
  private static let cohortPage = 20_000
  /// Customers who are no targets looked at together.
  private static let outsiderPage = 500

  let job: SettlementJob
  let hold: RunHold

  private var run: RunRecord { hold.run }
  private var month: BillingMonth { hold.run.key.month }

  func perform() async throws {
    let catalog = try await pinnedCatalog()
    let engine = RunEngine(
      ledger: job.ledger, clock: job.clock, settings: job.settings.run, progress: job.progress,
      logger: job.logger)
    let rater = Rater(catalog: catalog, month: month)
    let unrated = UnratedInputs(catalog: catalog, month: month)
    let neighbours = ChunkNeighbours()
    try await engine.perform(
      [
        // Step 0 was done by opening the run: period, cutoff and catalog are pinned.
        RunStep("period", .whole { _ in ControlTotals(count: Int64(month.dayCount), sum: 0) }),
        RunStep("targets", .whole { try await freezeCohort($0) }),
        RunStep(
          "settle",
          .chunked(
            plan: { try await plan() }, work: { try await settle($0, rater, unrated, neighbours) })),
        RunStep("complete", .whole { try await reconcile(advance: $0) }),
      ], under: hold)
    try await seal(with: engine)
  }

  private func pinnedCatalog() async throws -> Catalog {
    guard let version = run.pins.catalogVersion,
      let catalog = try await job.ledger.catalog(version: version)
    else {
      throw StoreError(
        .corrupt, operation: "settle \(month)",
        detail: "the catalog version that run \(run.key) is pinned to is not in the ledger")
    }
    return catalog
  }

  // MARK: Step 1: the targets

  /// Freezes the cohort in chunk documents of the statement store. Done again after an interruption
  /// it writes the same documents.
  private func freezeCohort(_ advance: @Sendable (Int64) -> Void) async throws -> ControlTotals {
    var totals = ControlTotals(count: 0, sum: 0)
    var hasher = ContentHasher()
    var waiting: [CustomerID] = []
    var chunk = 0
    var last: CustomerID?
    while true {
      let page = try await targets(after: last)
      waiting += page
      last = page.last ?? last
      let isLast = page.count < Self.cohortPage
      var chunks: [TargetChunk] = []
      while waiting.count >= job.settings.chunkSize || (isLast && !waiting.isEmpty) {
        chunks.append(
          TargetChunk(index: chunk, customers: Array(waiting.prefix(job.settings.chunkSize))))
        waiting.removeFirst(min(job.settings.chunkSize, waiting.count))
        chunk += 1
      }
      try await job.store.putTargets(chunks, of: run.key)
      for customer in page { hasher.update(customer.number) }
      totals.count += Int64(page.count)
      advance(Int64(page.count))
      if isLast { break }
      try Task.checkCancellation()
    }
    totals.hash = hasher.finish()
    return totals
  }

  private func targets(after last: CustomerID?) async throws -> [CustomerID] {
    switch run.key.kind {
    case .regular:
      try await job.ledger.cohort(of: run, after: last, limit: Self.cohortPage)
    case .supplement, .correction:
      try await job.ledger.customers(of: run.id, after: last, limit: Self.cohortPage)
    }
  }

  // MARK: Step 2: the statements

  private func plan() async throws -> (expected: ControlTotals, chunks: [ChunkRange]) {
    let ranges = try await job.store.targetRanges(of: run.key)
    let items = ranges.reduce(into: Int64(0)) { $0 += Int64($1.items) }
    return (ControlTotals(count: items, sum: 0), ranges)
  }

  private func settle(
    _ chunk: ClaimedChunk, _ rater: Rater, _ unrated: UnratedInputs, _ neighbours: ChunkNeighbours
  ) async throws -> CheckpointOutcome {
    let targets = try await job.store.targets(of: run.key, chunk: chunk.range.index)
    let isRegular = run.key.kind == .regular
    async let inputs = job.ledger.ratingInputs(
      for: targets, within: isRegular ? chunk.range.lower...chunk.range.upper : nil, of: run)
    let earlier = try await earlierVersions(of: targets)
    let batch = try await inputs
    async let outside =
      isRegular ? unratedOutside(batch.passedOver, beside: chunk.range, unrated, neighbours) : []
    let rated = RatedChunk(
      targets: targets, batch: batch, earlier: earlier, rater: rater, unratedInputs: unrated,
      run: run.id)
    let checkpoint = SettlementCheckpoint(
      chunk: chunk, totals: rated.totals, manifest: rated.manifest, parked: rated.parked,
      unrated: rated.unrated + (try await outside),
      ratedAgain: isRegular ? [] : rated.rated(of: targets))
    if PlantedBug.checkpointBeforeStatements.isPlanted {
      let outcome = try await job.ledger.commit(checkpoint)
      try await job.store.put(rated.statements)
      return outcome
    }
    try await job.store.put(rated.statements)
    return try await job.ledger.commit(checkpoint)
  }

  /// What is left of customers who are no targets. A chunk of the frozen cohort answers for those in it
  /// and for those between it and the chunk before, so that each is seen with one chunk; however many
  /// they are, the inputs of a page of them are in memory, and what is listed of them.
  private func unratedOutside(
    _ passedOver: [CustomerID], beside chunk: ChunkRange, _ unrated: UnratedInputs,
    _ neighbours: ChunkNeighbours
  ) async throws -> [UnratedRow] {
    var rows: [UnratedRow] = []
    var next = passedOver[...]
    while !next.isEmpty {
      try await look(at: Array(next.prefix(Self.outsiderPage)), unrated, &rows)
      next = next.dropFirst(Self.outsiderPage)
    }
    let gaps = try await neighbours.gaps(beside: chunk) {
      try await job.store.targetRanges(of: run.key)
    }
    for gap in gaps {
      var last: CustomerID?
      while true {
        let page = try await job.ledger.outsiders(
          of: run, within: gap, after: last, limit: Self.outsiderPage)
        try await look(at: page, unrated, &rows)
        guard page.count == Self.outsiderPage else { break }
        last = page.last
      }
    }
    return rows
  }

  private func look(
    at outsiders: [CustomerID], _ unrated: UnratedInputs, _ rows: inout [UnratedRow]
  ) async throws {
    try Task.checkCancellation()
    guard !outsiders.isEmpty else { return }
    let batch = try await job.ledger.ratingInputs(for: outsiders, within: nil, of: run)
    for input in batch.inputs { unrated.find(in: input, into: &rows) }
  }

  /// What a correction is to improve on; nothing in other runs.
  private func earlierVersions(of targets: [CustomerID]) async throws -> [CustomerID: ManifestRow] {
    guard run.key.kind == .correction else { return [:] }
    return try await job.ledger.latestVersions(of: targets, month: month, apartFrom: run.id)
  }

  // MARK: Step 3: complete

  /// Targets = statements + parked, as sets (and, in a correction, those whose bill stays as it is);
  /// and what the manifest says is what the store holds.
  private func reconcile(advance: @Sendable (Int64) -> Void) async throws -> ControlTotals {
    var found = ControlTotals(count: 0, sum: 0)
    var parked: Int64 = 0
    let ranges = try await job.store.targetRanges(of: run.key)
    for range in ranges {
      try Task.checkCancellation()
      let part = try await reconcile(range)
      found.count += Int64(part.statements)
      found.sum += part.sum
      parked += Int64(part.parked)
      advance(Int64(range.items))
    }
    let chunks = try await job.ledger.doneChunks(of: run.id, step: Self.settleStep)
    let expected = chunks.reduce(into: ControlTotals(count: 0, sum: 0)) {
      $0.count += $1.totals.count
      $0.sum += $1.totals.sum
    }
    guard found.count == expected.count, found.sum == expected.sum,
      parked == chunks.reduce(0, { $0 + $1.totals.parked })
    else {
      throw disagreement(
        "checkpoints say \(expected.count) statements of \(expected.sum), "
          + "manifest and store \(found.count) of \(found.sum)")
    }
    if run.key.kind == .correction { try await checkDifferences(newSum: found.sum) }
    let targets = found.count + parked
    try await checkParked(parked, of: targets)
    return found
  }

  private func reconcile(_ range: ChunkRange) async throws
    -> (statements: Int, parked: Int, sum: Int64)
  {
    let before = CustomerID(range.lower.number - 1)
    let targets = try await job.store.targets(of: run.key, chunk: range.index)
    async let manifestRows = job.ledger.manifest(
      .run(run.id, month), after: before, limit: range.items)
    async let parkedRows = job.ledger.parked(of: run.id, after: before, limit: range.items)
    async let stored = job.store.digests(of: month, customers: range.lower...range.upper)
    let manifest = try await manifestRows.filter { $0.key.customer <= range.upper }
    let parked = try await parkedRows.filter { $0.customer <= range.upper }
    var accounted = Set(manifest.map(\.key.customer)).union(parked.map(\.customer))
    // A correction leaves customers alone whose bill would be the same: they keep what they have.
    let unchanged = try await earlierVersions(of: targets.filter { !accounted.contains($0) })
    accounted.formUnion(unchanged.keys)
    guard accounted.sorted() == targets,
      manifest.count + parked.count + unchanged.count == targets.count
    else {
      throw disagreement(
        "chunk \(range.index): \(targets.count) targets, but \(manifest.count) statements and "
          + "\(parked.count) parked, or not the same customers")
    }
    let digests = Dictionary(
      try await stored.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    for row in manifest {
      guard let digest = digests[row.key], digest.isIntact, digest.hash == row.hash,
        digest.total == row.total
      else {
        throw disagreement(
          "statement \(row.key) is missing from the store or is not what was settled")
      }
    }
    return (manifest.count, parked.count, manifest.reduce(0) { $0 + $1.total })
  }

  /// The sum of the differences is the new sum less the old sum, each counted by itself.
  private func checkDifferences(newSum: Int64) async throws {
    let sums = try await job.ledger.correctionSums(of: run)
    guard sums.new == newSum else {
      throw disagreement(
        "the corrected statements add up to \(newSum), the manifest says \(sums.new)")
    }
  }

  /// Too many parked customers mean that something is wrong with the data as a whole. Those that
  /// have been mended meanwhile do not count: the supplement that follows settles them.
  private func checkParked(_ parked: Int64, of targets: Int64) async throws {
    let limit = job.settings.maxParkedPerMillion
    guard run.key.kind == .regular, parked * 1_000_000 > targets * limit else { return }
    var customers: [CustomerID] = []
    while true {
      let page = try await job.ledger.parked(of: run.id, after: customers.last, limit: 10_000)
      customers += page.map(\.customer)
      if page.count < 10_000 { break }
    }
    var mended = 0
    if let catalog = try await job.ledger.catalog(for: month) {
      mended = try await job.ratableNow(customers, month: month, catalog: catalog).count
    }
    let left = parked - Int64(mended)
    guard left * 1_000_000 > targets * limit else { return }
    throw RunError(
      .tooManyParked(parked: left, targets: targets), run: run.key,
      detail: "\(left) of \(targets) customers are parked, more than settlement.maxParked allows; "
        + "mend their data and run it again, or raise the limit")
  }

  private func seal(with engine: RunEngine) async throws {
    let chunks = try await job.ledger.doneChunks(of: run.id, step: Self.settleStep)
    var hasher = ContentHasher()
    for chunk in chunks { hasher.update(chunk.totals.hash) }
    try await engine.complete(
      hold, parked: chunks.reduce(0) { $0 + $1.totals.parked }, seal: hasher.finish())
  }

  private func disagreement(_ detail: String) -> RunError {
    RunError(.controlTotals(step: "complete"), run: run.key, detail: detail)
  }
}

/// Where the chunks of a frozen cohort meet: read once for a run's worker.
private actor ChunkNeighbours {
  private var uppers: [CustomerID] = []

  /// Where no chunk's customers lie, between it and the one before; behind the last, all there could be.
  func gaps(
    beside chunk: ChunkRange, _ read: @Sendable () async throws -> [ChunkRange]
  ) async throws -> [ClosedRange<CustomerID>] {
    if uppers.isEmpty { uppers = try await read().map(\.upper) }
    var gaps: [ClosedRange<CustomerID>] = []
    let before = chunk.index == 0 ? Int64.min : uppers[chunk.index - 1].number + 1
    if before < chunk.lower.number {
      gaps.append(CustomerID(before)...CustomerID(chunk.lower.number - 1))
    }
    if chunk.index == uppers.count - 1, chunk.upper.number < .max {
      gaps.append(CustomerID(chunk.upper.number + 1)...CustomerID(.max))
    }
    return gaps
  }
}
