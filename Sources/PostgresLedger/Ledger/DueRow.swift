import Billing
import Dispatching

/// A delivery that may be dispatched, as its locked row says.
///
/// What nobody has in hand is found, locked and read with its bill in one statement. What has to be
/// waited for is found first, then locked in the order of keys like everybody's, then read with its
/// bill: one statement would wait in the order of time, and see rows as they are after the wait, but
/// their bills as they were before.
struct DueRow {
  /// Without its bill's hash before `withBills`.
  private(set) var delivery: DueDelivery
  let lastEntry: Int64?
  let slotEnd: Timestamp
  private let state: DeliveryState?
  private let timeZone: String
  private let queuedAt: Timestamp
  private let isPublished: Bool

  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.next_at, d.quiet_mask, d.generation, d.fence,
    d.channel, d.channels, d.version, d.policy, d.template, d.due_at, d.made_at, d.last_entry,
    d.slot_end, d.state, d.time_zone, d.queued_at, d.topic_partition, d.issue, d.due_date,
    d.awaits_bill, d.goes_past_due
    """

  private static let columnCount = 25

  private init(_ row: PostgresRow) throws {
    guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(5))) else {
      throw PostgresLedger.damaged("a delivery's quiet mask is out of range")
    }
    delivery = DueDelivery(
      key: try DeliveryKey(row, at: 0), nextAt: row.timestamp(4), quiet: quiet,
      generation: row.int(6), fence: row.int(7), channel: Channel(code: row.int(8)),
      hasChannel: row.integer(9) != 0, version: row.int(10), policy: row.int(11),
      template: row.int(12), dueAt: row.timestamp(13), madeAt: row.timestamp(14), sha256: nil,
      issue: BillIssue(
        number: row.int(21), dueDate: row.optionalDay(22), isAwaited: row.bool(23),
        goesPastDue: row.bool(24)))
    guard DeliveryKey.counts.contains(delivery.generation) else {
      throw PostgresLedger.damaged("a delivery's generation is out of range")
    }
    lastEntry = row.optionalInteger(15)
    slotEnd = row.timestamp(16)
    state = DeliveryState(code: row.int(17))
    timeZone = row.text(18)
    queuedAt = row.timestamp(19)
    isPublished = !row.isNull(20)
  }

  /// What made it a candidate, once more: it may have been changed before it was locked.
  func isDue(by request: QueueRequest, at now: Timestamp) -> Bool {
    state == .planned && timeZone == request.zone && delivery.nextAt <= now
      && (delivery.quiet.coverTheDay || !delivery.quiet.contains(request.slot.slot))
  }

  func isUnpublished(at now: Timestamp, olderThanSeconds seconds: Int64) -> Bool {
    state == .queued && !isPublished && slotEnd > now && queuedAt <= now.adding(seconds: -seconds)
  }

  // MARK: Finding

  /// Where all twelve slots are quiet the row is due all the same: to be suppressed.
  private static let permitted =
    "((d.quiet_mask >> $3::integer) & 1 = 0 OR d.quiet_mask = 4095)"

  /// What decides whose share a customer is in.
  private static let mixed =
    "d.customer_id % \(CustomerShare.prime) * \(CustomerShare.factor) % \(CustomerShare.prime)"

  /// - Parameters:
  ///   - condition: literally that of the index that is to be read.
  ///   - bills: a join with them, where the same statement reads them.
  private static func dueQuery(
    _ columns: String, _ condition: String, bills: String = "", locking: String = ""
  ) -> String {
    """
    SELECT \(columns) FROM deliveries d \(bills)
    WHERE \(condition) AND d.time_zone = $1 AND d.next_at <= $2 AND \(permitted)
      AND \(mixed) % $10 = $11
      AND (d.next_at, d.month, d.customer_id, d.kind, d.sequence) > ($4, $5, $6, $7, $8)
    ORDER BY d.next_at, d.month, d.customer_id, d.kind, d.sequence LIMIT $9 \(locking)
    """
  }

  static let remainingQuery = """
    SELECT count(*) FROM deliveries d
    WHERE d.state = 1 AND d.time_zone = $1 AND d.next_at <= $2 AND \(permitted)
    """

  /// Published ones are neighbours of others: each slot's are looked for by themselves.
  static let unpublishedQuery = """
    SELECT d.month, d.customer_id, d.kind, d.sequence FROM deliveries d
    WHERE d.state = 2 AND d.slot_end = $1 AND d.topic_partition IS NULL AND d.queued_at <= $2
    LIMIT $3
    """

  /// What is due, whoever has it in hand.
  static func candidates(
    _ request: QueueRequest, at now: Timestamp, in connection: PostgresConnection
  ) throws -> [QueueCursor] {
    let keys = "d.month, d.customer_id, d.kind, d.sequence, d.next_at"
    return try connection.rows(
      dueQuery(keys, condition(request)), with: values(request, at: now)
    ) { QueueCursor(nextAt: $0.timestamp(4), key: try DeliveryKey($0, at: 0)) }
  }

  /// What is due and in nobody's hand, locked, with its bills.
  static func free(
    _ request: QueueRequest, at now: Timestamp, in connection: PostgresConnection
  ) throws -> [DueRow] {
    var withoutBill: [Int] = []
    var rows: [DueRow] = []
    rows.reserveCapacity(request.limit)
    try connection.query(
      dueQuery(
        "\(columns), b.sha256", condition(request), bills: "LEFT JOIN bills b ON \(isBillOf("d"))",
        locking: "FOR UPDATE OF d SKIP LOCKED"), with: values(request, at: now)
    ) {
      var row = try DueRow($0)
      if $0.isNull(columnCount) {
        withoutBill.append(rows.count)
      } else {
        row.delivery.sha256 = try $0.hash(columnCount)
      }
      rows.append(row)
    }
    // One that was changed just before it was locked, together with its bills, has none yet in what
    // the statement sees.
    let found = try withBills(withoutBill.map { rows[$0] }, in: connection)
    for (place, row) in zip(withoutBill, found) { rows[place] = row }
    return rows
  }

  private static func condition(_ request: QueueRequest) -> String {
    request.onlyAgain ? "d.state = 1 AND d.queued_at > 0" : "d.state = 1"
  }

  private static func values(_ request: QueueRequest, at now: Timestamp) -> [any PostgresValue] {
    let after = request.after
    return [
      request.zone, now, request.slot.slot, after?.nextAt ?? Timestamp(milliseconds: .min),
      Int(after?.key.month.index ?? -1), after?.key.customer.number ?? -1,
      after?.key.kind.code ?? -1, after?.key.sequence ?? -1, request.limit, request.share.count,
      request.share.index,
    ]
  }

  private static func isBillOf(_ alias: String) -> String {
    """
    b.month = \(alias).month AND b.customer_id = \(alias).customer_id
      AND b.version = \(alias).version AND b.policy = \(alias).policy
      AND b.template = \(alias).template AND b.issue = \(alias).issue
      AND b.channel = \(alias).channel
    """
  }

  // MARK: Reading

  /// In the order of the keys given.
  static func lock(
    _ keys: [DeliveryKey], skipsLocked: Bool, in connection: PostgresConnection
  ) throws -> [DueRow] {
    guard !keys.isEmpty else { return [] }
    let ordered = keys.sorted(by: DeliveryKey.isBefore)
    var rows: [DeliveryKey: DueRow] = [:]
    rows.reserveCapacity(keys.count)
    try connection.query(
      """
      SELECT \(columns)
      FROM unnest($1, $2, $3, $4) AS k (month, customer_id, kind, sequence)
      JOIN deliveries d ON \(DeliveryRow.isOfKey)
      FOR UPDATE OF d \(skipsLocked ? "SKIP LOCKED" : "")
      """, IntegerColumn(ordered) { $0.month }, IntegerColumn(ordered) { $0.customer },
      IntegerColumn(ordered) { $0.kind.code }, IntegerColumn(ordered) { $0.sequence }
    ) {
      let row = try DueRow($0)
      rows[row.delivery.key] = row
    }
    return keys.compactMap { rows[$0] }
  }

  /// The rows with their bills' hashes, where there are bills.
  static func withBills(
    _ rows: [DueRow], in connection: PostgresConnection
  ) throws -> [DueRow] {
    guard !rows.isEmpty else { return [] }
    var rows = rows
    try connection.query(
      """
      SELECT k.place, b.sha256
      FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY
        AS k (month, customer_id, version, policy, template, channel, issue, place)
      JOIN bills b ON \(isBillOf("k"))
      """, IntegerColumn(rows) { $0.delivery.key.month },
      IntegerColumn(rows) { $0.delivery.key.customer }, IntegerColumn(rows) { $0.delivery.version },
      IntegerColumn(rows) { $0.delivery.policy }, IntegerColumn(rows) { $0.delivery.template },
      IntegerColumn(rows) { $0.delivery.channel?.code ?? 0 },
      IntegerColumn(rows) { $0.delivery.issue.number }
    ) { row in rows[row.int(0) - 1].delivery.sha256 = try row.hash(1) }
    return rows
  }

  /// For those of the rows whose customers cannot be told at all.
  static func whyUnreachable(
    _ rows: [DueRow], in connection: PostgresConnection
  ) throws -> [CustomerID: DeliveryReason] {
    let unreachable = rows.filter { !$0.delivery.hasChannel }
    guard !unreachable.isEmpty else { return [:] }
    var reasons: [CustomerID: DeliveryReason] = [:]
    try connection.query(
      """
      SELECT c.customer_id, c.channels FROM unnest($1) AS k (customer_id)
      JOIN customers c ON c.customer_id = k.customer_id AND c.recorded_to = 9223372036854775807
      """, IntegerColumn(unreachable) { $0.delivery.key.customer }
    ) { row in reasons[CustomerID(row.integer(0))] = row.int(1) == 0 ? .optedOut : .noContact }
    return reasons
  }
}
