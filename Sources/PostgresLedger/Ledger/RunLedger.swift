package import Billing
package import Runs

extension PostgresLedger: RunLedger {
  package func open(_ request: RunRequest) async throws -> RunOpening {
    try await database.write { connection in
      // The cutoff of a new run is the last record number: no write of inputs may be half-way.
      try LedgerLock.inputs.share(in: connection)
      try LedgerLock.runs.take(in: connection)
      let found = try RunRows.lock(request.key, in: connection)
      let now = try self.wallTime(in: connection)
      let leaseUntil = now.adding(seconds: request.leaseSeconds)
      let obstacle = found == nil ? try RunRows.open(excludedBy: request, in: connection) : nil
      switch OpeningDecision.decide(request, found: found, obstacle: obstacle, at: now) {
      case .start:
        let run = try RunRows.insert(
          request, at: now, openedAt: try self.now(in: connection), leaseUntil: leaseUntil,
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
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, .lease, in: connection) else {
        return try RunRows.outcomeOfLostCompare(hold, in: connection)
      }
      let until = try self.wallTime(in: connection).adding(seconds: leaseSeconds)
      try connection.run(
        "UPDATE runs SET lease_until = greatest(lease_until, $1) WHERE run_id = $2",
        until, hold.run.id)
      try connection.run(
        "UPDATE chunks SET lease_until = $1 WHERE run_id = $2 AND status <> 3 AND status = 2 "
          + "AND owner = $3",
        until, hold.run.id, hold.worker)
      return .committed
    }
  }

  package func release(_ hold: RunHold) async throws {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, .lease, in: connection) else { return }
      try connection.run(
        "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, fence = fence + 1 "
          + "WHERE run_id = $1 AND status <> 3 AND status = 2 AND owner = $2",
        hold.run.id, hold.worker)
      // Whoever works along renews the lease; nobody does when this was the last.
      try connection.run(
        "UPDATE runs SET lease_until = 0 WHERE run_id = $1 AND owner = $2", hold.run.id,
        hold.worker)
    }
  }

  package func start(
    step: Int, expected: ControlTotals?, chunks: [ChunkRange], under hold: RunHold
  ) async throws -> CheckpointOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, in: connection) else {
        return try RunRows.outcomeOfLostCompare(hold, in: connection)
      }
      let now = try self.wallTime(in: connection)
      let begun = try connection.run(
        """
        UPDATE run_steps SET status = 2, started_at = $1, expected_count = $2, expected_sum = $3,
          expected_hash = $4
        WHERE run_id = $5 AND step = $6 AND status = 1
        """,
        now, expected?.count, expected?.sum, expected?.hash, hold.run.id, step)
      guard begun == 1 else { return .committed }
      try connection.run(
        """
        INSERT INTO chunks (run_id, step, chunk, lower, upper, items, status)
        SELECT $1, $2, c.*, 1 FROM unnest($3, $4, $5, $6) AS c
        """, hold.run.id, step, IntegerColumn(chunks) { $0.index },
        IntegerColumn(chunks) { $0.lower }, IntegerColumn(chunks) { $0.upper },
        IntegerColumn(chunks) { $0.items })
      return .committed
    }
  }

  package func claimChunk(
    step: Int, under hold: RunHold, leaseSeconds: Int64
  ) async throws -> ClaimOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, in: connection) else {
        let outcome = try RunRows.outcomeOfLostCompare(hold, in: connection)
        return outcome == .committed ? .allDone : .lost
      }
      // What another worker is about to claim is passed over.
      let now = try self.wallTime(in: connection)
      let free = try connection.first(
        """
        SELECT chunk, lower, upper, items, fence, attempts FROM chunks
        WHERE run_id = $1 AND step = $2 AND status <> 3
          AND ((status = 1 AND not_before <= $3) OR (status = 2 AND lease_until <= $3))
        ORDER BY chunk LIMIT 1 FOR UPDATE SKIP LOCKED
        """, hold.run.id, step, now
      ) { row in
        ClaimedChunk(
          hold: hold, step: step, range: RunRows.range(row), fence: row.integer(4) + 1,
          attempt: row.int(5) + 1)
      }
      if let free {
        try connection.run(
          "UPDATE chunks SET status = 2, fence = $1, owner = $2, lease_until = $3, attempts = $4 "
            + "WHERE run_id = $5 AND step = $6 AND chunk = $7",
          free.fence, hold.worker, now.adding(seconds: leaseSeconds), free.attempt, hold.run.id,
          step, free.range.index)
        return .claimed(free)
      }
      let next = try connection.first(
        "SELECT min(CASE status WHEN 1 THEN not_before ELSE lease_until END) FROM chunks "
          + "WHERE run_id = $1 AND step = $2 AND status <> 3",
        hold.run.id, step
      ) { $0.optionalTimestamp(0) }
      guard let next, let moment = next else { return .allDone }
      return .wait(until: moment)
    }
  }

  package func giveBack(
    _ chunk: ClaimedChunk, reason: String, retryAfterSeconds: Int64
  ) async throws -> CheckpointOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(chunk.hold, in: connection) else { return .lost }
      let notBefore = try self.wallTime(in: connection).adding(seconds: retryAfterSeconds)
      let given = try connection.run(
        "UPDATE chunks SET status = 1, owner = NULL, lease_until = 0, not_before = $1, failure = $2 "
          + "WHERE run_id = $3 AND step = $4 AND chunk = $5 AND fence = $6 AND status = 2",
        notBefore, reason, chunk.hold.run.id, chunk.step, chunk.range.index, chunk.fence)
      return given == 1 ? .committed : .lost
    }
  }

  package func complete(
    step: Int, actual: ControlTotals, under hold: RunHold
  ) async throws -> CheckpointOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, in: connection) else {
        return try RunRows.outcomeOfLostCompare(hold, in: connection)
      }
      try connection.run(
        """
        UPDATE run_steps SET status = 3, completed_at = $1, actual_count = $2, actual_sum = $3,
          actual_hash = $4
        WHERE run_id = $5 AND step = $6 AND status = 2
        """,
        try self.wallTime(in: connection), actual.count, actual.sum, actual.hash, hold.run.id, step)
      return .committed
    }
  }

  package func complete(
    _ hold: RunHold, parked: Int64, seal: ContentHash
  ) async throws -> CheckpointOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, .all, in: connection) else { return .lost }
      let sealed = try connection.run(
        """
        UPDATE runs SET status = 2, completed_at = $1, parked = $2, seal = $3, lease_until = 0,
          failure = NULL
        WHERE run_id = $4 AND fence = $5 AND status = 1
        """,
        try self.wallTime(in: connection), parked, seal, hold.run.id, hold.run.fence)
      return sealed == 1 ? .committed : .lost
    }
  }

  package func fail(_ hold: RunHold, reason: String) async throws -> CheckpointOutcome {
    try await database.write { connection in
      guard try RunRows.lockHeld(hold, .all, in: connection) else { return .lost }
      let failed = try connection.run(
        "UPDATE runs SET status = 3, failure = $1, lease_until = 0 "
          + "WHERE run_id = $2 AND fence = $3 AND status = 1",
        reason, hold.run.id, hold.run.fence)
      return failed == 1 ? .committed : .lost
    }
  }

  package func run(_ key: RunKey) async throws -> RunRecord? {
    try await database.read { try RunRows.find(key, in: $0) }
  }

  package func runs(of month: BillingMonth?) async throws -> [RunRecord] {
    try await database.read { connection in
      try connection.rows(
        RunRows.select + " WHERE $1::integer IS NULL OR month = $1::integer ORDER BY run_id",
        (month?.index).map { Int64($0) }, read: RunRows.read)
    }
  }

  package func steps(of run: Int64) async throws -> [StepRecord] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT s.step, s.name, s.status, s.started_at, s.completed_at, s.expected_count,
          s.expected_sum, s.expected_hash, s.actual_count, s.actual_sum, s.actual_hash,
          count(c.chunk), count(c.chunk) FILTER (WHERE c.status = 3),
          coalesce(sum(c.items), 0)::bigint,
          coalesce(sum(c.items) FILTER (WHERE c.status = 3), 0)::bigint
        FROM run_steps s LEFT JOIN chunks c ON c.run_id = s.run_id AND c.step = s.step
        WHERE s.run_id = $1 GROUP BY s.run_id, s.step ORDER BY s.step
        """, run, read: RunRows.readStep)
    }
  }

  package func doneChunks(of run: Int64, step: Int) async throws -> [DoneChunk] {
    try await database.read { connection in
      try connection.rows(
        "SELECT chunk, lower, upper, items, done_count, done_sum, done_hash, parked FROM chunks "
          + "WHERE run_id = $1 AND step = $2 AND status = 3 ORDER BY chunk",
        run, step
      ) { row in
        DoneChunk(
          range: RunRows.range(row),
          totals: ChunkTotals(
            count: row.integer(4), sum: row.integer(5), hash: try row.hash(6),
            parked: row.integer(7)))
      }
    }
  }

  package func customers(
    of run: Int64, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await database.read { connection in
      try connection.rows(
        "SELECT customer_id FROM run_customers WHERE run_id = $1 AND customer_id > $2 "
          + "ORDER BY customer_id LIMIT $3",
        run, after?.number ?? Int64.min, limit
      ) { CustomerID($0.integer(0)) }
    }
  }
}
