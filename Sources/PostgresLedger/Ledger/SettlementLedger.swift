package import Billing
package import Runs
package import Settlement

extension PostgresLedger: SettlementLedger {
  package func catalog(for month: BillingMonth) async throws -> Catalog? {
    try await database.read { connection in
      let text = try connection.first(
        "SELECT text FROM catalogs WHERE effective_from <= $1 "
          + "ORDER BY effective_from DESC, record_number DESC LIMIT 1", month
      ) { $0.text(0) }
      return try text.map { try Catalog(yaml: $0) }
    }
  }

  package func catalog(version: String) async throws -> Catalog? {
    try await database.read { connection in
      let text = try connection.first(
        "SELECT text FROM catalogs WHERE version = $1", version
      ) { $0.text(0) }
      return try text.map { try Catalog(yaml: $0) }
    }
  }

  package func lastRecordNumber() async throws -> Int64 {
    try await database.read { try LateRows.lastRecordNumber(in: $0) }
  }

  package func cohort(
    of run: RunRecord, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await database.read { connection in
      try connection.readAlongKeys()
      let period = run.key.month.period
      // A COPY takes no parameters; these are numbers of ours.
      var active: [CustomerID] = []
      try connection.copyOut(
        """
        SELECT customer_id FROM customers
        WHERE customer_id > \(after?.number ?? -1)
          AND recorded_from <= \(run.pins.cutoff) AND recorded_to > \(run.pins.cutoff)
          AND activated_on < \(period.upperBound.daysSince1970)
          AND (terminated_on IS NULL OR terminated_on > \(period.lowerBound.daysSince1970))
        ORDER BY customer_id LIMIT \(limit)
        """
      ) { row in active.append(CustomerID(row.integer())) }
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
    let period = run.key.month.period
    return try await database.read { connection in
      try connection.rows(
        """
        SELECT c.customer_id FROM customers c
        WHERE c.customer_id >= $1 AND c.customer_id <= $2
          AND c.recorded_from <= $3 AND c.recorded_to > $3
          AND NOT (c.activated_on < $4 AND (c.terminated_on IS NULL OR c.terminated_on > $5))
          AND (EXISTS (SELECT 1 FROM usage u
              WHERE u.month = $6 AND u.customer_id = c.customer_id AND u.coefficient <> 0
                AND u.recorded_from <= $3 AND u.recorded_to > $3)
            OR EXISTS (SELECT 1 FROM segments s
              WHERE s.customer_id = c.customer_id AND s.recorded_from <= $3 AND s.recorded_to > $3
                AND s.active_from < $4 AND (s.active_to IS NULL OR s.active_to > $5)))
        ORDER BY c.customer_id LIMIT $7
        """,
        after.map { $0.number + 1 } ?? range.lowerBound.number, range.upperBound, run.pins.cutoff,
        period.upperBound, period.lowerBound, run.key.month, limit
      ) { CustomerID($0.integer(0)) }
    }
  }

  package func currentRatingInputs(
    for targets: [CustomerID], month: BillingMonth
  ) async throws -> RatingBatch {
    try await database.read { connection in
      try RatingInputRows(
        targets: targets, month: month, cutoff: try LateRows.lastRecordNumber(in: connection),
        range: nil
      ).read(from: connection)
    }
  }

  package func commit(_ checkpoint: SettlementCheckpoint) async throws -> CheckpointOutcome {
    let run = checkpoint.chunk.hold.run
    return try await database.write { connection in
      // Locks the run, and compares the fences.
      let outcome = try RunRows.checkpoint(
        checkpoint.chunk, totals: checkpoint.totals, in: connection)
      guard outcome == .committed else { return outcome }
      try ManifestRows.insert(checkpoint.manifest, in: connection)
      try ManifestRows.park(
        checkpoint.parked, month: run.key.month, run: run.id, in: connection)
      try UnratedRows.insert(checkpoint, in: connection)
      if run.key.kind != .regular {
        try ManifestRows.markSettled(checkpoint.manifest, month: run.key.month, in: connection)
      }
      return .committed
    }
  }

  package func latestVersions(
    of customers: [CustomerID], month: BillingMonth, apartFrom run: Int64
  ) async throws -> [CustomerID: ManifestRow] {
    let rows = try await database.read { connection in
      try ManifestRows.latest(of: customers, month: month, apartFrom: run, in: connection)
    }
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.key.customer, $0) })
  }

  package func manifest(
    _ selection: ManifestSelection, after: CustomerID?, limit: Int
  ) async throws -> [ManifestRow] {
    try await database.read { connection in
      try connection.readAlongKeys()
      return try ManifestRows.page(
        selection, after: after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func parked(
    of run: Int64, after: CustomerID?, limit: Int
  ) async throws -> [ParkedCustomer] {
    try await database.read { connection in
      try ManifestRows.parked(of: run, after: after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func unsettled(
    of month: BillingMonth, after: CustomerID?, limit: Int
  ) async throws -> [ParkedCustomer] {
    try await database.read { connection in
      try ManifestRows.unsettled(
        of: month, after: after?.number ?? Int64.min, limit, in: connection)
    }
  }

  package func correctionSums(of run: RunRecord) async throws -> (new: Int64, old: Int64) {
    try await database.read { connection in
      // The sum of integers is a numeric.
      try connection.first(
        """
        SELECT coalesce(sum(n.total), 0)::bigint, coalesce(sum(o.total), 0)::bigint
        FROM run_customers c
        JOIN manifest n ON n.month = $1 AND n.customer_id = c.customer_id AND n.run_id = $2
        JOIN manifest o ON o.month = $1 AND o.customer_id = c.customer_id
          AND o.version = n.version - 1
        WHERE c.run_id = $2
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
