import Billing
import Runs

/// Rows of `runs`, `run_steps` and `chunks`, and the comparison that every commit begins with.
///
/// Whoever changes anything of a run locks its row first, then its chunks, so that nobody waits in a
/// circle.
enum RunRows {
  /// How a run's row is locked.
  enum Hold: String {
    /// Its fence stays: many workers can commit at once, and none of them keeps it from being renewed.
    case fence = "FOR KEY SHARE"
    /// Its lease changes.
    case lease = "FOR NO KEY UPDATE"
    /// It ends, or its fence is raised: nobody is in the middle of a commit.
    case all = "FOR UPDATE"
  }

  static let select = """
    SELECT run_id, job, month, kind, sequence, status, fence, owner, lease_until, cutoff,
      catalog_version, policy_version, template_version, program_version, reason, started_at,
      completed_at, parked, seal, failure, opened_at
    FROM runs
    """

  private static let ofKey = " WHERE job = $1 AND month = $2 AND kind = $3 AND sequence = $4"

  static func find(_ key: RunKey, in connection: PostgresConnection) throws -> RunRecord? {
    try connection.first(
      select + ofKey, key.job.code, key.month, key.kind.code, key.sequence, read: read)
  }

  static func lock(_ key: RunKey, in connection: PostgresConnection) throws -> RunRecord? {
    try connection.first(
      select + ofKey + " FOR UPDATE", key.job.code, key.month, key.kind.code, key.sequence,
      read: read)
  }

  /// A run that keeps a new one from being opened.
  static func open(
    excludedBy request: RunRequest, in connection: PostgresConnection
  ) throws -> RunRecord? {
    guard let job = request.excludes else { return nil }
    return try connection.first(
      select + " WHERE job = $1 AND month = $2 AND status <> 2 ORDER BY run_id LIMIT 1",
      job.code, request.key.month, read: read)
  }

  /// Whether the run still has the fence that it was opened with; its row is locked.
  static func lockHeld(
    _ hold: RunHold, _ locking: Hold = .fence, in connection: PostgresConnection
  ) throws -> Bool {
    try connection.first(
      "SELECT true FROM runs WHERE run_id = $1 AND fence = $2 AND status = 1 "
        + locking.rawValue,
      hold.run.id, hold.run.fence
    ) { _ in true } ?? false
  }

  /// A worker that comes along after another has completed the run under the same fence has lost
  /// nothing.
  static func outcomeOfLostCompare(
    _ hold: RunHold, in connection: PostgresConnection
  ) throws -> CheckpointOutcome {
    let completed = try connection.first(
      "SELECT true FROM runs WHERE run_id = $1 AND fence = $2 AND status = 2",
      hold.run.id, hold.run.fence
    ) { _ in true }
    return completed == true ? .committed : .lost
  }

  /// The first statements of every checkpoint: the run's row is kept as it is where its fence matches, and the chunk marked done where its own does.
  static func checkpoint(
    _ chunk: ClaimedChunk, totals: ChunkTotals, in connection: PostgresConnection
  ) throws -> CheckpointOutcome {
    guard try lockHeld(chunk.hold, in: connection) else { return .lost }
    let done = try connection.run(
      """
      UPDATE chunks SET status = 3, owner = NULL, lease_until = 0, done_count = $1, done_sum = $2,
        done_hash = $3, parked = $4, failure = NULL
      WHERE run_id = $5 AND step = $6 AND chunk = $7 AND fence = $8 AND status = 2
      """,
      totals.count, totals.sum, totals.hash, totals.parked, chunk.hold.run.id, chunk.step,
      chunk.range.index, chunk.fence)
    return done == 1 ? .committed : .lost
  }

