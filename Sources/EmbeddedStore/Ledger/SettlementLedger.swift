package import Billing
package import Runs
package import Settlement

extension EmbeddedLedger: SettlementLedger {
  package func catalog(for month: BillingMonth) async throws -> Catalog? {
    try await database.read { connection in
      let text = try connection.first(
        "SELECT text FROM catalogs WHERE effective_from <= ?1 "
          + "ORDER BY effective_from DESC, record_number DESC LIMIT 1", month
      ) { $0.text(0) }
      return try text.map { try Catalog(yaml: $0) }
    }
  }

  package func catalog(version: String) async throws -> Catalog? {
    try await database.read { connection in
      let text = try connection.first(
        "SELECT text FROM catalogs WHERE version = ?1", version
      ) { $0.text(0) }
      return try text.map { try Catalog(yaml: $0) }
    }
  }

  package func lastRecordNumber() async throws -> Int64 {
    try await database.read { connection in
      try connection.first("SELECT coalesce(max(record_number), 0) FROM records") { $0.integer(0) }
        ?? 0
    }
  }

  package func cohort(
    of run: RunRecord, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await database.read { connection in
      let period = run.key.month.period
      var active: [CustomerID] = []
      try connection.query(
        """
        SELECT customer_id FROM customers
        WHERE customer_id > ?1 AND recorded_from <= ?2 AND recorded_to > ?2
          AND activated_on < ?3 AND (terminated_on IS NULL OR terminated_on > ?4)
        ORDER BY customer_id LIMIT ?5
        """,
        after?.number ?? Int64.min, run.pins.cutoff, period.upperBound, period.lowerBound, limit
      ) { active.append(CustomerID($0.integer(0))) }
      let upper = active.count < limit ? Int64.max : active.last?.number ?? Int64.max
      let owed = try ChargeRows.customersOwed(
        run: run, after: after?.number ?? Int64.min, upTo: upper, in: connection)
      guard !owed.isEmpty else { return active }
      return Array(Set(active).union(owed).sorted().prefix(limit))
    }
  }

  package func ratingInputs(
    for targets: [CustomerID], within range: ClosedRange<CustomerID>?, of run: RunRecord
  ) async throws -> RatingBatch {
    try await database.read { connection in
      try RatingInputRows(
        targets: targets, month: run.key.month, cutoff: run.pins.cutoff,
        range: range
      ).read(from: connection)
    }
  }

  package func outsiders(
    of run: RunRecord, within range: ClosedRange<CustomerID>, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await database.read { connection in
      let period = run.key.month.period
      var outsiders: [CustomerID] = []
      try connection.query(
        """
        SELECT c.customer_id FROM customers c
        WHERE c.customer_id >= ?1 AND c.customer_id <= ?2
          AND c.recorded_from <= ?3 AND c.recorded_to > ?3
          AND NOT (c.activated_on < ?4 AND (c.terminated_on IS NULL OR c.terminated_on > ?5))
          AND (EXISTS (SELECT 1 FROM usage u
              WHERE u.month = ?6 AND u.customer_id = c.customer_id AND u.coefficient <> 0
                AND u.recorded_from <= ?3 AND u.recorded_to > ?3)
            OR EXISTS (SELECT 1 FROM segments s
              WHERE s.customer_id = c.customer_id AND s.recorded_from <= ?3 AND s.recorded_to > ?3
                AND s.active_from < ?4 AND (s.active_to IS NULL OR s.active_to > ?5)))
        ORDER BY c.customer_id LIMIT ?7
        """,
        after.map { $0.number + 1 } ?? range.lowerBound.number, range.upperBound, run.pins.cutoff,
        period.upperBound, period.lowerBound, run.key.month, limit
      ) { outsiders.append(CustomerID($0.integer(0))) }
      return outsiders
    }
  }

  package func currentRatingInputs(
    for targets: [CustomerID], month: BillingMonth
  ) async throws -> RatingBatch {
    try await database.read { connection in
      let cutoff = try connection.first("SELECT coalesce(max(record_number), 0) FROM records") {
        $0.integer(0)
      }
      return try RatingInputRows(
        targets: targets, month: month, cutoff: cutoff ?? 0, range: nil
      ).read(from: connection)
    }
  }

