package import Billing
package import Delivery

/// Reap, sweep and resolve on PostgreSQL. Everything found is found through an index of what is under
/// way, never by reading all deliveries; what others have in hand is not for a reconciler.
extension PostgresLedger: DeliveryLedger {
  package func reap(timing: DeliveryTiming, limit: Int) async throws -> Int {
    try await database.write { connection in
      try CommitTokens.forgetOld(in: connection)
      let now = try self.now(in: connection)
      let rows = try Self.rows(
        SweepQueries.overdueCalls, now.adding(milliseconds: -timing.reapAfter), limit,
        in: connection)
      var changes = DeliveryChanges(at: now)
      for var row in rows {
        changes.close(row.lastAttempt, of: row.key.month, .unknown)
        row.record.becomeUncertain(at: now)
        changes.save(row, who: Self.reconciler)
      }
      try changes.write(in: connection)
      return rows.count
    }
  }

  /// In the deliveries' log.
  private static let reconciler = "reconciler"

  package func sweep(
    committed: [Int: Int64], from stop: SweepStop?, limit: Int
  ) async throws -> SweepStep {
    try await database.write { connection in
      try connection.readAlongKeys()
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let walk = SweepWalk(committed: committed, at: now) {
        try QueuedSlots.end(after: $0, in: connection)
      }
      let step = try walk.walk(from: stop, limit: limit) { stop, limit in
        let rows = try Self.rows(
          of: stop, below: committed, at: now, limit: limit, in: connection)
        for var row in rows {
          switch stop {
          case .published, .unpublished, .claimedOver:
            row.record.planAfterSlot()
            changes.save(row, who: Self.reconciler)
          case .lost, .abandoned:
            row.record.publishAgain()
            changes.save(row, who: Self.reconciler, logged: true)
          }
        }
        return rows.map(\.saved)
      }
      try changes.write(in: connection)
      return step
    }
  }

  private static func rows(
    of stop: SweepStop, below committed: [Int: Int64], at now: Timestamp, limit: Int,
    in connection: PostgresConnection
  ) throws -> [DeliveryRow] {
    func rows(_ sql: String, _ values: any PostgresValue...) throws -> [DeliveryRow] {
      try connection.rows(sql, with: values, read: DeliveryRow.init)
    }
    switch stop {
    case .published(let slotEnd, let after):
      return try rows(
        SweepQueries.publishedPastSlot, slotEnd, after?.partition ?? -1, after?.offset ?? -1, limit)
    case .unpublished(let slotEnd, let after):
      return try rows(
        SweepQueries.unpublishedPastSlot, slotEnd, after?.number ?? Int64.min, limit)
    case .claimedOver:
      return try rows(SweepQueries.claimedPastSlot, now, limit)
    case .lost(let slotEnd, let partition, let after):
      return try rows(
        SweepQueries.queuedBelow, slotEnd, partition, committed[partition] ?? 0, after ?? -1, limit)
    case .abandoned:
      let positions = committed.sorted { $0.key < $1.key }
      guard !positions.isEmpty else { return [] }
      return try rows(
        SweepQueries.claimedAbandoned, now, IntegerColumn(positions) { $0.key },
        IntegerColumn(positions) { $0.value }, limit)
    }
  }

  package func takeUncertain(
    on channel: Channel, leaseSeconds: Int64, limit: Int
  ) async throws -> [UncertainDelivery] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let found = try connection.rows(SweepQueries.uncertain, channel.code, now, limit) { found in
        var row = try DeliveryRow(found)
        let delivery = UncertainDelivery(
          row.record, contactHash: found.bytes(DeliveryRow.columnCount),
          notAfter: found.timestamp(DeliveryRow.columnCount + 1),
          policy: try self.deliveryPolicies.policy(row.record.policy, in: connection), now: now)
        guard let delivery else { throw Self.damaged("an uncertain delivery has no channel") }
        row.record.nextAt = now.adding(seconds: leaseSeconds)
        changes.save(row, who: nil)
        return delivery
      }
      try changes.write(in: connection)
      return found
    }
  }

  package func resolve(
    _ resolutions: [Resolution], who: String
  ) async throws -> [ResolveOutcome] {
    try await database.write { connection in
      var rows = try DeliveryRows.lock(resolutions.lazy.map(\.key), in: connection)
      let absent = resolutions.compactMap { resolution in
        if case .absent = resolution.finding { rows[resolution.key] } else { nil }
      }
      let contacts = try CurrentCustomerRow.contacts(for: absent, in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let outcomes = try resolutions.map { resolution -> ResolveOutcome in
        guard var row = rows.removeValue(forKey: resolution.key) else { return .stale }
        let policy = try self.deliveryPolicies.policy(row.record.policy, in: connection)
        let outcome = row.record.resolve(
          resolution, policy: policy, at: now, contactHash: { [row] in contacts(row) })
        guard outcome != .stale else { return .stale }
        changes.save(row, who: who, logged: resolution.finding == .park)
        return outcome
      }
      try changes.write(in: connection)
      return outcomes
    }
  }

  package func underWay() async throws -> UnderWay {
    try await database.read { connection in
      let counts = try connection.first(SweepQueries.counts) { row in
        UnderWay(
          queued: row.int(0), claimed: row.int(1), sending: row.int(2), unsettled: row.int(3))
      }
      return counts ?? UnderWay(queued: 0, claimed: 0, sending: 0, unsettled: 0)
    }
  }

  private static func rows(
    _ sql: String, _ moment: Timestamp, _ limit: Int, in connection: PostgresConnection
  ) throws -> [DeliveryRow] {
    try connection.rows(sql, moment, limit, read: DeliveryRow.init).sorted(by: DeliveryRow.isBefore)
  }
}

