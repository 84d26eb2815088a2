package import Billing
package import Runs

extension EmbeddedLedger: RunLedger {
  package func open(_ request: RunRequest) async throws -> RunOpening {
    let now = clock.now()
    return try await database.write { connection in
      let leaseUntil = now.adding(seconds: request.leaseSeconds)
      let found = try RunRows.find(request.key, in: connection)
      let obstacle = found == nil ? try RunRows.open(excludedBy: request, in: connection) : nil
      switch OpeningDecision.decide(request, found: found, obstacle: obstacle, at: now) {
      case .start:
        let run = try RunRows.insert(
          request, at: now, openedAt: self.now(in: connection), leaseUntil: leaseUntil,
          in: connection)
        return .started(RunHold(run: run, worker: request.worker))
      case .takeOver(let run):
        let taken = try RunRows.takeOver(
          run, by: request.worker, at: now, leaseUntil: leaseUntil, in: connection)
        return .resumed(RunHold(run: taken, worker: request.worker))
      case .leave(let opening):
        return opening
      }
    }
  }

  package func renew(_ hold: RunHold, leaseSeconds: Int64) async throws -> CheckpointOutcome {
    let until = clock.now().adding(seconds: leaseSeconds)
    return try await database.write { connection in
      let renewed = try connection.run(
        "UPDATE runs SET lease_until = max(lease_until, ?1) WHERE run_id = ?2 AND fence = ?3 AND status = 1",
        until, hold.run.id, hold.run.fence)
      guard renewed == 1 else { return try RunRows.outcomeOfLostCompare(hold, in: connection) }
      try connection.run(
        "UPDATE chunks SET lease_until = ?1 WHERE run_id = ?2 AND status = 2 AND owner = ?3",
        until, hold.run.id, hold.worker)
      return .committed
    }
  }

  package func release(_ hold: RunHold) async throws {
    try await database.write { connection in
      guard try RunRows.isHeld(hold, in: connection) else { return }
      try connection.run(
        "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, fence = fence + 1 "
          + "WHERE run_id = ?1 AND status = 2 AND owner = ?2",
        hold.run.id, hold.worker)
      // Whoever works along renews the lease; nobody does when this was the last.
      try connection.run(
        "UPDATE runs SET lease_until = 0 WHERE run_id = ?1 AND fence = ?2 AND owner = ?3",
        hold.run.id, hold.run.fence, hold.worker)
    }
  }

  package func start(
    step: Int, expected: ControlTotals?, chunks: [ChunkRange], under hold: RunHold
  ) async throws -> CheckpointOutcome {
    let now = clock.now()
    return try await database.write { connection in
      guard try RunRows.isHeld(hold, in: connection) else {
        return try RunRows.outcomeOfLostCompare(hold, in: connection)
      }
      let begun = try connection.run(
        """
        UPDATE run_steps SET status = 2, started_at = ?1, expected_count = ?2, expected_sum = ?3,
          expected_hash = ?4
        WHERE run_id = ?5 AND step = ?6 AND status = 1
        """,
        now, expected?.count, expected?.sum, expected?.hash, hold.run.id, step)
      guard begun == 1 else { return .committed }
      let insert = try connection.statement(
        "INSERT INTO chunks (run_id, step, chunk, lower, upper, items, status) "
          + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)")
      for chunk in chunks {
        insert.bind(hold.run.id, at: 1)
        insert.bind(step, at: 2)
        insert.bind(chunk.index, at: 3)
        insert.bind(chunk.lower.number, at: 4)
        insert.bind(chunk.upper.number, at: 5)
        insert.bind(chunk.items, at: 6)
        try insert.finish()
      }
      return .committed
    }
  }

  package func claimChunk(
    step: Int, under hold: RunHold, leaseSeconds: Int64
  ) async throws -> ClaimOutcome {
    let now = clock.now()
    return try await database.write { connection in
      guard try RunRows.isHeld(hold, in: connection) else {
        let outcome = try RunRows.outcomeOfLostCompare(hold, in: connection)
        return outcome == .committed ? .allDone : .lost
      }
      let free = try connection.first(
        """
        SELECT chunk, lower, upper, items, fence, attempts FROM chunks
        WHERE run_id = ?1 AND step = ?2
          AND ((status = 1 AND not_before <= ?3) OR (status = 2 AND lease_until <= ?3))
        ORDER BY chunk LIMIT 1
        """, hold.run.id, step, now
      ) { row in
        ClaimedChunk(
          hold: hold, step: step,
          range: ChunkRange(
            index: row.int(0), lower: CustomerID(row.integer(1)),
            upper: CustomerID(row.integer(2)), items: row.int(3)),
          fence: row.integer(4) + 1, attempt: row.int(5) + 1)
      }
      if let free {
        try connection.run(
          "UPDATE chunks SET status = 2, fence = ?1, owner = ?2, lease_until = ?3, attempts = ?4 "
            + "WHERE run_id = ?5 AND step = ?6 AND chunk = ?7",
          free.fence, hold.worker, now.adding(seconds: leaseSeconds), free.attempt, hold.run.id,
          step, free.range.index)
        return .claimed(free)
      }
      let next = try connection.first(
        "SELECT min(CASE status WHEN 1 THEN not_before ELSE lease_until END) FROM chunks "
          + "WHERE run_id = ?1 AND step = ?2 AND status <> 3",
        hold.run.id, step
      ) { $0.optionalInteger(0) }
      guard let next, let moment = next else { return .allDone }
      return .wait(until: Timestamp(milliseconds: moment))
    }
  }