  package func commit(_ checkpoint: SettlementCheckpoint) async throws -> CheckpointOutcome {
    try await database.write { connection in
      let outcome = try RunRows.checkpoint(
        checkpoint.chunk, totals: checkpoint.totals, in: connection)
      guard outcome == .committed else { return outcome }
      try ManifestRows.insert(checkpoint.manifest, in: connection)
      try ManifestRows.park(
        checkpoint.parked, month: checkpoint.chunk.hold.run.key.month,
        run: checkpoint.chunk.hold.run.id, in: connection)
      try UnratedRows.insert(checkpoint, in: connection)
      if checkpoint.chunk.hold.run.key.kind != .regular {
        try ManifestRows.markSettled(checkpoint.manifest, in: connection)
      }
      return .committed
    }
  }

  package func latestVersions(
    of customers: [CustomerID], month: BillingMonth, apartFrom run: Int64
  ) async throws -> [CustomerID: ManifestRow] {
    try await database.read { connection in
      var versions: [CustomerID: ManifestRow] = [:]
      // SQLite takes the other columns from the row of the maximum.
      try connection.query(
        """
        SELECT customer_id, max(version), run_id, hash, total FROM manifest
        WHERE month = ?1 AND customer_id IN (SELECT value FROM json_each(?2)) AND run_id <> ?3
        GROUP BY customer_id
        """, month, CustomerList.json(customers), run
      ) { row in
        let row = try ManifestRows.read(row, month: month)
        versions[row.key.customer] = row
      }
      return versions
    }
  }