  /// A new run, its steps and its customers. The caller holds the lock that every write of inputs
  /// takes, so the highest record number is the last committed one.
  static func insert(
    _ request: RunRequest, at now: Timestamp, openedAt: Timestamp, leaseUntil: Timestamp,
    in connection: PostgresConnection
  ) throws -> RunRecord {
    try connection.query("SELECT prepare_month($1::integer)", request.key.month) { _ in }
    let id = try connection.first(
      """
      INSERT INTO runs (job, month, kind, sequence, status, fence, owner, lease_until, cutoff,
        catalog_version, policy_version, template_version, program_version, reason, started_at,
        opened_at)
      VALUES ($1, $2, $3, $4, 1, 1, $5, $6,
        (SELECT coalesce(max(record_number), 0) FROM records), $7, $8, $9, $10, $11, $12, $13)
      RETURNING run_id
      """,
      request.key.job.code, request.key.month, request.key.kind.code, request.key.sequence,
      request.worker, leaseUntil, request.catalogVersion, request.policyVersion,
      request.templateVersion, request.programVersion, request.reason, now, openedAt
    ) { $0.integer(0) }
    try connection.run(
      """
      INSERT INTO run_steps (run_id, step, name, status)
      SELECT $1, s.place - 1, s.name, 1 FROM unnest($2) WITH ORDINALITY AS s (name, place)
      """, id, TextColumn(request.steps) { $0 })
    if let id, !request.customers.isEmpty {
      try connection.copy(into: "run_customers", ["run_id", "customer_id"]) { rows in
        for customer in request.customers {
          try rows.row()
          rows.int8(id)
          rows.int8(customer.number)
        }
      }
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
    in connection: PostgresConnection
  ) throws -> RunRecord {
    try connection.run(
      "UPDATE runs SET status = 1, fence = fence + 1, owner = $1, lease_until = $2, failure = NULL "
        + "WHERE run_id = $3",
      worker, leaseUntil, run.id)
    try connection.run(
      "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, not_before = 0, attempts = 0, "
        + "fence = fence + 1 WHERE run_id = $1 AND status <> 3",
      run.id)
    // The time until now was nobody's work.
    try connection.run(
      "UPDATE run_steps SET started_at = $1 WHERE run_id = $2 AND status = 2", now, run.id)
    guard let taken = try find(run.key, in: connection) else {
      throw StoreError(.broken, operation: "take over \(run.key)", detail: "the run is not there")
    }
    return taken
  }
}

// MARK: Columns

extension RunRows {
  static func read(_ row: PostgresRow) throws -> RunRecord {
    guard let job = Job(code: row.int(1)), let kind = RunKind(code: row.int(3)),
      let status = RunStatus(rawValue: row.int(5))
    else { throw PostgresLedger.damaged("run \(row.integer(0)) has an unknown code") }
    return RunRecord(
      id: row.integer(0),
      key: RunKey(
        job: job, month: BillingMonth(index: Int32(row.integer(2))), kind: kind,
        sequence: row.int(4)),
      pins: RunPins(
        cutoff: row.integer(9), catalogVersion: row.optionalText(10),
        policyVersion: row.optionalInteger(11).map { Int($0) },
        templateVersion: row.optionalInteger(12).map { Int($0) }, programVersion: row.text(13)),
      status: status, fence: row.integer(6), owner: row.text(7), leaseUntil: row.timestamp(8),
      reason: row.optionalText(14), startedAt: row.timestamp(15), openedAt: row.timestamp(20),
      completedAt: row.optionalTimestamp(16), parked: row.integer(17),
      seal: try row.optionalHash(18), failure: row.optionalText(19))
  }

  static func readStep(_ row: PostgresRow) throws -> StepRecord {
    StepRecord(
      position: row.int(0), name: row.text(1), status: StepStatus(rawValue: row.int(2)) ?? .pending,
      startedAt: row.optionalTimestamp(3), completedAt: row.optionalTimestamp(4),
      expected: try totals(row, at: 5), actual: try totals(row, at: 8),
      chunksDone: row.int(12), chunks: row.int(11), itemsDone: row.integer(14),
      items: row.integer(13))
  }

  /// Columns 0…3: chunk, lower, upper, items.
  static func range(_ row: PostgresRow) -> ChunkRange {
    ChunkRange(
      index: row.int(0), lower: CustomerID(row.integer(1)), upper: CustomerID(row.integer(2)),
      items: row.int(3))
  }

  private static func totals(_ row: PostgresRow, at column: Int) throws -> ControlTotals? {
    guard let count = row.optionalInteger(column) else { return nil }
    return ControlTotals(
      count: count, sum: row.integer(column + 1), hash: try row.optionalHash(column + 2))
  }
}