  package func giveBack(
    _ chunk: ClaimedChunk, reason: String, retryAfterSeconds: Int64
  ) async throws -> CheckpointOutcome {
    let notBefore = clock.now().adding(seconds: retryAfterSeconds)
    return try await database.write { connection in
      guard try RunRows.isHeld(chunk.hold, in: connection) else { return .lost }
      let given = try connection.run(
        "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, not_before = ?1, failure = ?2 "
          + "WHERE run_id = ?3 AND step = ?4 AND chunk = ?5 AND fence = ?6 AND status = 2",
        notBefore, reason, chunk.hold.run.id, chunk.step, chunk.range.index, chunk.fence)
      return given == 1 ? .committed : .lost
    }
  }

  package func complete(
    step: Int, actual: ControlTotals, under hold: RunHold
  ) async throws -> CheckpointOutcome {
    let now = clock.now()
    return try await database.write { connection in
      guard try RunRows.isHeld(hold, in: connection) else {
        return try RunRows.outcomeOfLostCompare(hold, in: connection)
      }
      try connection.run(
        """
        UPDATE run_steps SET status = 3, completed_at = ?1, actual_count = ?2, actual_sum = ?3,
          actual_hash = ?4
        WHERE run_id = ?5 AND step = ?6 AND status = 2
        """,
        now, actual.count, actual.sum, actual.hash, hold.run.id, step)
      return .committed
    }
  }

  package func complete(
    _ hold: RunHold, parked: Int64, seal: ContentHash
  ) async throws -> CheckpointOutcome {
    let now = clock.now()
    return try await database.write { connection in
      let sealed = try connection.run(
        """
        UPDATE runs SET status = 2, completed_at = ?1, parked = ?2, seal = ?3, lease_until = 0,
          failure = NULL
        WHERE run_id = ?4 AND fence = ?5 AND status = 1
        """,
        now, parked, seal, hold.run.id, hold.run.fence)
      return sealed == 1 ? .committed : .lost
    }
  }

  package func fail(_ hold: RunHold, reason: String) async throws -> CheckpointOutcome {
    try await database.write { connection in
      let failed = try connection.run(
        "UPDATE runs SET status = 3, failure = ?1, lease_until = 0 "
          + "WHERE run_id = ?2 AND fence = ?3 AND status = 1",
        reason, hold.run.id, hold.run.fence)
      return failed == 1 ? .committed : .lost
    }
  }

  package func run(_ key: RunKey) async throws -> RunRecord? {
    try await database.read { try RunRows.find(key, in: $0) }
  }

  package func runs(of month: BillingMonth?) async throws -> [RunRecord] {
    try await database.read { connection in
      var runs: [RunRecord] = []
      try connection.query(
        RunRows.select + " WHERE ?1 IS NULL OR month = ?1 ORDER BY run_id", month
      ) { runs.append(try RunRows.read($0)) }
      return runs
    }
  }

  package func steps(of run: Int64) async throws -> [StepRecord] {
    try await database.read { connection in
      var steps: [StepRecord] = []
      try connection.query(
        """
        SELECT s.step, s.name, s.status, s.started_at, s.completed_at, s.expected_count,
          s.expected_sum, s.expected_hash, s.actual_count, s.actual_sum, s.actual_hash,
          count(c.chunk), count(c.chunk) FILTER (WHERE c.status = 3),
          coalesce(sum(c.items), 0), coalesce(sum(c.items) FILTER (WHERE c.status = 3), 0)
        FROM run_steps s LEFT JOIN chunks c ON c.run_id = s.run_id AND c.step = s.step
        WHERE s.run_id = ?1 GROUP BY s.step ORDER BY s.step
        """, run
      ) { row in
        steps.append(try RunRows.readStep(row))
      }
      return steps
    }
  }