/// The slots for which something is queued: as many as there are zones with different ones.
enum QueuedSlots {
  static let nextQuery = "SELECT min(slot_end) FROM deliveries WHERE state = 2 AND slot_end > $1"

  /// The ends of those that are not over, ascending, stepping along the index.
  static func ends(
    after now: Timestamp, in connection: PostgresConnection
  ) throws -> [Timestamp] {
    var ends: [Timestamp] = []
    while let next = try end(after: ends.last ?? now, in: connection) { ends.append(next) }
    return ends
  }

  /// The next one.
  static func end(
    after last: Timestamp, in connection: PostgresConnection
  ) throws -> Timestamp? {
    try connection.first(nextQuery, last, read: { $0.optionalTimestamp(0) }) ?? nil
  }
}

/// What the reconciler finds deliveries by. The conditions are literally those of the indexes.
enum SweepQueries {
  private static let select = "SELECT \(DeliveryRow.columns) FROM deliveries d"
  private static let passingOver = "FOR UPDATE OF d SKIP LOCKED"

  static let overdueCalls =
    "\(select) WHERE d.state = 4 AND d.lease_until <= $1 LIMIT $2 \(passingOver)"
  static let publishedPastSlot = """
    \(select) WHERE d.state = 2 AND d.slot_end = $1
      AND (d.topic_partition, d.topic_offset) > ($2, $3)
    ORDER BY d.slot_end, d.topic_partition, d.topic_offset LIMIT $4 \(passingOver)
    """
  /// In the order of the whole index: the planner does not know that what is NULL is all the same.
  static let unpublishedPastSlot = """
    \(select) WHERE d.state = 2 AND d.slot_end = $1 AND d.topic_partition IS NULL
      AND d.topic_offset IS NULL AND d.customer_id > $2
    ORDER BY d.slot_end, d.topic_partition, d.topic_offset, d.customer_id LIMIT $3 \(passingOver)
    """
  static let claimedPastSlot = """
    \(select) WHERE d.state = 3 AND d.lease_until <= $1 AND d.slot_end <= $1 LIMIT $2
    \(passingOver)
    """
  /// Below what the group has committed of a partition.
  static let queuedBelow = """
    \(select) WHERE d.state = 2 AND d.slot_end = $1 AND d.topic_partition = $2
      AND d.topic_offset < $3 AND d.topic_offset > $4
    ORDER BY d.slot_end, d.topic_partition, d.topic_offset LIMIT $5 \(passingOver)
    """
  static let claimedAbandoned = """
    \(select) WHERE d.state = 3 AND d.lease_until <= $1 AND d.slot_end > $1
      AND EXISTS (SELECT FROM unnest($2, $3) AS p (number, reached)
        WHERE p.number = d.topic_partition AND d.topic_offset < p.reached)
    LIMIT $4 \(passingOver)
    """
  static let counts = """
    SELECT (SELECT count(*) FROM deliveries WHERE state = 2),
      (SELECT count(*) FROM deliveries WHERE state = 3),
      (SELECT count(*) FROM deliveries WHERE state = 4),
      (SELECT count(*) FROM deliveries WHERE state = 7 AND next_at < 9223372036854775807)
    """
  /// With the hash of the contact that the channel has now, and the last attempt's deadline.
  static let uncertain = """
    SELECT \(DeliveryRow.columns),
      CASE d.channel WHEN 1 THEN c.email_hash ELSE c.phone_hash END, a.deadline
    FROM (SELECT * FROM deliveries d WHERE d.state = 7 AND d.channel = $1 AND d.next_at <= $2
      ORDER BY d.next_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED) d
    LEFT JOIN customers c ON c.customer_id = d.customer_id
      AND c.recorded_to = 9223372036854775807
    LEFT JOIN attempts a ON a.month = d.month AND a.attempt_id = d.last_attempt
    ORDER BY d.next_at
    """
}

/// Tokens of `commits` are needed for as long as somebody may ask.
enum CommitTokens {
  static func forgetOld(in connection: PostgresConnection) throws {
    try connection.run("DELETE FROM commits WHERE at < now() - interval '1 day'")
  }
}
