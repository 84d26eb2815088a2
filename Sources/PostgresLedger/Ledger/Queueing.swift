import Billing
import Dispatching

/// Queues, holds and suppresses the rows of one batch.
struct Queueing {
  private let request: QueueRequest
  private let now: Timestamp
  private let unreachable: [CustomerID: DeliveryReason]
  private var queued: [DueRow] = []
  private var setAside: [(row: DueRow, state: DeliveryState, reason: DeliveryReason)] = []
  private var changes: DeliveryChanges
  /// By corrections of this batch.
  private var superseded: Set<DeliveryKey> = []

  init(
    request: QueueRequest, at now: Timestamp, unreachable: [CustomerID: DeliveryReason]
  ) {
    self.request = request
    self.now = now
    self.unreachable = unreachable
    changes = DeliveryChanges(at: now)
  }

  mutating func take(
    _ rows: [DueRow], into batch: inout QueuedBatch, in connection: PostgresConnection
  ) throws {
    var corrections: [DueRow] = []
    for row in rows {
      let delivery = row.delivery
      let decision = delivery.decision(
        at: now, on: request.day, maxLatenessSeconds: request.maxLatenessSeconds,
        noChannel: unreachable[delivery.key.customer] ?? .noContact)
      switch decision {
      case .queue where delivery.key.kind == .correction: corrections.append(row)
      case .queue: queued.append(row)
      case .wait: batch.waiting += 1
      case .hold(let reason): setAside.append((row, .held, reason))
      case .suppress(let reason): setAside.append((row, .suppressed, reason))
      }
    }
    try takeCorrections(corrections, into: &batch, in: connection)
    queued.removeAll { superseded.contains($0.delivery.key) }
    setAside.removeAll { superseded.contains($0.row.delivery.key) }
    for row in queued {
      guard
        let event = row.delivery.event(
          generation: row.delivery.generation + 1, slotEnd: request.slot.end)
      else { throw PostgresLedger.damaged("a planned delivery has no channel") }
      batch.events.append(event)
    }
    batch.held += setAside.count { $0.state == .held }
    batch.suppressed += setAside.count { $0.state == .suppressed }
  }

  func write(in connection: PostgresConnection) throws {
    var changes = changes
    try put(aside: setAside, into: &changes, in: connection)
    try changes.write(in: connection)
    let numbers = try RowNumbers.take(queued.count, of: "entry_numbers", in: connection)
    try LogEntry.write(
      queued.map {
        LogEntry(
          queued: $0.delivery, generation: $0.delivery.generation + 1, previous: $0.lastEntry,
          at: now, slotEnd: request.slot.end)
      }, under: numbers, in: connection)
    let rows = zip(queued, numbers).map { (key: $0.delivery.key, entry: $1) }
      .sorted { DeliveryKey.isBefore($0.key, $1.key) }
    guard !rows.isEmpty else { return }
    try connection.run(
      """
      UPDATE deliveries d SET state = 2, generation = d.generation + 1, reason = NULL,
        slot_end = $1, lease_until = 0, queued_at = $2, published_at = NULL,
        topic_partition = NULL, topic_offset = NULL, owner = NULL, last_entry = k.entry,
        changed_at = $2
      FROM unnest($3, $4, $5, $6, $7) AS k (month, customer_id, kind, sequence, entry)
      WHERE \(DeliveryRow.isOfKey)
      """, request.slot.end, now, IntegerColumn(rows) { $0.key.month },
      IntegerColumn(rows) { $0.key.customer }, IntegerColumn(rows) { $0.key.kind.code },
      IntegerColumn(rows) { $0.key.sequence }, IntegerColumn(rows) { $0.entry })
  }

  /// Few, so the whole rows are read; one with an attempt of unknown outcome must not be forgotten.
  private func put(
    aside: [(row: DueRow, state: DeliveryState, reason: DeliveryReason)],
    into changes: inout DeliveryChanges, in connection: PostgresConnection
  ) throws {
    guard !aside.isEmpty else { return }
    let rows = try DeliveryRows.lock(aside.map(\.row.delivery.key), in: connection)
    for (row, state, reason) in aside {
      guard var row = rows[row.delivery.key] else { continue }
      row.record.setAside(as: state, reason: reason, at: now)
      changes.save(row, who: "dispatch")
    }
  }

  /// Each goes, and the earlier deliveries of its bill give way; or it waits. Decided before anything
  /// is written: one that gives way may be in this batch.
  private mutating func takeCorrections(
    _ corrections: [DueRow], into batch: inout QueuedBatch, in connection: PostgresConnection
  ) throws {
    guard !corrections.isEmpty else { return }
    var keys: [Int: [DeliveryKey]] = [:]
    try connection.query(
      """
      SELECT k.place, d.month, d.customer_id, d.kind, d.sequence
      FROM unnest($1, $2, $3) WITH ORDINALITY AS k (month, customer_id, version, place)
      JOIN deliveries d ON d.month = k.month AND d.customer_id = k.customer_id
        AND d.version < k.version
      """, IntegerColumn(corrections) { $0.delivery.key.month },
      IntegerColumn(corrections) { $0.delivery.key.customer },
      IntegerColumn(corrections) { $0.delivery.version }
    ) { row in keys[row.int(0) - 1, default: []].append(try DeliveryKey(row, at: 1)) }
    // Behind the locks that are had already, so not waited for: a correction whose earlier delivery
    // others have in hand waits for its outcome.
    let earlier = try DeliveryRows.lock(
      keys.values.joined().map { $0 }, skipsLocked: true, in: connection)
    for (place, correction) in corrections.enumerated() {
      let others = (keys[place] ?? []).filter { !superseded.contains($0) }
      let rows = others.compactMap { earlier[$0] }
      guard rows.count == others.count,
        let givingWay = CorrectionGate.givingWay(rows.map(\.record))
      else {
        batch.waiting += 1
        continue
      }
      for position in givingWay {
        var row = rows[position]
        row.record.supersede()
        changes.save(row, who: "dispatch")
        superseded.insert(row.key)
        batch.superseded += 1
      }
      queued.append(correction)
    }
  }
}
