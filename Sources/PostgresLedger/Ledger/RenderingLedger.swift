package import Billing
package import Rendering
package import Runs

extension PostgresLedger: RenderingLedger {
  package func chunkRanges(
    of selection: RenderingSelection, size: Int
  ) async throws -> [ChunkRange] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT (place - 1) / $3, min(customer_id), max(customer_id), count(*) FROM (
          SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS place
          FROM (\(SelectedRows.customers(selection))) selected) placed
        GROUP BY 1 ORDER BY 1
        """, selection.month, selection.run, size
      ) { row in
        ChunkRange(
          index: row.int(0), lower: CustomerID(row.integer(1)),
          upper: CustomerID(row.integer(2)), items: row.int(3))
      }
    }
  }

  package func statements(
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>, cutoff: Int64
  ) async throws -> [BillableStatement] {
    try await database.read { connection in
      try SelectedRows.billable(selection, customers: customers, cutoff: cutoff, in: connection)
    }
  }

  package func lacksBills(
    of month: BillingMonth, by policy: DeliveryPolicy
  ) async throws -> Bool {
    try await database.read { connection in
      try connection.first(
        """
        SELECT 1 FROM (SELECT customer_id, max(version) AS version FROM manifest
          WHERE month = $1 GROUP BY customer_id) m
        WHERE (SELECT count(*) FROM bills b WHERE b.month = $1 AND b.customer_id = m.customer_id
          AND b.version = m.version AND b.policy = $2 AND b.template = $3 AND b.issue = 1) < $4
        LIMIT 1
        """, month, policy.version, policy.templateVersion, policy.channels.count
      ) { _ in true } ?? false
    }
  }

  package func latestStatement(
    of customer: CustomerID, month: BillingMonth
  ) async throws -> BillableStatement? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT m.customer_id, m.version, m.hash, m.total, c.send_day, c.time_zone FROM manifest m
        LEFT JOIN customers c ON c.customer_id = m.customer_id
          AND c.recorded_to = 9223372036854775807
        WHERE m.month = $1 AND m.customer_id = $2 ORDER BY m.version DESC LIMIT 1
        """, month, customer
      ) { try SelectedRows.billable($0, month: month) }
    }
  }

  package func bill(_ key: BillKey) async throws -> BillRow? {
    try await database.read { try BillRows.read(key, in: $0) }
  }

  package func latestBill(
    of statement: StatementKey, by policy: DeliveryPolicy, channel: Channel
  ) async throws -> BillRow? {
    try await database.read {
      try BillRows.latest(of: statement, by: policy, channel: channel, in: $0)
    }
  }

  package func awaitedIssues(
    after: DeliveryKey?, limit: Int
  ) async throws -> [AwaitedIssue] {
    try await database.read { connection in
      try connection.readAlongKeys()
      return try AwaitedIssues.page(after: after, limit, in: connection)
    }
  }

  package func recordIssues(_ issues: [MadeIssue]) async throws {
    try await database.write { try AwaitedIssues.commit(issues, of: self, in: $0) }
  }

  package func commit(_ checkpoint: RenderingCheckpoint) async throws -> CheckpointOutcome {
    try await database.write { connection in
      let outcome = try RunRows.checkpoint(
        checkpoint.chunk, totals: checkpoint.totals, in: connection)
      guard outcome == .committed else { return .lost }
      try BillRows.insert(checkpoint.bills, run: checkpoint.chunk.hold.run.id, in: connection)
      return .committed
    }
  }

  package func bills(
    of month: BillingMonth, after: BillKey?, limit: Int
  ) async throws -> [BillRow] {
    try await database.read { connection in
      try connection.readAlongKeys()
      return try BillRows.page(of: month, after: after, limit, in: connection)
    }
  }

  package func reconcile(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>, policy: DeliveryPolicy
  ) async throws -> BillReconciliation {
    try await database.read { connection in
      try connection.first(
        """
        SELECT count(*), coalesce(sum(m.total), 0)::bigint, coalesce(sum(made.bills), 0)::bigint,
          count(*) FILTER (WHERE made.bills <> $7)
        FROM (\(SelectedRows.statements(selection))) m CROSS JOIN LATERAL (
          SELECT count(*) AS bills FROM bills b WHERE b.month = $1
            AND b.customer_id = m.customer_id AND b.version = m.version AND b.policy = $5
            AND b.template = $6 AND b.issue = 1) made
        """, selection.month, selection.run, customers.lowerBound, customers.upperBound,
        policy.version, policy.templateVersion, policy.channels.count
      ) { row in
        BillReconciliation(
          statements: row.integer(0), sum: row.integer(1), bills: row.integer(2),
          incomplete: row.integer(3))
      } ?? BillReconciliation(statements: 0, sum: 0, bills: 0, incomplete: 0)
    }
  }

  package func makeDeliveries(_ request: DeliveriesRequest) async throws -> CheckpointOutcome {
    try await database.write { connection in
      // No import between reading the customers and writing what was copied from them.
      try LedgerLock.inputs.share(in: connection)
      let subjects = try DeliverySubject.read(request, in: connection)
      let outcome = try RunRows.checkpoint(
        request.chunk, totals: DeliverySubject.totals(of: subjects), in: connection)
      guard outcome == .committed else { return .lost }
      let existing = try ExistingDeliveries.lock(request, of: subjects, in: connection)
      let now = try self.now(in: connection, keepingKind: true)
      var making = DeliveriesInMaking(request, at: now)
      for subject in subjects { try making.take(subject, existing[subject.id] ?? []) }
      try making.write(in: connection)
      return .committed
    }
  }
}