  package func doneChunks(of run: Int64, step: Int) async throws -> [DoneChunk] {
    try await database.read { connection in
      var chunks: [DoneChunk] = []
      try connection.query(
        "SELECT chunk, lower, upper, items, done_count, done_sum, done_hash, parked FROM chunks "
          + "WHERE run_id = ?1 AND step = ?2 AND status = 3 ORDER BY chunk",
        run, step
      ) { row in
        chunks.append(
          DoneChunk(
            range: ChunkRange(
              index: row.int(0), lower: CustomerID(row.integer(1)),
              upper: CustomerID(row.integer(2)), items: row.int(3)),
            totals: ChunkTotals(
              count: row.integer(4), sum: row.integer(5), hash: try row.hash(6),
              parked: row.integer(7))))
      }
      return chunks
    }
  }

  package func customers(of run: Int64, after: CustomerID?, limit: Int) async throws
    -> [CustomerID]
  {
    try await database.read { connection in
      var customers: [CustomerID] = []
      try connection.query(
        "SELECT customer_id FROM run_customers WHERE run_id = ?1 AND customer_id > ?2 "
          + "ORDER BY customer_id LIMIT ?3",
        run, after?.number ?? Int64.min, limit
      ) { customers.append(CustomerID($0.integer(0))) }
      return customers
    }
  }
}

/// Rows of `runs` and `run_steps`, and the two comparisons that every commit begins with.
enum RunRows {
  static let select = """
    SELECT run_id, job, month, kind, sequence, status, fence, owner, lease_until, cutoff,
      catalog_version, policy_version, template_version, program_version, reason, started_at,
      completed_at, parked, seal, failure, opened_at
    FROM runs
    """

  static func find(_ key: RunKey, in connection: Connection) throws -> RunRecord? {
    try connection.first(
      select + " WHERE job = ?1 AND month = ?2 AND kind = ?3 AND sequence = ?4",
      key.job.code, key.month, key.kind.code, key.sequence, read: read)
  }

  /// A run that keeps a new one from being opened.
  static func open(
    excludedBy request: RunRequest, in connection: Connection
  ) throws -> RunRecord? {
    guard let job = request.excludes else { return nil }
    return try connection.first(
      select + " WHERE job = ?1 AND month = ?2 AND status <> 2 ORDER BY run_id LIMIT 1",
      job.code, request.key.month, read: read)
  }

  static func read(_ row: Statement) throws -> RunRecord {
    guard let job = Job(code: row.int(1)), let kind = RunKind(code: row.int(3)),
      let status = RunStatus(rawValue: row.int(5))
    else {
      throw StoreError(
        .corrupt, operation: "read a run", detail: "run \(row.integer(0)) is damaged")
    }
    return RunRecord(
      id: row.integer(0),
      key: RunKey(
        job: job, month: BillingMonth(index: try row.int32(2)), kind: kind,
        sequence: row.int(4)),
      pins: RunPins(
        cutoff: row.integer(9), catalogVersion: row.optionalText(10),
        policyVersion: row.optionalInteger(11).map { Int($0) },
        templateVersion: row.optionalInteger(12).map { Int($0) }, programVersion: row.text(13)),
      status: status, fence: row.integer(6), owner: row.text(7),
      leaseUntil: Timestamp(milliseconds: row.integer(8)), reason: row.optionalText(14),
      startedAt: Timestamp(milliseconds: row.integer(15)),
      openedAt: Timestamp(milliseconds: row.integer(20)),
      completedAt: row.optionalInteger(16).map { Timestamp(milliseconds: $0) },
      parked: row.integer(17), seal: row.isNull(18) ? nil : try row.hash(18),
      failure: row.optionalText(19))
  }

  static func readStep(_ row: Statement) throws -> StepRecord {
    StepRecord(
      position: row.int(0), name: row.text(1), status: StepStatus(rawValue: row.int(2)) ?? .pending,
      startedAt: row.optionalInteger(3).map { Timestamp(milliseconds: $0) },
      completedAt: row.optionalInteger(4).map { Timestamp(milliseconds: $0) },
      expected: try totals(row, at: 5), actual: try totals(row, at: 8),
      chunksDone: row.int(12), chunks: row.int(11), itemsDone: row.integer(14),
      items: row.integer(13))
  }

  private static func totals(_ row: Statement, at column: Int) throws -> ControlTotals? {
    guard let count = row.optionalInteger(column) else { return nil }
    return ControlTotals(
      count: count, sum: row.integer(column + 1),
      hash: row.isNull(column + 2) ? nil : try row.hash(column + 2))
  }

