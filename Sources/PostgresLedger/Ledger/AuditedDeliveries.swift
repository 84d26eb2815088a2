import Audit
import Billing

/// Reads deliveries with what became of them. A delivery's attempts and its log are chains from the
/// latest back; their numbers are handed out by the thousand to several processes, so that only the
/// chain says what came before what.
enum AuditedDeliveries {
  /// By month, kind and sequence.
  static func keys(
    of customer: CustomerID, months: [BillingMonth], in connection: PostgresConnection
  ) throws -> [DeliveryKey] {
    try connection.rows(
      """
      SELECT d.month, d.kind, d.sequence FROM unnest($1::bigint[]) AS w (month)
      JOIN deliveries d ON d.month = w.month AND d.customer_id = $2
      ORDER BY d.month, d.kind, d.sequence
      """, IntegerColumn(months) { $0 }, customer
    ) { row in
      guard let kind = DeliveryKind(code: row.int(1)) else {
        throw AuditRows.damaged("a delivery")
      }
      return DeliveryKey(
        month: BillingMonth(index: Int32(row.integer(0))), customer: customer, kind: kind,
        sequence: row.int(2))
    }
  }

  // MARK: A range of customers

  static func list(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: PostgresConnection
  ) throws -> [ListedDelivery] {
    var deliveries: [ListedDelivery] = []
    // Where a delivery has more than one attempt, which few have: the one before the latest.
    var earlier: [(delivery: Int, attempt: Int64)] = []
    try connection.query(
      """
      SELECT a.channel, a.opened_at, a.quiet_mask, a.time_zone, a.deadline, a.bill_sha256,
        a.recipient_hash, a.provider, a.outcome, a.previous, d.customer_id, d.kind, d.sequence,
        d.state, d.version, d.unresolved, d.issue, d.policy, d.template, d.awaits_bill
      FROM deliveries d
      LEFT JOIN attempts a ON a.month = $1 AND a.attempt_id = d.last_attempt
      WHERE d.month = $1 AND d.customer_id BETWEEN $2 AND $3
      ORDER BY d.customer_id, d.kind, d.sequence
      """, month, customers.lowerBound, customers.upperBound
    ) { row in
      guard let kind = DeliveryKind(code: row.int(11)),
        let state = DeliveryState(code: row.int(13))
      else { throw AuditRows.damaged("a delivery") }
      if let attempt = row.optionalInteger(9) { earlier.append((deliveries.count, attempt)) }
      deliveries.append(
        ListedDelivery(
          key: DeliveryKey(
            month: month, customer: CustomerID(row.integer(10)), kind: kind,
            sequence: row.int(12)),
          state: state,
          bill: ListedIssue(
            version: row.int(14), number: row.int(16), policy: row.int(17), template: row.int(18),
            isAwaited: row.bool(19)),
          unresolved: row.int(15),
          attempts: row.isNull(0) ? [] : [try listedAttempt(row)]))
    }
    try addAttempts(earlier, of: month, to: &deliveries, in: connection)
    return deliveries
  }

  /// Follows the chains of all of them at once.
  private static func addAttempts(
    _ earlier: [(delivery: Int, attempt: Int64)], of month: BillingMonth,
    to deliveries: inout [ListedDelivery], in connection: PostgresConnection
  ) throws {
    guard !earlier.isEmpty else { return }
    let columns =
      "a.channel, a.opened_at, a.quiet_mask, a.time_zone, a.deadline, a.bill_sha256, "
      + "a.recipient_hash, a.provider, a.outcome, a.previous"
    try connection.query(
      """
      WITH RECURSIVE made AS (
        SELECT \(columns), e.delivery, 1 AS place
        FROM unnest($2::bigint[], $3::bigint[]) AS e (delivery, attempt_id)
        JOIN attempts a ON a.month = $1 AND a.attempt_id = e.attempt_id
        UNION ALL
        SELECT \(columns), m.delivery, m.place + 1
        FROM made m JOIN attempts a ON a.month = $1 AND a.attempt_id = m.previous
      )
      SELECT * FROM made ORDER BY delivery, place
      """, month, IntegerColumn(earlier) { Int64($0.delivery) },
      IntegerColumn(earlier) { $0.attempt }
    ) { row in
      deliveries[row.int(10)].attempts.append(try listedAttempt(row))
    }
  }