  package func manifest(
    _ selection: ManifestSelection, after: CustomerID?, limit: Int
  ) async throws -> [ManifestRow] {
    try await database.read { connection in
      try ManifestRows.page(selection, after: after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func parked(of run: Int64, after: CustomerID?, limit: Int) async throws
    -> [ParkedCustomer]
  {
    try await database.read { connection in
      try ManifestRows.parked(
        """
        SELECT customer_id, code, detail FROM parked
        WHERE month = (SELECT month FROM runs WHERE run_id = ?1) AND run_id = ?1
          AND customer_id > ?2 ORDER BY customer_id LIMIT ?3
        """, run, after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func unsettled(
    of month: BillingMonth, after: CustomerID?, limit: Int
  ) async throws -> [ParkedCustomer] {
    try await database.read { connection in
      // The latest run's reason: SQLite takes the other columns from the row of the maximum.
      try ManifestRows.parked(
        """
        SELECT customer_id, code, detail, max(run_id) FROM parked p
        WHERE month = ?1 AND customer_id > ?2
          AND NOT EXISTS (SELECT 1 FROM manifest m
            WHERE m.month = p.month AND m.customer_id = p.customer_id)
        GROUP BY customer_id ORDER BY customer_id LIMIT ?3
        """, Int64(month.index), after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func correctionSums(of run: RunRecord) async throws -> (new: Int64, old: Int64) {
    try await database.read { connection in
      try connection.first(
        """
        SELECT coalesce(sum(n.total), 0), coalesce(sum(o.total), 0)
        FROM run_customers c
        JOIN manifest n ON n.month = ?1 AND n.customer_id = c.customer_id AND n.run_id = ?2
        JOIN manifest o ON o.month = ?1 AND o.customer_id = c.customer_id
          AND o.version = n.version - 1
        WHERE c.run_id = ?2
        """, run.key.month, run.id
      ) { (new: $0.integer(0), old: $0.integer(1)) } ?? (0, 0)
    }
  }

  package func unbilled(of month: BillingMonth) async throws -> UnbilledInputs {
    try await database.read { connection in
      var unbilled = try LateRows.unbilled(of: month, in: connection)
      unbilled.items += try UnratedRows.items(of: month, in: connection)
      return unbilled
    }
  }

  package func unbilledElsewhere(asOf now: BillingMonth) async throws -> [UnbilledItem] {
    try await database.read { try UnsettledRows(in: $0, asOf: now).items(in: $0) }
  }

  package func unbilled(
    of customer: CustomerID, asOf now: BillingMonth
  ) async throws -> [UnbilledEntry] {
    try await database.read { connection in
      let unsettled = try UnsettledRows(in: connection, asOf: now)
      var entries = try unsettled.entries(of: customer, in: connection)
      for month in unsettled.completed {
        entries += try UnratedRows.entries(of: customer, month: month, in: connection)
      }
      return entries
    }
  }

  package func lateCustomers(
    of month: BillingMonth, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await database.read {
      try LateRows.customers(of: month, after: after?.number ?? Int64.min, limit, in: $0)
    }
  }
}

/// Customers as a JSON array, to be read with `json_each`.
enum CustomerList {
  static func json(_ customers: [CustomerID]) -> String {
    "[" + customers.map(\.description).joined(separator: ",") + "]"
  }
}

/// Rows of `manifest` and `parked`.
enum ManifestRows {
  static func insert(_ rows: [ManifestRow], in connection: Connection) throws {
    let insert = try connection.statement(
      "INSERT INTO manifest (month, customer_id, version, run_id, hash, total) "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    for row in rows {
      insert.bind(Int64(row.key.month.index), at: 1)
      insert.bind(row.key.customer.number, at: 2)
      insert.bind(row.key.version, at: 3)
      insert.bind(row.run, at: 4)
      insert.bind(row.hash, at: 5)
      insert.bind(row.total, at: 6)
      try insert.finish()
    }
  }

  static func park(
    _ customers: [ParkedCustomer], month: BillingMonth, run: Int64, in connection: Connection
  ) throws {
    for customer in customers {
      try connection.run(
        "INSERT INTO parked (month, customer_id, run_id, code, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
        month, customer.customer, run, customer.reason.code.rawValue, customer.reason.detail)
    }
  }

  static func markSettled(_ rows: [ManifestRow], in connection: Connection) throws {
    for row in rows {
      try connection.run(
        "UPDATE parked SET settled_by = ?1 "
          + "WHERE month = ?2 AND customer_id = ?3 AND settled_by IS NULL",
        row.run, row.key.month, row.key.customer)
    }
  }

  static func page(
    _ selection: ManifestSelection, after: Int64, _ limit: Int, in connection: Connection
  ) throws -> [ManifestRow] {
    let month: BillingMonth
    let run: Int64?
    let sql: String
    switch selection {
    case .latest(let selected):
      (month, run) = (selected, nil)
      // SQLite takes the other columns from the row of the maximum.
      sql = """
        SELECT customer_id, max(version), run_id, hash, total FROM manifest
        WHERE month = ?1 AND customer_id > ?2 AND ?4 IS NULL
        GROUP BY customer_id ORDER BY customer_id LIMIT ?3
        """
    case .run(let id, let selected):
      (month, run) = (selected, id)
      sql = """
        SELECT customer_id, version, run_id, hash, total FROM manifest
        WHERE month = ?1 AND customer_id > ?2 AND run_id = ?4
        ORDER BY customer_id LIMIT ?3
        """
    }
    var rows: [ManifestRow] = []
    try connection.query(sql, month, after, limit, run) { rows.append(try read($0, month: month)) }
    return rows
  }

  /// Columns: customer, version, run, hash, total.
  static func read(_ row: Statement, month: BillingMonth) throws -> ManifestRow {
    ManifestRow(
      key: StatementKey(month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
      run: row.integer(2), hash: try row.hash(3), total: row.integer(4))
  }

  static func parked(
    _ sql: String, _ subject: Int64, _ after: Int64, _ limit: Int, in connection: Connection
  ) throws -> [ParkedCustomer] {
    var parked: [ParkedCustomer] = []
    try connection.query(sql, subject, after, limit) { row in
      parked.append(
        ParkedCustomer(
          customer: CustomerID(row.integer(0)),
          reason: ParkingReason(
            ParkingReason.Code(rawValue: row.text(1)) ?? .unreadableInput, row.text(2))))
    }
    return parked
  }
}
