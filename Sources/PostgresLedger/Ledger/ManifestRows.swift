import Billing
import Runs
import Settlement

/// Rows of `manifest` and `parked`.
enum ManifestRows {
  static func insert(_ rows: [ManifestRow], in connection: PostgresConnection) throws {
    guard !rows.isEmpty else { return }
    try connection.copy(
      into: "manifest", ["month", "version", "customer_id", "run_id", "total", "hash"]
    ) { copy in
      for row in rows {
        try copy.row()
        copy.int4(row.key.month.index)
        copy.int4(row.key.version)
        copy.int8(row.key.customer.number)
        copy.int8(row.run)
        copy.int8(row.total)
        copy.hash(row.hash)
      }
    }
  }

  static func park(
    _ customers: [ParkedCustomer], month: BillingMonth, run: Int64,
    in connection: PostgresConnection
  ) throws {
    guard !customers.isEmpty else { return }
    try connection.run(
      """
      INSERT INTO parked (month, run_id, customer_id, code, detail)
      SELECT $1, $2, p.customer_id, p.code, p.detail
      FROM unnest($3::bigint[], $4::text[], $5::text[]) AS p (customer_id, code, detail)
      """, month, run, IntegerColumn(customers) { $0.customer },
      TextColumn(customers) { $0.reason.code.rawValue }, TextColumn(customers) { $0.reason.detail })
  }

  /// What these customers were parked for is done with.
  static func markSettled(
    _ rows: [ManifestRow], month: BillingMonth, in connection: PostgresConnection
  ) throws {
    guard !rows.isEmpty else { return }
    try connection.run(
      """
      UPDATE parked p SET settled_by = s.run_id
      FROM unnest($2::bigint[], $3::bigint[]) AS s (customer_id, run_id)
      WHERE p.month = $1 AND p.customer_id = s.customer_id AND p.settled_by IS NULL
      """, month, IntegerColumn(rows) { $0.key.customer }, IntegerColumn(rows) { $0.run })
  }

  // MARK: Pages

  static func page(
    _ selection: ManifestSelection, after: Int64, _ limit: Int, in connection: PostgresConnection
  ) throws -> [ManifestRow] {
    switch selection {
    case .latest(let month):
      // In the order of the key, so that a page reads no more than its own rows.
      return try connection.rows(
        """
        SELECT customer_id, version, run_id, hash, total FROM manifest m
        WHERE month = $1 AND customer_id > $2 AND NOT EXISTS (
          SELECT 1 FROM manifest n
          WHERE n.month = $1 AND n.customer_id = m.customer_id AND n.version > m.version)
        ORDER BY customer_id LIMIT $3
        """, month, after, limit
      ) { try read($0, month: month) }
    case .run(let run, let month):
      let sql = try isOfList(run, in: connection) ? pageOfList : pageOfRun
      return try connection.rows(sql, month, after, limit, run) { try read($0, month: month) }
    }
  }

  /// Parameters: 1 month, 2 after whom, 3 how many, 4 run.
  private static let pageOfRun = """
    SELECT customer_id, version, run_id, hash, total FROM manifest
    WHERE month = $1 AND customer_id > $2 AND run_id = $4
    ORDER BY customer_id LIMIT $3
    """

  /// The same, without stepping over the rest of the month.
  private static let pageOfList = """
    SELECT m.customer_id, m.version, m.run_id, m.hash, m.total
    FROM run_customers c
    JOIN manifest m ON m.month = $1 AND m.customer_id = c.customer_id AND m.run_id = $4
    WHERE c.run_id = $4 AND c.customer_id > $2
    ORDER BY c.customer_id LIMIT $3
    """

  /// Whether the run is about customers that were fixed when it was opened.
  private static func isOfList(_ run: Int64, in connection: PostgresConnection) throws -> Bool {
    let kind = try connection.first("SELECT kind FROM runs WHERE run_id = $1", run) { $0.int(0) }
    switch kind.flatMap(RunKind.init(code:)) {
    case .supplement, .correction: return true
    case .regular, nil: return false
    }
  }

  static func latest(
    of customers: [CustomerID], month: BillingMonth, apartFrom run: Int64,
    in connection: PostgresConnection
  ) throws -> [ManifestRow] {
    try connection.rows(
      """
      SELECT DISTINCT ON (customer_id) customer_id, version, run_id, hash, total FROM manifest
      WHERE month = $1 AND customer_id = ANY($2) AND run_id <> $3
      ORDER BY customer_id, version DESC
      """, month, IntegerColumn(customers) { $0 }, run
    ) { try read($0, month: month) }
  }

  /// Columns: customer, version, run, hash, total.
  private static func read(_ row: PostgresRow, month: BillingMonth) throws -> ManifestRow {
    ManifestRow(
      key: StatementKey(month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
      run: row.integer(2), hash: try row.hash(3), total: row.integer(4))
  }

  // MARK: Parked

  static func parked(
    of run: Int64, after: Int64, _ limit: Int, in connection: PostgresConnection
  ) throws -> [ParkedCustomer] {
    try connection.rows(
      """
      SELECT customer_id, code, detail FROM parked
      WHERE month = (SELECT month FROM runs WHERE run_id = $1) AND run_id = $1
        AND customer_id > $2 ORDER BY customer_id LIMIT $3
      """, run, after, limit
    ) { ParkedCustomer(customer: CustomerID($0.integer(0)), reason: reason($0, at: 1)) }
  }

  /// Those of a month who have no statement, each for the reason of the latest run.
  static func unsettled(
    of month: BillingMonth, after: Int64, _ limit: Int, in connection: PostgresConnection
  ) throws -> [ParkedCustomer] {
    try connection.rows(
      """
      SELECT DISTINCT ON (customer_id) customer_id, code, detail FROM parked p
      WHERE month = $1 AND customer_id > $2 AND NOT EXISTS (
        SELECT 1 FROM manifest m WHERE m.month = $1 AND m.customer_id = p.customer_id)
      ORDER BY customer_id, run_id DESC LIMIT $3
      """, month, after, limit
    ) { ParkedCustomer(customer: CustomerID($0.integer(0)), reason: reason($0, at: 1)) }
  }

  /// Columns: code, detail.
  static func reason(_ row: PostgresRow, at column: Int) -> ParkingReason {
    ParkingReason(
      ParkingReason.Code(rawValue: row.text(column)) ?? .unreadableInput, row.text(column + 1))
  }
}