  /// A new run. The write lock of this transaction is the one that every write of inputs takes, so
  /// the highest record number is the last committed one.
  static func insert(
    _ request: RunRequest, at now: Timestamp, openedAt: Timestamp, leaseUntil: Timestamp,
    in connection: Connection
  ) throws -> RunRecord {
    try connection.run(
      """
      INSERT INTO runs (job, month, kind, sequence, status, fence, owner, lease_until, cutoff,
        catalog_version, policy_version, template_version, program_version, reason, started_at,
        opened_at)
      VALUES (?1, ?2, ?3, ?4, 1, 1, ?5, ?6,
        (SELECT coalesce(max(record_number), 0) FROM records), ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """,
      request.key.job.code, request.key.month, request.key.kind.code, request.key.sequence,
      request.worker, leaseUntil, request.catalogVersion, request.policyVersion,
      request.templateVersion, request.programVersion, request.reason, now, openedAt)
    let id = connection.lastInsertedRow
    for (position, name) in request.steps.enumerated() {
      try connection.run(
        "INSERT INTO run_steps (run_id, step, name, status) VALUES (?1, ?2, ?3, 1)",
        id, position, name)
    }
    let insert = try connection.statement(
      "INSERT INTO run_customers (run_id, customer_id) VALUES (?1, ?2)")
    for customer in request.customers {
      insert.bind(id, at: 1)
      insert.bind(customer.number, at: 2)
      try insert.finish()
    }
    guard let run = try find(request.key, in: connection) else {
      throw StoreError(.broken, operation: "open \(request.key)", detail: "the run is not there")
    }
    return run
  }

  /// Raises the run's fence and frees its chunks: what the former owner had claimed can no longer
  /// be committed, since every commit compares the run's fence.
  static func takeOver(
    _ run: RunRecord, by worker: String, at now: Timestamp, leaseUntil: Timestamp,
    in connection: Connection
  ) throws -> RunRecord {
    try connection.run(
      "UPDATE runs SET status = 1, fence = fence + 1, owner = ?1, lease_until = ?2, failure = NULL "
        + "WHERE run_id = ?3",
      worker, leaseUntil, run.id)
    try connection.run(
      "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, not_before = 0, attempts = 0, "
        + "fence = fence + 1 WHERE run_id = ?1 AND status <> 3",
      run.id)
    // The time until now was nobody's work.
    try connection.run(
      "UPDATE run_steps SET started_at = ?1 WHERE run_id = ?2 AND status = 2", now, run.id)
    guard let taken = try find(run.key, in: connection) else {
      throw StoreError(.broken, operation: "take over \(run.key)", detail: "the run is not there")
    }
    return taken
  }

  /// Whether the run still has the fence that it was opened with.
  static func isHeld(_ hold: RunHold, in connection: Connection) throws -> Bool {
    try connection.first(
      "SELECT 1 FROM runs WHERE run_id = ?1 AND fence = ?2 AND status = 1",
      hold.run.id, hold.run.fence
    ) { _ in true } ?? false
  }

  /// A worker that comes along after another has completed the run under the same fence has lost
  /// nothing.
  static func outcomeOfLostCompare(_ hold: RunHold, in connection: Connection) throws
    -> CheckpointOutcome
  {
    let completed = try connection.first(
      "SELECT 1 FROM runs WHERE run_id = ?1 AND fence = ?2 AND status = 2",
      hold.run.id, hold.run.fence
    ) { _ in true }
    return completed == true ? .committed : .lost
  }

  /// The first statement of every checkpoint: marks the chunk done where its fence and the run's
  /// match. SQLite has one writer, so the run's row needs no lock of its own.
  static func checkpoint(
    _ chunk: ClaimedChunk, totals: ChunkTotals, in connection: Connection
  ) throws -> CheckpointOutcome {
    let done = try connection.run(
      """
      UPDATE chunks SET status = 3, owner = NULL, lease_until = 0, done_count = ?1, done_sum = ?2,
        done_hash = ?3, parked = ?4, failure = NULL
      WHERE run_id = ?5 AND step = ?6 AND chunk = ?7
        AND (fence = ?8 AND status = 2\(PlantedBug.checkpointWithoutFence.clause(" OR true")))
        AND EXISTS (SELECT 1 FROM runs WHERE run_id = ?5 AND fence = ?9 AND status = 1)
      """,
      totals.count, totals.sum, totals.hash, totals.parked, chunk.hold.run.id, chunk.step,
      chunk.range.index, chunk.fence, chunk.hold.run.fence)
    return done == 1 ? .committed : .lost
  }
}
