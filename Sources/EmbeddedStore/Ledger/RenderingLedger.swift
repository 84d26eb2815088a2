package import Billing
package import Rendering
package import Runs

extension EmbeddedStatementStore: SettledStatements {}

extension EmbeddedLedger: RenderingLedger {
  package func chunkRanges(
    of selection: RenderingSelection, size: Int
  ) async throws -> [ChunkRange] {
    try await database.read { connection in
      var chunks: [ChunkRange] = []
      try connection.query(
        """
        SELECT (place - 1) / ?4, min(customer_id), max(customer_id), count(*) FROM (
          SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS place
          FROM (\(SelectedRows.customers(selection))))
        GROUP BY 1 ORDER BY 1
        """, selection.month, selection.run, Int64.min, size, Int64.max
      ) { row in
        chunks.append(
          ChunkRange(
            index: row.int(0), lower: CustomerID(row.integer(1)),
            upper: CustomerID(row.integer(2)), items: row.int(3)))
      }
      return chunks
    }
  }

  package func statements(
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>, cutoff: Int64
  ) async throws -> [BillableStatement] {
    try await database.read { connection in
      var rows: [BillableStatement] = []
      try connection.query(
        SelectedRows.billable(selection), selection.month, selection.run, customers.lowerBound,
        cutoff, customers.upperBound
      ) { rows.append(try SelectedRows.billable($0, month: selection.month)) }
      return rows
    }
  }

  package func lacksBills(
    of month: BillingMonth, by policy: DeliveryPolicy
  ) async throws -> Bool {
    try await database.read { connection in
      try connection.first(
        """
        SELECT 1 FROM (SELECT customer_id, max(version) AS version FROM manifest
          WHERE month = ?1 GROUP BY customer_id) m
        WHERE (SELECT count(*) FROM bills b WHERE b.month = ?1 AND b.customer_id = m.customer_id
          AND b.version = m.version AND b.policy = ?2 AND b.template = ?3 AND b.issue = 1) < ?4
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
        LEFT JOIN customers c ON c.customer_id = m.customer_id AND c.recorded_to = ?3
        WHERE m.month = ?1 AND m.customer_id = ?2 ORDER BY m.version DESC LIMIT 1
        """, month, customer, Int64.max
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
    try await database.read { try BillRows.page(of: month, after: after, limit, in: $0) }
  }

  package func reconcile(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>, policy: DeliveryPolicy
  ) async throws -> BillReconciliation {
    try await database.read { connection in
      try connection.first(
        """
        SELECT count(*), coalesce(sum(total), 0), coalesce(sum(bills), 0),
          count(*) FILTER (WHERE bills <> ?4)
        FROM (
          SELECT m.total, (SELECT count(*) FROM bills b WHERE b.month = ?1
            AND b.customer_id = m.customer_id AND b.version = m.version AND b.policy = ?6
            AND b.template = ?7 AND b.issue = 1) AS bills
          FROM (\(SelectedRows.statements(selection))) m)
        """, selection.month, selection.run, customers.lowerBound, policy.channels.count,
        customers.upperBound, policy.version, policy.templateVersion
      ) { row in
        BillReconciliation(
          statements: row.integer(0), sum: row.integer(1), bills: row.integer(2),
          incomplete: row.integer(3))
      } ?? BillReconciliation(statements: 0, sum: 0, bills: 0, incomplete: 0)
    }
  }

  package func makeDeliveries(_ request: DeliveriesRequest) async throws -> CheckpointOutcome {
    try await database.write { connection in
      let now = try self.now(in: connection)
      return try DeliveryRows.make(request, at: now, in: connection)
    }
  }

  package func awaitedIssues(
    after: DeliveryKey?, limit: Int
  ) async throws -> [AwaitedIssue] {
    try await database.read { try AwaitedIssues.page(after: after, limit, in: $0) }
  }

  package func recordIssues(_ issues: [MadeIssue]) async throws {
    try await database.write { connection in
      try AwaitedIssues.commit(issues, at: try self.now(in: connection), in: connection)
    }
  }
}

extension RenderingSelection {
  /// The run that its rows are compared with.
  var run: Int64 {
    switch self {
    case .madeBy(let run, _): run
    case .latest(_, let run): run
    }
  }
}

/// Manifest rows of a selection. Parameters: 1 month, 2 run, 3 lowest and 5 highest customer; 4 is
/// the caller's.
enum SelectedRows {
  /// Customer, version, hash and total, ascending by customer.
  static func statements(_ selection: RenderingSelection) -> String {
    switch selection {
    case .madeBy:
      """
      SELECT customer_id, version, hash, total FROM manifest
      WHERE month = ?1 AND customer_id BETWEEN ?3 AND ?5 AND run_id = ?2
      ORDER BY customer_id
      """
    case .latest:
      // SQLite takes the other columns from the row of the maximum.
      """
      SELECT customer_id, max(version) AS version, hash, total FROM manifest
      WHERE month = ?1 AND customer_id BETWEEN ?3 AND ?5 AND run_id < ?2
      GROUP BY customer_id ORDER BY customer_id
      """
    }
  }

  static func customers(_ selection: RenderingSelection) -> String {
    "SELECT customer_id FROM (\(statements(selection)))"
  }

  /// The same with send day and zone of the customer, as they were recorded up to the cutoff ?4;
  /// NULL where the customer is not there.
  static func billable(_ selection: RenderingSelection) -> String {
    """
    SELECT m.customer_id, m.version, m.hash, m.total, c.send_day, c.time_zone
    FROM (\(statements(selection))) m
    LEFT JOIN customers c ON c.customer_id = m.customer_id AND c.recorded_from <= ?4
      AND c.recorded_to > ?4
    ORDER BY m.customer_id
    """
  }

  static func billable(_ row: Statement, month: BillingMonth) throws -> BillableStatement {
    BillableStatement(
      statement: try statement(row, month: month),
      sendDay: row.optionalInteger(4).map { Int($0) }, timeZone: row.optionalText(5) ?? "")
  }

  static func statement(_ row: Statement, month: BillingMonth) throws -> ManifestStatement {
    ManifestStatement(
      key: StatementKey(
        month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
      hash: try row.hash(2), total: row.integer(3))
  }
}
