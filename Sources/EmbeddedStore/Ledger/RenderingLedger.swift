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
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>
  ) async throws -> [ManifestStatement] {
    try await database.read { connection in
      var rows: [ManifestStatement] = []
      try connection.query(
        SelectedRows.statements(selection), selection.month, selection.run, customers.lowerBound,
        0, customers.upperBound
      ) { rows.append(try SelectedRows.statement($0, month: selection.month)) }
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
          AND b.version = m.version AND b.policy = ?2 AND b.template = ?3) < ?4
        LIMIT 1
        """, month, policy.version, policy.templateVersion, policy.channels.count
      ) { _ in true } ?? false
    }
  }

  package func latestStatement(
    of customer: CustomerID, month: BillingMonth
  ) async throws -> ManifestStatement? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT customer_id, version, hash, total FROM manifest
        WHERE month = ?1 AND customer_id = ?2 ORDER BY version DESC LIMIT 1
        """, month, customer
      ) { try SelectedRows.statement($0, month: month) }
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
            AND b.template = ?7) AS bills
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

  static func statement(_ row: Statement, month: BillingMonth) throws -> ManifestStatement {
    ManifestStatement(
      key: StatementKey(
        month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
      hash: try row.hash(2), total: row.integer(3))
  }
}

/// Rows of `bills`.
enum BillRows {
  /// A row that is there already must be the same one.
  static func insert(_ bills: [BillRow], run: Int64, in connection: Connection) throws {
    let insert = try connection.statement(
      """
      INSERT INTO bills (month, customer_id, version, policy, template, channel, run_id, size, sha256)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING
      """)
    for bill in bills {
      bind(bill.key, to: insert)
      insert.bind(run, at: 7)
      insert.bind(bill.size, at: 8)
      insert.bind(bill.sha256, at: 9)
      try insert.finish()
      if connection.changes == 0 { try requireSame(bill, in: connection) }
    }
  }

  static func page(
    of month: BillingMonth, after: BillKey?, _ limit: Int, in connection: Connection
  ) throws -> [BillRow] {
    var rows: [BillRow] = []
    try connection.query(
      """
      SELECT customer_id, version, policy, template, channel, size, sha256 FROM bills
      WHERE month = ?1
        AND (customer_id, version, policy, template, channel) > (?2, ?3, ?4, ?5, ?6)
      ORDER BY customer_id, version, policy, template, channel LIMIT ?7
      """, month, after?.statement.customer.number ?? Int64.min, after?.statement.version ?? 0,
      after?.policy ?? 0, after?.template ?? 0, after?.channel.code ?? 0, limit
    ) { row in
      guard let channel = Channel(code: row.int(4)) else {
        throw StoreError(
          .corrupt, operation: "read the ledger", detail: "a bill's channel has an unknown code")
      }
      rows.append(
        BillRow(
          key: BillKey(
            statement: StatementKey(
              month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
            policy: row.int(2), template: row.int(3), channel: channel),
          size: row.int(5), sha256: try row.hash(6)))
    }
    return rows
  }

  private static func requireSame(_ bill: BillRow, in connection: Connection) throws {
    let select = try connection.statement(
      "SELECT sha256 FROM bills WHERE month = ?1 AND customer_id = ?2 AND version = ?3 "
        + "AND policy = ?4 AND template = ?5 AND channel = ?6")
    bind(bill.key, to: select)
    defer { select.reset() }
    guard try select.step(), try select.hash(0) == bill.sha256 else {
      throw StoreError(
        .conflict, operation: "record a bill",
        detail: "\(bill.key.path) is recorded with another content")
    }
  }

  private static func bind(_ key: BillKey, to statement: Statement) {
    statement.bind(Int64(key.statement.month.index), at: 1)
    statement.bind(key.statement.customer.number, at: 2)
    statement.bind(key.statement.version, at: 3)
    statement.bind(key.policy, at: 4)
    statement.bind(key.template, at: 5)
    statement.bind(key.channel.code, at: 6)
  }
}
