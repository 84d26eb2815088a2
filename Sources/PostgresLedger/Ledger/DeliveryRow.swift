import Billing

/// One row of `deliveries` as it was read, and as it is to be.
struct DeliveryRow {
  var record: DeliveryRecord
  /// As it was read: `DeliveryChanges` checks the transition from it.
  let saved: DeliveryRecord
  /// The row of its latest attempt.
  let lastAttempt: Int64?
  /// Of its log.
  let lastEntry: Int64?

  var key: DeliveryKey { record.key }

  static func isBefore(_ left: DeliveryRow, _ right: DeliveryRow) -> Bool {
    DeliveryKey.isBefore(left.key, right.key)
  }

  /// In the order in which `init(_:)` reads them; `d` is the table's name in the query.
  static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.state, d.generation, d.fence, d.reason,
    d.version, d.policy, d.template, d.channels, d.channel, d.quiet_mask, d.time_zone, d.due_at,
    d.made_at, d.next_at, d.begun, d.attempt, d.channel_attempts, d.unresolved, d.closed_channels,
    d.key_opened_at, d.frozen_sha256, d.recipient_hash, d.slot_end, d.owner, d.lease_until,
    d.queued_at, d.published_at, d.topic_partition, d.topic_offset, d.round, d.last_attempt,
    d.last_entry, d.issue, d.due_date, d.awaits_bill, d.goes_past_due
    """
  static let columnCount = 40

  /// Whether `d` is the row of a key `k`. The month comes with the key, and is not a parameter beside
  /// it: a planner that knows nothing of a new partition would take "of that month" for one row.
  static let isOfKey = """
    d.month = k.month AND d.customer_id = k.customer_id AND d.kind = k.kind
      AND d.sequence = k.sequence
    """

  init(_ row: PostgresRow) throws {
    guard let state = DeliveryState(code: row.int(4)),
      let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(13)))
    else { throw PostgresLedger.damaged("a delivery's state or quiet mask is out of range") }
    record = DeliveryRecord(
      key: try DeliveryKey(row, at: 0), state: state, generation: row.int(5), fence: row.int(6),
      reason: row.optionalText(7).flatMap(DeliveryReason.init(rawValue:)), version: row.int(8),
      policy: row.int(9), template: row.int(10), usable: ChannelDigits.channels(row.int(11)),
      channel: Channel(code: row.int(12)), quiet: quiet, timeZone: row.text(14),
      dueAt: row.timestamp(15), madeAt: row.timestamp(16), nextAt: row.timestamp(17),
      isBegun: row.bool(18), attempt: row.int(19), channelAttempts: row.int(20),
      unresolved: row.int(21), closed: ChannelSet(rawValue: row.int(22)),
      keyOpenedAt: row.optionalTimestamp(23), frozenSHA: try row.optionalHash(24),
      recipientHash: row.optionalBytes(25), slotEnd: row.timestamp(26),
      owner: row.optionalText(27), leaseUntil: row.timestamp(28), queuedAt: row.timestamp(29),
      publishedAt: row.optionalTimestamp(30), partition: row.optionalInteger(31),
      offset: row.optionalInteger(32), round: row.int(33),
      issue: BillIssue(
        number: row.int(36), dueDate: row.optionalDay(37), isAwaited: row.bool(38),
        goesPastDue: row.bool(39)))
    guard record.countsAreInRange else {
      throw PostgresLedger.damaged("a count of a delivery is out of range")
    }
    saved = record
    lastAttempt = row.optionalInteger(34)
    lastEntry = row.optionalInteger(35)
  }
}

extension DeliveryKey {
  /// Reads month, customer, kind and sequence from four columns.
  init(_ row: PostgresRow, at column: Int) throws {
    guard let kind = DeliveryKind(code: row.int(column + 2)) else {
      throw PostgresLedger.damaged("a delivery's kind is out of range")
    }
    self.init(
      month: BillingMonth(index: Int32(truncatingIfNeeded: row.integer(column))),
      customer: CustomerID(row.integer(column + 1)), kind: kind, sequence: row.int(column + 3))
  }

  /// Whoever waits for the locks of several rows takes them in this order.
  static func isBefore(_ left: DeliveryKey, _ right: DeliveryKey) -> Bool {
    (left.month.index, left.customer.number, left.kind.code, left.sequence)
      < (right.month.index, right.customer.number, right.kind.code, right.sequence)
  }
}

/// Batches of rows, found by their keys.
enum DeliveryRows {
  /// Locks the rows that there are, in the order of keys, and reads them. In a READ COMMITTED
  /// transaction they are as they are then, whatever was waited for.
  ///
  /// - Parameter skipsLocked: leaves out what others have in hand, instead of waiting for it.
  static func lock(
    _ keys: some Collection<DeliveryKey>, skipsLocked: Bool = false,
    in connection: PostgresConnection
  ) throws -> [DeliveryKey: DeliveryRow] {
    try rows(
      keys, then: "FOR UPDATE OF d \(skipsLocked ? "SKIP LOCKED" : "")", in: connection)
  }

  static func read(
    _ keys: some Collection<DeliveryKey>, in connection: PostgresConnection
  ) throws -> [DeliveryKey: DeliveryRow] {
    try rows(keys, then: "", in: connection)
  }

  private static func rows(
    _ keys: some Collection<DeliveryKey>, then locking: String, in connection: PostgresConnection
  ) throws -> [DeliveryKey: DeliveryRow] {
    let keys = Set(keys).sorted(by: DeliveryKey.isBefore)
    var rows: [DeliveryKey: DeliveryRow] = [:]
    rows.reserveCapacity(keys.count)
    guard !keys.isEmpty else { return rows }
    try connection.query(
      """
      SELECT \(DeliveryRow.columns)
      FROM unnest($1, $2, $3, $4) AS k (month, customer_id, kind, sequence)
      JOIN deliveries d ON \(DeliveryRow.isOfKey)
      \(locking)
      """, IntegerColumn(keys) { $0.month }, IntegerColumn(keys) { $0.customer },
      IntegerColumn(keys) { $0.kind.code }, IntegerColumn(keys) { $0.sequence }
    ) {
      let row = try DeliveryRow($0)
      rows[row.key] = row
    }
    return rows
  }
}