  private static func listedAttempt(_ row: PostgresRow) throws -> ListedAttempt {
    guard let channel = Channel(code: row.int(0)),
      let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(2)))
    else { throw AuditRows.damaged("an attempt") }
    let content = try row.hash(5)
    return ListedAttempt(
      provider: row.text(7), isAccepted: row.optionalInteger(8) == 1, channel: channel,
      openedAt: row.timestamp(1), deadline: row.timestamp(4), quietSlots: quiet,
      timeZone: row.text(3),
      digest: row.withBytes(6) { recipient in
        MessageDigest(content: content, recipientHash: recipient)
      })
  }

  // MARK: One delivery

  static func find(_ key: DeliveryKey, in connection: PostgresConnection) throws -> DeliveryLife? {
    try connection.first(
      """
      SELECT state, reason, version, channels, quiet_mask, time_zone, due_at, next_at, issue,
        due_date
      FROM deliveries WHERE month = $1 AND customer_id = $2 AND kind = $3 AND sequence = $4
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      guard let state = DeliveryState(code: row.int(0)),
        let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(4)))
      else { throw AuditRows.damaged("a delivery") }
      return DeliveryLife(
        key: key, state: state, reason: row.optionalText(1), version: row.int(2),
        channels: ChannelDigits.channels(row.int(3)), quietSlots: quiet, timeZone: row.text(5),
        dueAt: row.timestamp(6), nextAt: row.timestamp(7), entries: [], attempts: [],
        issue: row.int(8), dueDate: row.optionalDay(9))
    }
  }

  /// The oldest first.
  static func entries(
    of key: DeliveryKey, in connection: PostgresConnection
  ) throws -> [DeliveryLife.Entry] {
    let columns =
      "l.at, l.state, l.generation, l.fence, l.channel, l.reason, l.who, l.slot_end, l.note, "
      + "l.previous"
    return try connection.rows(
      """
      WITH RECURSIVE life AS (
        SELECT \(columns), 1 AS place
        FROM deliveries d JOIN delivery_log l ON l.month = $1 AND l.entry = d.last_entry
        WHERE d.month = $1 AND d.customer_id = $2 AND d.kind = $3 AND d.sequence = $4
        UNION ALL
        SELECT \(columns), e.place + 1
        FROM life e JOIN delivery_log l ON l.month = $1 AND l.entry = e.previous
      )
      SELECT * FROM life ORDER BY place DESC
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      guard let state = DeliveryState(code: row.int(1)) else {
        throw AuditRows.damaged("a log entry")
      }
      return DeliveryLife.Entry(
        at: row.timestamp(0), state: state, generation: row.integer(2), fence: row.integer(3),
        channel: Channel(code: row.int(4)), reason: row.optionalText(5), who: row.optionalText(6),
        slotEnd: row.optionalTimestamp(7), note: row.optionalText(8))
    }
  }

  /// The first first.
  static func attempts(
    of key: DeliveryKey, in connection: PostgresConnection
  ) throws -> [DeliveryLife.Attempt] {
    let columns =
      "a.attempt, a.channel, a.provider, a.opened_at, a.closed_at, a.outcome, a.reference, "
      + "a.reason, a.round, a.previous"
    return try connection.rows(
      """
      WITH RECURSIVE made AS (
        SELECT \(columns)
        FROM deliveries d JOIN attempts a ON a.month = $1 AND a.attempt_id = d.last_attempt
        WHERE d.month = $1 AND d.customer_id = $2 AND d.kind = $3 AND d.sequence = $4
        UNION ALL
        SELECT \(columns)
        FROM made m JOIN attempts a ON a.month = $1 AND a.attempt_id = m.previous
      )
      SELECT * FROM made ORDER BY attempt
      """, key.month, key.customer, key.kind.code, key.sequence
    ) { row in
      DeliveryLife.Attempt(
        number: row.int(0), channel: Channel(code: row.int(1)), round: row.int(8),
        provider: row.text(2), openedAt: row.timestamp(3), closedAt: row.optionalTimestamp(4),
        outcome: row.optionalInteger(5).flatMap { outcomes[Int($0)] },
        reference: row.optionalText(6), reason: row.optionalText(7))
    }
  }

  private static let outcomes = [
    1: "accepted", 2: "rejected", 3: "notAccepted", 4: "unknown",
  ]
}
