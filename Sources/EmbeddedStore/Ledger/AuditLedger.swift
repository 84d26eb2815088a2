package import Audit
package import Billing
import Runs

extension EmbeddedLedger: AuditLedger {
  package func settledMonth(_ month: BillingMonth) async throws -> SettledMonth? {
    try await database.read { connection in
      try connection.first(
        """
        SELECT count(*) FILTER (WHERE job = 1 AND kind = 1 AND status = 2),
          count(*) FILTER (WHERE status <> 2)
        FROM runs WHERE month = ?1
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
        statements: try AuditRows.statements(month, customers, in: connection),
        parked: try AuditRows.parked(month, customers, in: connection),
        supplemented: try AuditRows.supplemented(month, customers, in: connection),
        bills: try AuditRows.bills(month, customers, in: connection),
        deliveries: try AuditRows.deliveries(month, customers, in: connection))
    }
  }

  package func statements(
    of customer: CustomerID, month: BillingMonth?
  ) async throws -> [ListedStatement] {
    try await database.read { connection in
      let months = try month.map { [$0] } ?? AuditRows.settledMonths(in: connection)
      return try months.flatMap {
        try AuditRows.statements($0, customer...customer, in: connection)
      }
    }
  }

  package func deliveries(of customer: CustomerID) async throws -> [DeliveryKey] {
    try await database.read { connection in
      try AuditRows.settledMonths(in: connection).flatMap {
        try AuditRows.deliveries($0, customer...customer, in: connection).map(\.key)
      }
    }
  }

  package func parking(
    of customer: CustomerID
  ) async throws -> [(month: BillingMonth, reason: ParkingReason)] {
    try await database.read { connection in
      var parked: [(month: BillingMonth, reason: ParkingReason)] = []
      for month in try AuditRows.settledMonths(in: connection) {
        try connection.query(
          "SELECT code, detail FROM parked WHERE month = ?1 AND customer_id = ?2 "
            + "AND settled_by IS NULL ORDER BY run_id DESC LIMIT 1", month, customer
        ) { row in
          parked.append(
            (
              month,
              ParkingReason(
                ParkingReason.Code(rawValue: row.text(0)) ?? .unreadableInput, row.text(1))
            ))
        }
      }
      return parked
    }
  }

  package func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int64] {
    try await database.read { connection in
      var counts: [DeliveryState: Int64] = [:]
      try connection.query(
        "SELECT state, count(*) FROM deliveries NOT INDEXED WHERE month = ?1 GROUP BY state", month
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
      try connection.query(
        """
        SELECT state, reason, count(*), min(changed_at)
        FROM deliveries INDEXED BY deliveries_set_aside
        WHERE state IN (6, 7, 8, 9) AND month = ?1 GROUP BY state, reason ORDER BY state, reason
        """, month
      ) { row in
        guard let state = DeliveryState(code: row.int(0)) else { return }
        found.append(
          SetAsideDeliveries(
            state: state, reason: row.optionalText(1), count: row.integer(2),
            since: Timestamp(milliseconds: row.integer(3))))
      }
      return found
    }
  }

  package func life(of delivery: DeliveryKey) async throws -> DeliveryLife? {
    try await database.read { connection in
      guard var life = try AuditRows.delivery(delivery, in: connection) else { return nil }
      life.entries = try AuditRows.entries(of: delivery, in: connection)
      life.attempts = try AuditRows.attempts(of: delivery, in: connection)
      return life
    }
  }
}

/// Reads what the proof and the explanations are made from.
private enum AuditRows {
  static func settledMonths(in connection: Connection) throws -> [BillingMonth] {
    var months: [BillingMonth] = []
    try connection.query("SELECT DISTINCT month FROM runs WHERE job = 1 ORDER BY month") {
      months.append(BillingMonth(index: try $0.int32(0)))
    }
    return months
  }

  static func isSettling(_ month: BillingMonth, in connection: Connection) throws -> Bool {
    try connection.first(
      "SELECT 1 FROM runs WHERE job = 1 AND month = ? AND status <> 2 LIMIT 1", month
    ) { _ in true } ?? false
  }

  static func statements(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: Connection
  ) throws -> [ListedStatement] {
    var statements: [ListedStatement] = []
    try connection.query(
      """
      SELECT m.customer_id, m.version, m.hash, m.total, EXISTS (
        SELECT 1 FROM runs s JOIN runs r ON r.job = 2 AND r.month = s.month AND r.kind = s.kind
          AND r.sequence = s.sequence AND r.status = 2 WHERE s.run_id = m.run_id)
      FROM manifest m WHERE m.month = ?1 AND m.customer_id BETWEEN ?2 AND ?3
      ORDER BY m.customer_id, m.version
      """, month, customers.lowerBound, customers.upperBound
    ) { row in
      statements.append(
        ListedStatement(
          key: StatementKey(
            month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
          hash: try row.hash(2), total: row.integer(3), isRendered: row.int(4) != 0))
    }
    return statements
  }

  static func parked(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: Connection
  ) throws -> [CustomerID] {
    var parked: [CustomerID] = []
    try connection.query(
      """
      SELECT DISTINCT p.customer_id FROM parked p
      WHERE p.month = ?1 AND p.customer_id BETWEEN ?2 AND ?3 AND NOT EXISTS (
        SELECT 1 FROM manifest m WHERE m.month = p.month AND m.customer_id = p.customer_id)
      ORDER BY p.customer_id
      """, month, customers.lowerBound, customers.upperBound
    ) { parked.append(CustomerID($0.integer(0))) }
    return parked
  }

  static func supplemented(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: Connection
  ) throws -> [CustomerID] {
    var supplemented: [CustomerID] = []
    try connection.query(
      """
      SELECT DISTINCT c.customer_id FROM runs r JOIN run_customers c ON c.run_id = r.run_id
      WHERE r.job = 1 AND r.month = ?1 AND r.kind = 2 AND c.customer_id BETWEEN ?2 AND ?3
      ORDER BY c.customer_id
      """, month, customers.lowerBound, customers.upperBound
    ) { supplemented.append(CustomerID($0.integer(0))) }
    return supplemented
  }

  static func bills(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: Connection
  ) throws -> [ListedBill] {
    var channels: [Int: [Channel]] = [:]
    try connection.query("SELECT version, text FROM policies") { row in
      channels[row.int(0)] = try DeliveryPolicy(json: row.text(1)).billChannels
    }
    var bills: [ListedBill] = []
    try connection.query(
      """
      SELECT customer_id, version, policy, template, channel, size, sha256, issue FROM bills
      WHERE month = ?1 AND customer_id BETWEEN ?2 AND ?3
      ORDER BY customer_id, version, policy, template, issue, channel
      """, month, customers.lowerBound, customers.upperBound
    ) { row in
      guard let channel = Channel(code: row.int(4)) else { throw damaged("a bill's channel") }
      bills.append(
        ListedBill(
          key: BillKey(
            statement: StatementKey(
              month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
            issue: row.int(7), policy: row.int(2), template: row.int(3), channel: channel),
          size: row.int(5), sha256: try row.hash(6), policyChannels: channels[row.int(2)] ?? []))
    }
    return bills
  }

  static func deliveries(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: Connection
  ) throws -> [ListedDelivery] {
    var deliveries: [ListedDelivery] = []
    // Where a delivery has more than one attempt, which few have: the one before the latest.
    var earlier: [(delivery: Int, attempt: Int64)] = []
    try connection.query(
      """
      SELECT d.customer_id, d.kind, d.sequence, d.state, d.version, a.previous, a.channel,
        a.opened_at, a.quiet_mask, a.time_zone, a.deadline, a.bill_sha256, a.recipient_hash,
        a.provider, a.outcome, d.unresolved, d.issue, d.policy, d.template, d.awaits_bill
      FROM deliveries d INDEXED BY deliveries_key
      LEFT JOIN attempts a ON a.attempt_id = d.last_attempt
      WHERE d.month = ?1 AND d.customer_id BETWEEN ?2 AND ?3
      ORDER BY d.customer_id, d.kind, d.sequence
      """, month, customers.lowerBound, customers.upperBound
    ) { row in
      guard let kind = DeliveryKind(code: row.int(1)), let state = DeliveryState(code: row.int(3))
      else { throw damaged("a delivery") }
      if let attempt = row.optionalInteger(5) { earlier.append((deliveries.count, attempt)) }
      deliveries.append(
        ListedDelivery(
          key: DeliveryKey(
            month: month, customer: CustomerID(row.integer(0)), kind: kind, sequence: row.int(2)),
          state: state,
          bill: ListedIssue(
            version: row.int(4), number: row.int(16), policy: row.int(17), template: row.int(18),
            isAwaited: row.int(19) != 0),
          unresolved: row.int(15),
          attempts: row.isNull(6) ? [] : [try listedAttempt(row, at: 6)]))
    }
    for (delivery, attempt) in earlier {
      var next: Int64? = attempt
      while let attempt = next {
        next = nil
        try connection.query(
          """
          SELECT previous, channel, opened_at, quiet_mask, time_zone, deadline, bill_sha256,
            recipient_hash, provider, outcome
          FROM attempts
          WHERE attempt_id = ?
          """, attempt
        ) { row in
          next = row.optionalInteger(0)
          deliveries[delivery].attempts.append(try listedAttempt(row, at: 1))
        }
      }
    }
    return deliveries
  }

  private static func listedAttempt(
    _ row: Statement, at column: Int
  ) throws -> ListedAttempt {
    guard let channel = Channel(code: row.int(column)),
      let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(column + 2)))
    else { throw damaged("an attempt") }
    return ListedAttempt(
      provider: row.text(column + 7), isAccepted: row.int(column + 8) == 1,
      channel: channel, openedAt: Timestamp(milliseconds: row.integer(column + 1)),
      deadline: Timestamp(milliseconds: row.integer(column + 4)), quietSlots: quiet,
      timeZone: row.text(column + 3),
      digest: MessageDigest(
        content: try row.hash(column + 5), recipientHash: row.bytes(column + 6)))
  }

  static func delivery(_ key: DeliveryKey, in connection: Connection) throws -> DeliveryLife? {
    try connection.first(
      """
      SELECT state, reason, version, channels, quiet_mask, time_zone, due_at, next_at, issue,
        due_date
      FROM deliveries WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      guard let state = DeliveryState(code: row.int(0)),
        let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(4)))
      else { throw damaged("a delivery") }
      return DeliveryLife(
        key: key, state: state, reason: row.optionalText(1), version: row.int(2),
        channels: row.text(3).compactMap { $0.wholeNumberValue.flatMap(Channel.init(code:)) },
        quietSlots: quiet, timeZone: row.text(5), dueAt: Timestamp(milliseconds: row.integer(6)),
        nextAt: Timestamp(milliseconds: row.integer(7)), entries: [], attempts: [],
        issue: row.int(8), dueDate: row.optionalDay(9))
    }
  }

  static func entries(
    of key: DeliveryKey, in connection: Connection
  ) throws -> [DeliveryLife.Entry] {
    var entries: [DeliveryLife.Entry] = []
    try connection.query(
      """
      WITH RECURSIVE life (entry) AS (
        SELECT last_entry FROM deliveries
        WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
        UNION ALL
        SELECT l.previous FROM life JOIN delivery_log l USING (entry)
        WHERE l.previous IS NOT NULL
      )
      SELECT at, state, generation, fence, channel, reason, who, slot_end, note
      FROM life JOIN delivery_log USING (entry) ORDER BY entry
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      guard let state = DeliveryState(code: row.int(1)) else { throw damaged("a log entry") }
      entries.append(
        DeliveryLife.Entry(
          at: Timestamp(milliseconds: row.integer(0)), state: state, generation: row.integer(2),
          fence: row.integer(3), channel: Channel(code: row.int(4)), reason: row.optionalText(5),
          who: row.optionalText(6),
          slotEnd: row.optionalInteger(7).map { Timestamp(milliseconds: $0) },
          note: row.optionalText(8)))
    }
    return entries
  }

  static func attempts(
    of key: DeliveryKey, in connection: Connection
  ) throws -> [DeliveryLife.Attempt] {
    var attempts: [DeliveryLife.Attempt] = []
    try connection.query(
      """
      WITH RECURSIVE made (attempt_id) AS (
        SELECT last_attempt FROM deliveries
        WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
        UNION ALL
        SELECT a.previous FROM made JOIN attempts a USING (attempt_id)
        WHERE a.previous IS NOT NULL
      )
      SELECT attempt, channel, provider, opened_at, closed_at, outcome, reference, reason, round
      FROM made JOIN attempts USING (attempt_id) ORDER BY attempt
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      attempts.append(
        DeliveryLife.Attempt(
          number: row.int(0), channel: Channel(code: row.int(1)), round: row.int(8),
          provider: row.text(2),
          openedAt: Timestamp(milliseconds: row.integer(3)),
          closedAt: row.optionalInteger(4).map { Timestamp(milliseconds: $0) },
          outcome: row.optionalInteger(5).flatMap { outcomes[Int($0)] },
          reference: row.optionalText(6), reason: row.optionalText(7)))
    }
    return attempts
  }

  private static let outcomes = [
    1: "accepted", 2: "rejected", 3: "notAccepted", 4: "unknown",
  ]

  private static func damaged(_ what: String) -> StoreError {
    StoreError(.corrupt, operation: "read the ledger", detail: "\(what) has an unknown code")
  }
}
