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
      try connection.readAlongKeys()
      let due =
        request.skipsLocked
        ? try self.free(request, in: connection) : try self.waitedFor(request, in: connection)
      // The locks may have been waited for.
      let now = try self.now(in: connection)
      guard now >= request.slot.start, now < request.slot.end else { return .slotOver }
      let rows = due.rows.filter { $0.isDue(by: request, at: now) }
      var batch = QueuedBatch()
      batch.next = due.next
      var queueing = Queueing(
        request: request, at: now, unreachable: try DueRow.whyUnreachable(rows, in: connection))
      try queueing.take(rows, into: &batch, in: connection)
      try queueing.write(in: connection)
      return .batch(batch)
    }
  }

  /// Where a row was changed right before it was locked, the cursor may leave some out: the last pass
  /// begins anew.
  private func free(
    _ request: QueueRequest, in connection: PostgresConnection
  ) throws -> (rows: [DueRow], next: QueueCursor?) {
    let rows = try DueRow.free(request, at: try now(in: connection), in: connection)
    return (rows, rows.count == request.limit ? rows.last?.delivery.cursor : nil)
  }

  private func waitedFor(
    _ request: QueueRequest, in connection: PostgresConnection
  ) throws -> (rows: [DueRow], next: QueueCursor?) {
    let candidates = try DueRow.candidates(request, at: try now(in: connection), in: connection)
    let locked = try DueRow.lock(candidates.map(\.key), skipsLocked: false, in: connection)
    // By what was looked at, not by what was taken: a row may have changed in the meantime.
    let next = candidates.count == request.limit ? candidates.last : nil
    return (try DueRow.withBills(locked, in: connection), next)
  }

  package func takeUnpublished(
    olderThanSeconds: Int64, limit: Int
  ) async throws -> [DeliveryEvent] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      var keys: [DeliveryKey] = []
      for slotEnd in try QueuedSlots.ends(after: now, in: connection) where keys.count < limit {
        keys += try connection.rows(
          DueRow.unpublishedQuery, slotEnd, now.adding(seconds: -olderThanSeconds),
          limit - keys.count
        ) { try DeliveryKey($0, at: 0) }
      }
      let locked = try DueRow.lock(keys, skipsLocked: true, in: connection)
      let rows = try DueRow.withBills(
        locked.filter { $0.isUnpublished(at: now, olderThanSeconds: olderThanSeconds) },
        in: connection)
      let events = rows.compactMap { row in
        row.delivery.event(generation: row.delivery.generation, slotEnd: row.slotEnd)
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
