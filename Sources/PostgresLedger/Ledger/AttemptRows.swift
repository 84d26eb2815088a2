import Billing
import Delivery

/// A row of `attempts` as it is opened with an intent.
struct OpenedAttempt {
  var intent: Intent
  /// Of the delivery.
  var number: Int
  var round: Int
  var quietMask: UInt16
  var timeZone: String
  var openedAt: Timestamp
  var deadline: Timestamp
  var previous: Int64?

  /// - Parameter numbers: one for each.
  static func write(
    _ attempts: [OpenedAttempt], under numbers: [Int64], in connection: PostgresConnection
  ) throws {
    guard !attempts.isEmpty else { return }
    try connection.copy(
      into: "attempts",
      [
        "attempt_id", "previous", "month", "kind", "channel", "customer_id", "sequence", "attempt",
        "round", "fence", "opened_at", "deadline", "quiet_mask", "time_zone", "bill_sha256",
        "recipient_hash", "provider",
      ]
    ) { rows in
      for (attempt, number) in zip(attempts, numbers) {
        let intent = attempt.intent
        try rows.row()
        rows.int8(number)
        rows.int8(attempt.previous)
        rows.int4(intent.key.month.index)
        rows.int2(intent.key.kind.code)
        rows.int2(intent.channel.code)
        rows.int8(intent.key.customer.number)
        rows.int4(intent.key.sequence)
        rows.int4(attempt.number)
        rows.int4(attempt.round)
        rows.int4(intent.fence)
        rows.int8(attempt.openedAt.milliseconds)
        rows.int8(attempt.deadline.milliseconds)
        rows.int2(attempt.quietMask)
        rows.text(attempt.timeZone)
        rows.hash(intent.sha256)
        rows.bytes(intent.recipientHash)
        rows.text(intent.provider)
      }
    }
  }
}

/// An attempt that ends.
struct ClosedAttemptRow {
  var month: BillingMonth
  var attempt: Int64
  var outcome: StoredOutcome

  static func write(
    _ attempts: [ClosedAttemptRow], at now: Timestamp, in connection: PostgresConnection
  ) throws {
    guard !attempts.isEmpty else { return }
    try connection.run(
      """
      UPDATE attempts a SET closed_at = $1, outcome = k.outcome,
        reference = coalesce(k.reference, a.reference), reason = k.reason
      FROM unnest($2, $3, $4, $5, $6) AS k (month, attempt_id, outcome, reference, reason)
      WHERE a.month = k.month AND a.attempt_id = k.attempt_id AND coalesce(a.outcome, 0) <> 1
      """, now, IntegerColumn(attempts) { $0.month }, IntegerColumn(attempts) { $0.attempt },
      IntegerColumn(attempts) { $0.outcome.code }, TextColumn(attempts) { $0.outcome.reference },
      TextColumn(attempts) { $0.outcome.reason })
  }
}

/// The attempts of deliveries, each a chain from its latest.
struct AttemptChains {
  /// What tells an attempt of a delivery from its others.
  struct Found {
    var row: Int64
    var attempt: Int
    var channel: Int
    var round: Int
    /// See the schema; `nil` while it is open.
    var outcome: Int?
    var deadline: Timestamp
  }

  /// By the row of the latest, the latest first.
  private var chains: [Int64: [Found]] = [:]

  init(of rows: some Collection<DeliveryRow>, in connection: PostgresConnection) throws {
    let rows = rows.filter { $0.lastAttempt != nil }
    guard !rows.isEmpty else { return }
    try connection.query(
      """
      WITH RECURSIVE chain (month, latest, attempt_id, depth) AS (
        SELECT k.month, k.latest, k.latest, 0 FROM unnest($1, $2) AS k (month, latest)
        UNION ALL
        SELECT c.month, c.latest, a.previous, c.depth + 1
        FROM chain c JOIN attempts a ON a.month = c.month AND a.attempt_id = c.attempt_id
        WHERE a.previous IS NOT NULL
      )
      SELECT c.latest, a.attempt_id, a.attempt, a.channel, a.round, a.outcome, a.deadline
      FROM chain c JOIN attempts a ON a.month = c.month AND a.attempt_id = c.attempt_id
      ORDER BY c.latest, c.depth
      """, IntegerColumn(rows) { $0.key.month },
      IntegerColumn(optional: rows) { $0.lastAttempt }
    ) { row in
      chains[row.integer(0), default: []].append(
        Found(
          row: row.integer(1), attempt: row.int(2), channel: row.int(3), round: row.int(4),
          outcome: row.optionalInteger(5).map { Int($0) }, deadline: row.timestamp(6)))
    }
  }

  /// The latest attempt of a delivery that is wanted.
  func find(of row: DeliveryRow, where isWanted: (Found) -> Bool) -> Int64? {
    row.lastAttempt.flatMap { chains[$0]?.first(where: isWanted)?.row }
  }

  /// The attempt of a delivery that evidence of a key is of.
  func taken(on channel: Channel, round: Int, of row: DeliveryRow) -> Int64? {
    for isMeant in StoredOutcome.evidenced {
      let found = find(of: row) {
        $0.channel == channel.code && $0.round == round && isMeant($0.outcome)
      }
      if let found { return found }
    }
    return nil
  }

  /// The latest attempt of a delivery.
  func latest(of row: DeliveryRow) -> Found? {
    row.lastAttempt.flatMap { chains[$0]?.first }
  }
}
