package import Audit
package import Billing

extension PostgresLedger: AuditLedger {
  package func settledMonth(_ month: BillingMonth) async throws -> SettledMonth? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT count(*) FILTER (WHERE job = 1 AND kind = 1 AND status = 2),
          count(*) FILTER (WHERE status <> 2)
        FROM runs WHERE month = $1
        """, month
      ) { row in
        row.int(0) == 0 ? nil : SettledMonth(isComplete: row.int(1) == 0)
      } ?? nil
    }
  }

  package func records(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> LedgerRecords {
    try await database.read { connection in
      LedgerRecords(
        isSettling: try AuditRows.isSettling(month, in: connection),
        statements: try AuditRows.statements([month], customers, in: connection),
        parked: try AuditRows.parked(month, customers, in: connection),
        supplemented: try AuditRows.supplemented(month, customers, in: connection),
        bills: try AuditRows.bills(month, customers, in: connection),
        deliveries: try AuditedDeliveries.list(month, customers, in: connection))
    }
  }

  package func statements(
    of customer: CustomerID, month: BillingMonth?
  ) async throws -> [ListedStatement] {
    try await database.read { connection in
      let months = try month.map { [$0] } ?? AuditRows.settledMonths(in: connection)
      return try AuditRows.statements(months, customer...customer, in: connection)
    }
  }

  package func deliveries(of customer: CustomerID) async throws -> [DeliveryKey] {
    try await database.read { connection in
      try AuditedDeliveries.keys(
        of: customer, months: try AuditRows.settledMonths(in: connection), in: connection)
    }
  }

  package func parking(
    of customer: CustomerID
  ) async throws -> [(month: BillingMonth, reason: ParkingReason)] {
    try await database.read { connection in
      try connection.rows(
        """
        SELECT DISTINCT ON (month) month, code, detail FROM parked
        WHERE month IN (SELECT month FROM runs WHERE job = 1) AND customer_id = $1
          AND settled_by IS NULL
        ORDER BY month, run_id DESC
        """, customer
      ) { row in
        (BillingMonth(index: Int32(row.integer(0))), ManifestRows.reason(row, at: 1))
      }
    }
  }

  package func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int64] {
    try await database.read { connection in
      // All of the month is counted: in the order in which it lies.
      try connection.execute("SET LOCAL enable_seqscan = on")
      var counts: [DeliveryState: Int64] = [:]
      try connection.query(
        "SELECT state, count(*) FROM deliveries WHERE month = $1 GROUP BY state", month
      ) { row in
        guard let state = DeliveryState(code: row.int(0)) else { return }
        counts[state] = row.integer(1)
      }
      return counts
    }
  }

  package func setAside(of month: BillingMonth) async throws -> [SetAsideDeliveries] {
    try await database.read { connection in
      var found: [SetAsideDeliveries] = []
      // By `deliveries_set_aside` alone.
      try connection.query(
        """
        SELECT state, reason, count(*), min(changed_at) FROM deliveries
        WHERE state IN (6, 7, 8, 9) AND month = $1
        GROUP BY state, reason ORDER BY state, reason NULLS FIRST
        """, month
      ) { row in
        guard let state = DeliveryState(code: row.int(0)) else { return }
        found.append(
          SetAsideDeliveries(
            state: state, reason: row.optionalText(1), count: row.integer(2),
            since: row.timestamp(3)))
      }
      return found
    }
  }

  package func life(of delivery: DeliveryKey) async throws -> DeliveryLife? {
    try await database.read { connection in
      guard var life = try AuditedDeliveries.find(delivery, in: connection) else { return nil }
      life.entries = try AuditedDeliveries.entries(of: delivery, in: connection)
      life.attempts = try AuditedDeliveries.attempts(of: delivery, in: connection)
      return life
    }
  }
}
