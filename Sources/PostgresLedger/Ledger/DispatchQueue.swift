package import Billing
package import Dispatching

/// Dispatch on PostgreSQL: what is taken is locked, and what others have in hand is passed over, so
/// that many dispatchers share a slot.
extension PostgresLedger: DispatchLedger {
  package func now() async throws -> Timestamp {
    try await database.read { try self.now(in: $0) }
  }

  package func zones() async throws -> [String] {
    try await database.read { connection in
      try connection.rows("SELECT time_zone FROM delivery_zones ORDER BY time_zone") { $0.text(0) }
    }
  }

  package func queueDue(_ request: QueueRequest) async throws -> QueueOutcome {
    try await database.write { connection in
      let rows = try DueRow.lock(request, at: try self.now(in: connection), in: connection)
      // Again: the locks may have been waited for.
      let now = try self.now(in: connection)
      guard now >= request.slot.start, now < request.slot.end else { return .slotOver }
      var batch = QueuedBatch()
      if rows.count == request.limit { batch.next = rows.last?.delivery.cursor }
      var queueing = Queueing(
        request: request, at: now,
        unreachable: try DueRow.whyUnreachable(rows, in: connection))
      try queueing.take(rows, into: &batch, in: connection)
      try queueing.write(in: connection)
      return .batch(batch)
    }
  }

  package func takeUnpublished(
    olderThanSeconds: Int64, limit: Int
  ) async throws -> [DeliveryEvent] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      let found = try connection.rows(
        DueRow.unpublishedQuery, now, now.adding(seconds: -olderThanSeconds), limit
      ) { row in (due: try DueRow(row), slotEnd: row.timestamp(16)) }
      let events = found.compactMap { row in
        row.due.delivery.event(generation: row.due.delivery.generation, slotEnd: row.slotEnd)
      }
      guard !events.isEmpty else { return [] }
      try connection.run(
        """
        UPDATE deliveries d SET queued_at = $1
        FROM unnest($2, $3, $4, $5) AS k (month, customer_id, kind, sequence)
        WHERE \(DeliveryRow.isOfKey)
        """, now, IntegerColumn(events) { $0.delivery.month },
        IntegerColumn(events) { $0.delivery.customer },
        IntegerColumn(events) { $0.delivery.kind.code },
        IntegerColumn(events) { $0.delivery.sequence })
      return events
    }
  }

  package func markPublished(_ marks: [PublishedMark]) async throws -> Int {
    try await database.write { connection in
      let now = try self.now(in: connection)
      // In the order in which everybody locks.
      let marks = marks.sorted { DeliveryKey.isBefore($0.delivery, $1.delivery) }
      return try connection.run(
        """
        UPDATE deliveries d SET topic_partition = k.topic_partition,
          topic_offset = k.topic_offset, published_at = $1
        FROM unnest($2, $3, $4, $5, $6, $7, $8)
          AS k (month, customer_id, kind, sequence, generation, topic_partition, topic_offset)
        WHERE \(DeliveryRow.isOfKey) AND d.generation = k.generation
        """, now, IntegerColumn(marks) { $0.delivery.month },
        IntegerColumn(marks) { $0.delivery.customer },
        IntegerColumn(marks) { $0.delivery.kind.code },
        IntegerColumn(marks) { $0.delivery.sequence }, IntegerColumn(marks) { $0.generation },
        IntegerColumn(marks) { $0.partition }, IntegerColumn(marks) { $0.offset })
    }
  }

  package func remaining(in slot: ZoneSlot, of zone: String) async throws -> Int {
    try await database.read { connection in
      let now = try self.now(in: connection)
      guard now >= slot.start, now < slot.end else { return 0 }
      return try connection.first(DueRow.remainingQuery, zone, now, slot.slot) { $0.int(0) } ?? 0
    }
  }
}

/// A delivery that is due, with the latest entry of its log.
struct DueRow {
  let delivery: DueDelivery
  let lastEntry: Int64?

  init(_ row: PostgresRow) throws {
    guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(5))) else {
      throw PostgresLedger.damaged("a delivery's quiet mask is out of range")
    }
    delivery = DueDelivery(
      key: try DeliveryKey(row, at: 0), nextAt: row.timestamp(4), quiet: quiet,
      generation: row.int(6), fence: row.int(7), channel: Channel(code: row.int(8)),
      hasChannel: row.integer(9) != 0, version: row.int(10), policy: row.int(11),
      template: row.int(12), dueAt: row.timestamp(13), madeAt: row.timestamp(14),
      sha256: try row.optionalHash(17))
    lastEntry = row.optionalInteger(15)
  }

  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.next_at, d.quiet_mask, d.generation, d.fence,
    d.channel, d.channels, d.version, d.policy, d.template, d.due_at, d.made_at, d.last_entry,
    d.slot_end, b.sha256
    """

  private static let bill = """
    LEFT JOIN bills b ON b.month = d.month AND b.customer_id = d.customer_id
      AND b.version = d.version AND b.policy = d.policy AND b.template = d.template
      AND b.channel = d.channel
    """

  /// Where all twelve slots are quiet the row is due all the same: to be suppressed.
  private static let permitted =
    "((d.quiet_mask >> $3::integer) & 1 = 0 OR d.quiet_mask = 4095)"

  /// - Parameter condition: literally that of the index that is to be read.
  private static func dueQuery(_ condition: String, skipsLocked: Bool) -> String {
    """
    SELECT \(columns)
    FROM (
      SELECT * FROM deliveries d
      WHERE \(condition) AND d.time_zone = $1 AND d.next_at <= $2 AND \(permitted)
        AND (d.next_at, d.month, d.customer_id, d.kind, d.sequence) > ($4, $5, $6, $7, $8)
      ORDER BY d.next_at, d.month, d.customer_id, d.kind, d.sequence LIMIT $9
      FOR UPDATE \(skipsLocked ? "SKIP LOCKED" : "")
    ) d \(bill)
    ORDER BY d.next_at, d.month, d.customer_id, d.kind, d.sequence
    """
  }

  static func lock(
    _ request: QueueRequest, at now: Timestamp, in connection: PostgresConnection
  ) throws -> [DueRow] {
    let condition =
      request.onlyAgain ? "d.state = 1 AND d.queued_at > 0" : "d.state = 1"
    let after = request.after
    return try connection.rows(
      dueQuery(condition, skipsLocked: request.skipsLocked), request.zone, now, request.slot.slot,
      after?.nextAt ?? Timestamp(milliseconds: .min), after?.key.month.index ?? -1,
      after?.key.customer.number ?? -1, after?.key.kind.code ?? -1, after?.key.sequence ?? -1,
      request.limit, read: DueRow.init)
  }

  static let unpublishedQuery = """
    SELECT \(columns)
    FROM (
      SELECT * FROM deliveries d
      WHERE d.state = 2 AND d.slot_end > $1 AND d.topic_partition IS NULL AND d.queued_at <= $2
      LIMIT $3 FOR UPDATE SKIP LOCKED
    ) d \(bill)
    """

  static let remainingQuery = """
    SELECT count(*) FROM deliveries d
    WHERE d.state = 1 AND d.time_zone = $1 AND d.next_at <= $2 AND \(permitted)
    """

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
