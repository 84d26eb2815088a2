package import Billing
package import Dispatching

/// Dispatch on SQLite: a writing transaction has the ledger to itself, so that what it has read is
/// still so when it writes, and nobody's rows need skipping.
extension EmbeddedLedger: DispatchLedger {
  package func now() async throws -> Timestamp {
    try await database.read { try self.now(in: $0) }
  }

  package func zones() async throws -> [String] {
    try await database.read { connection in
      var zones: [String] = []
      try connection.query("SELECT time_zone FROM delivery_zones ORDER BY time_zone") {
        zones.append($0.text(0))
      }
      return zones
    }
  }

  package func queueDue(_ request: QueueRequest) async throws -> QueueOutcome {
    try await database.write { connection in
      let now = try self.now(in: connection)
      guard now >= request.slot.start, now < request.slot.end else { return .slotOver }
      let rows = try DispatchRow.due(request, at: now, in: connection)
      var batch = QueuedBatch()
      batch.events.reserveCapacity(rows.count)
      if rows.count == request.limit { batch.next = rows.last?.delivery.cursor }
      var writer = try DispatchWriter(connection, request: request, now: now)
      for row in rows { try writer.take(row, into: &batch) }
      return .batch(batch)
    }
  }

  package func takeUnpublished(
    olderThanSeconds: Int64, limit: Int
  ) async throws -> [DeliveryEvent] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      var events: [DeliveryEvent] = []
      for slotEnd in try QueuedSlots.ends(after: now, in: connection) where events.count < limit {
        try connection.query(
          DispatchRow.unpublishedQuery, slotEnd, now.adding(seconds: -olderThanSeconds),
          limit - events.count
        ) { row in
          let row = try DispatchRow(row)
          let delivery = row.delivery
          if let event = delivery.event(generation: delivery.generation, slotEnd: row.slotEnd) {
            events.append(event)
          }
        }
      }
      let touch = try connection.statement(
        "UPDATE deliveries SET queued_at = ? WHERE \(DeliveryRow.byKey)")
      for event in events {
        now.bind(to: touch, at: 1)
        event.delivery.bind(to: touch, at: 2)
        try touch.finish()
      }
      return events
    }
  }

  package func markPublished(_ marks: [PublishedMark]) async throws -> Int {
    try await database.write { connection in
      let now = try self.now(in: connection)
      let mark = try connection.statement(
        """
        UPDATE deliveries SET partition = ?, offset = ?, published_at = ?
        WHERE \(DeliveryRow.byKey) AND generation = ?
        """)
      var marked = 0
      for published in marks {
        mark.bind(published.partition, at: 1)
        mark.bind(published.offset, at: 2)
        now.bind(to: mark, at: 3)
        published.delivery.bind(to: mark, at: 4)
        mark.bind(published.generation, at: 8)
        try mark.finish()
        marked += connection.changes
      }
      return marked
    }
  }

  package func remaining(in slot: ZoneSlot, of zone: String) async throws -> Int {
    try await database.read { connection in
      let now = try self.now(in: connection)
      guard now >= slot.start, now < slot.end else { return 0 }
      return try connection.first(DispatchRow.remainingQuery, zone, now, slot.slot) { $0.int(0) }
        ?? 0
    }
  }
}

/// The slots for which something is queued: as many as there are zones with different ones.
enum QueuedSlots {
  static let nextQuery = """
    SELECT min(slot_end) FROM deliveries INDEXED BY deliveries_queued
    WHERE state = 2 AND slot_end > ?
    """

  /// The ends of those that are not over, ascending, stepping along the index.
  static func ends(after now: Timestamp, in connection: Connection) throws -> [Timestamp] {
    var ends: [Timestamp] = []
    while let next = try end(after: ends.last ?? now, in: connection) { ends.append(next) }
    return ends
  }

  /// The next one.
  static func end(after last: Timestamp, in connection: Connection) throws -> Timestamp? {
    try connection.first(nextQuery, last, read: { $0.optionalInteger(0) })?
      .map(Timestamp.init(milliseconds:))
  }
}

/// What dispatch reads of a delivery, with what only this ledger needs of it.
struct DispatchRow {
  let delivery: DueDelivery
  let slotEnd: Timestamp
  let lastEntry: Int64?

  var key: DeliveryKey { delivery.key }

  init(_ row: Statement) throws {
    guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(5))) else {
      throw DeliveryRow.damaged("a quiet mask is out of range")
    }
    delivery = DueDelivery(
      key: try DeliveryKey(row, at: 0), nextAt: Timestamp(milliseconds: row.integer(4)),
      quiet: quiet, generation: row.int(6), fence: row.int(7), channel: Channel(code: row.int(8)),
      hasChannel: row.int(9) != 0, version: row.int(10), policy: row.int(11),
      template: row.int(12), dueAt: Timestamp(milliseconds: row.integer(13)),
      madeAt: Timestamp(milliseconds: row.integer(14)),
      sha256: row.isNull(17) ? nil : try row.hash(17),
      issue: BillIssue(
        number: row.int(18), dueDate: row.optionalDay(19), isAwaited: row.integer(20) != 0,
        goesPastDue: row.integer(21) != 0))
    guard DeliveryKey.counts.contains(delivery.generation) else {
      throw DeliveryRow.damaged("a generation is out of range")
    }
    slotEnd = Timestamp(milliseconds: row.integer(15))
    lastEntry = row.optionalInteger(16)
  }

  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.next_at, d.quiet_mask, d.generation, d.fence,
    d.channel, d.channels, d.version, d.policy, d.template, d.due_at, d.made_at, d.slot_end,
    d.last_entry, b.sha256, d.issue, d.due_date, d.awaits_bill, d.goes_past_due
    """

  private static let bill = """
    LEFT JOIN bills b ON b.month = d.month AND b.customer_id = d.customer_id
      AND b.version = d.version AND b.policy = d.policy AND b.template = d.template
      AND b.issue = d.issue AND b.channel = d.channel
    """

  /// Where all twelve slots are quiet the row is due all the same: to be suppressed.
  private static var permitted: String {
    PlantedBug.dispatchIgnoresQuiet.isPlanted
      ? "?3 >= 0" : "((d.quiet_mask >> ?3) & 1 = 0 OR d.quiet_mask = 4095)"
  }

  static var dueQuery: String { query(index: "deliveries_planned", condition: "d.state = 1") }
  static var dueAgainQuery: String {
    query(index: "deliveries_planned_again", condition: "d.state = 1 AND d.queued_at > 0")
  }

  /// What decides whose share a customer is in.
  private static let mixed =
    "d.customer_id % \(CustomerShare.prime) * \(CustomerShare.factor) % \(CustomerShare.prime)"

  private static func query(index: String, condition: String) -> String {
    """
    SELECT \(columns) FROM deliveries d INDEXED BY \(index) \(bill)
    WHERE \(condition) AND d.time_zone = ?1 AND d.next_at <= ?2 AND \(permitted)
      AND \(mixed) % ?10 = ?11
      AND (d.next_at, d.month, d.customer_id, d.kind, d.sequence) > (?4, ?5, ?6, ?7, ?8)
    ORDER BY d.next_at, d.month, d.customer_id, d.kind, d.sequence LIMIT ?9
    """
  }

  static let unpublishedQuery = """
    SELECT \(columns) FROM deliveries d INDEXED BY deliveries_queued \(bill)
    WHERE d.state = 2 AND d.slot_end = ?1 AND d.partition IS NULL AND d.queued_at <= ?2 LIMIT ?3
    """

  static var remainingQuery: String {
    """
    SELECT count(*) FROM deliveries d INDEXED BY deliveries_planned
    WHERE d.state = 1 AND d.time_zone = ?1 AND d.next_at <= ?2 AND \(permitted)
    """
  }

  static func due(
    _ request: QueueRequest, at now: Timestamp, in connection: Connection
  ) throws -> [DispatchRow] {
    let statement = try connection.statement(request.onlyAgain ? dueAgainQuery : dueQuery)
    statement.bind(request.zone, at: 1)
    now.bind(to: statement, at: 2)
    statement.bind(request.slot.slot, at: 3)
    statement.bind(request.after?.nextAt.milliseconds ?? .min, at: 4)
    if let key = request.after?.key {
      key.bind(to: statement, at: 5)
    } else {
      for position in 5...8 { statement.bind(-1, at: position) }
    }
    statement.bind(request.limit, at: 9)
    statement.bind(request.share.count, at: 10)
    statement.bind(request.share.index, at: 11)
    defer { statement.reset() }
    var rows: [DispatchRow] = []
    rows.reserveCapacity(request.limit)
    while try statement.step() { rows.append(try DispatchRow(statement)) }
    return rows
  }
}

/// Queues, holds and suppresses the rows of one batch.
private struct DispatchWriter {
  private let connection: Connection
  private let request: QueueRequest
  private let now: Timestamp
  private let queue: Statement
  private let log: DeliveryLog
  /// By corrections of this batch.
  private var supersededKeys: Set<DeliveryKey> = []

  init(_ connection: Connection, request: QueueRequest, now: Timestamp) throws {
    self.connection = connection
    self.request = request
    self.now = now
    queue = try connection.statement(
      """
      UPDATE deliveries SET state = 2, generation = ?, reason = NULL, slot_end = ?, lease_until = 0,
        queued_at = ?, published_at = NULL, partition = NULL, offset = NULL, owner = NULL,
        last_entry = ?, changed_at = ?
      WHERE \(DeliveryRow.byKey) AND state = 1
      """)
    log = try DeliveryLog(connection)
  }

  mutating func take(_ row: DispatchRow, into batch: inout QueuedBatch) throws {
    // The rows were read before the first was taken: a correction may have superseded this one.
    guard !supersededKeys.contains(row.key) else { return }
    let delivery = row.delivery
    let decision = delivery.decision(
      at: now, on: request.day, maxLatenessSeconds: request.maxLatenessSeconds,
      noChannel: delivery.hasChannel ? .optedOut : try whyUnreachable(row.key.customer))
    switch decision {
    case .queue:
      if row.key.kind == .correction {
        let before = batch.superseded
        if try waitsForEarlier(row, superseding: &batch.superseded) {
          batch.waiting += 1
          return
        }
        if batch.superseded > before {
          // One that was queued a moment ago in this batch: its event would be about nothing.
          batch.events.removeAll { supersededKeys.contains($0.delivery) }
        }
      }
      guard
        let event = delivery.event(
          generation: delivery.generation + 1, slotEnd: request.slot.end)
      else {
        throw DeliveryRow.damaged("a planned delivery has no channel")
      }
      try queue(row)
      batch.events.append(event)
    case .wait: batch.waiting += 1
    case .hold(let reason):
      try setAside(row, as: .held, reason)
      batch.held += 1
    case .suppress(let reason):
      try setAside(row, as: .suppressed, reason)
      batch.suppressed += 1
    }
  }

  private func queue(_ row: DispatchRow) throws {
    let delivery = row.delivery
    let entry = try log.append(
      row.key, after: row.lastEntry, at: now, state: .queued, generation: delivery.generation + 1,
      fence: delivery.fence, channel: delivery.channel?.code ?? 0, reason: nil, who: nil,
      slotEnd: request.slot.end)
    queue.bind(delivery.generation + 1, at: 1)
    request.slot.end.bind(to: queue, at: 2)
    now.bind(to: queue, at: 3)
    queue.bind(entry, at: 4)
    now.bind(to: queue, at: 5)
    row.key.bind(to: queue, at: 6)
    try queue.finish()
  }

  /// Rare, so the whole row is read; one with an attempt of unknown outcome must not be forgotten.
  private func setAside(
    _ row: DispatchRow, as state: DeliveryState, _ reason: DeliveryReason
  ) throws {
    guard var whole = try DeliveryRow.read(row.key, in: connection) else { return }
    whole.record.setAside(as: state, reason: reason, at: now)
    try whole.save(in: connection, at: now, who: "dispatch")
  }

  private mutating func waitsForEarlier(
    _ row: DispatchRow, superseding: inout Int
  ) throws -> Bool {
    var earlier: [DeliveryRow] = []
    try connection.query(
      """
      SELECT \(DeliveryRow.columns) FROM deliveries d INDEXED BY deliveries_key
      WHERE d.month = ? AND d.customer_id = ? AND d.version < ?
      """, row.key.month, row.key.customer, row.delivery.version
    ) { earlier.append(try DeliveryRow($0)) }
    guard let givingWay = CorrectionGate.givingWay(earlier.map(\.record)) else { return true }
    for position in givingWay {
      var old = earlier[position]
      old.record.supersede()
      try old.save(in: connection, at: now, who: "dispatch")
      supersededKeys.insert(old.record.key)
      superseding += 1
    }
    return false
  }

  private func whyUnreachable(_ customer: CustomerID) throws -> DeliveryReason {
    let wanted = try connection.first(
      """
      SELECT channels FROM customers
      WHERE customer_id = ? AND recorded_to = 9223372036854775807
      """, customer
    ) { $0.int(0) }
    return wanted == 0 ? .optedOut : .noContact
  }
}
