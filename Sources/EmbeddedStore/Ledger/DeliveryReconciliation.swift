package import Billing
package import Delivery

/// Reap, sweep and resolve on SQLite. Everything found is found through an index of what is under
/// way, never by reading all deliveries.
extension EmbeddedLedger: DeliveryLedger {
  package func reap(timing: DeliveryTiming, limit: Int) async throws -> Int {
    try await database.write { connection in
      let now = try self.now(in: connection)
      if PlantedBug.neverReap.isPlanted { return 0 }
      let rows = try Self.rows(
        SweepQueries.overdueCalls, now.adding(milliseconds: -timing.reapAfter), limit,
        in: connection)
      for var row in rows {
        try AttemptRows.close(row.lastAttempt, .unknown, at: now, in: connection)
        row.record.becomeUncertain(at: now)
        try row.save(in: connection, at: now, who: "reconciler")
      }
      return rows.count
    }
  }

  package func sweep(
    committed: [Int: Int64], from stop: SweepStop?, limit: Int
  ) async throws -> SweepStep {
    try await database.write { connection in
      let now = try self.now(in: connection)
      let walk = SweepWalk(committed: committed, at: now) {
        try QueuedSlots.end(after: $0, in: connection)
      }
      return try walk.walk(from: stop, limit: limit) { stop, limit in
        let rows = try Self.rows(
          of: stop, below: committed, at: now, limit: limit, in: connection)
        for var row in rows {
          switch stop {
          case .published, .unpublished, .claimedOver:
            row.record.planAfterSlot()
            try row.save(in: connection, at: now, who: "reconciler")
          case .lost, .abandoned:
            row.record.publishAgain()
            try row.save(in: connection, at: now, who: "reconciler", logged: true)
          }
        }
        return rows.map(\.record)
      }
    }
  }

  private static func rows(
    of stop: SweepStop, below committed: [Int: Int64], at now: Timestamp, limit: Int,
    in connection: Connection
  ) throws -> [DeliveryRow] {
    switch stop {
    case .published(let slotEnd, let after):
      return try rows(
        SweepQueries.publishedPastSlot, slotEnd, after?.partition ?? -1, after?.offset ?? -1,
        limit, in: connection)
    case .unpublished(let slotEnd, let after):
      return try rows(
        SweepQueries.unpublishedPastSlot, slotEnd, after?.number ?? .min, limit, in: connection)
    case .claimedOver:
      return try rows(SweepQueries.claimedPastSlot, now, limit, in: connection)
    case .lost(let slotEnd, let partition, let after):
      return try rows(
        SweepQueries.queuedBelow, slotEnd, partition, committed[partition] ?? 0, after ?? -1, limit,
        in: connection)
    case .abandoned:
      return try abandoned(below: committed, at: now, limit: limit, in: connection)
    }
  }

  /// Leases that are over are those of dead consumers: what they had in flight.
  private static func abandoned(
    below committed: [Int: Int64], at now: Timestamp, limit: Int, in connection: Connection
  ) throws -> [DeliveryRow] {
    let statement = try connection.statement(SweepQueries.claimedAbandoned)
    now.bind(to: statement, at: 1)
    defer { statement.reset() }
    var rows: [DeliveryRow] = []
    while rows.count < limit, try statement.step() {
      guard let partition = statement.optionalInteger(DeliveryRow.partitionColumn),
        let offset = statement.optionalInteger(DeliveryRow.partitionColumn + 1),
        let reached = committed[Int(partition)], offset < reached
      else { continue }
      rows.append(try DeliveryRow(statement))
    }
    return rows
  }

  package func takeUncertain(
    on channel: Channel, leaseSeconds: Int64, limit: Int
  ) async throws -> [UncertainDelivery] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      var found: [UncertainDelivery] = []
      try connection.query(SweepQueries.uncertain, channel.code, now, limit) { statement in
        let row = try DeliveryRow(statement)
        guard
          let uncertain = UncertainDelivery(
            row.record, contactHash: statement.bytes(DeliveryRow.columnCount),
            notAfter: Timestamp(milliseconds: statement.integer(DeliveryRow.columnCount + 1)),
            policy: try self.deliveryPolicies.policy(row.record.policy, in: connection), now: now)
        else { throw DeliveryRow.damaged("an uncertain delivery has no channel") }
        found.append(uncertain)
      }
      let lease = try connection.statement(
        "UPDATE deliveries SET next_at = ? WHERE \(DeliveryRow.byKey)")
      for uncertain in found {
        now.adding(seconds: leaseSeconds).bind(to: lease, at: 1)
        uncertain.key.bind(to: lease, at: 2)
        try lease.finish()
      }
      return found
    }
  }

  package func resolve(
    _ resolutions: [Resolution], who: String
  ) async throws -> [ResolveOutcome] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      return try resolutions.map { resolution in
        try self.resolve(resolution, at: now, who: who, in: connection)
      }
    }
  }

  private func resolve(
    _ resolution: Resolution, at now: Timestamp, who: String, in connection: Connection
  ) throws -> ResolveOutcome {
    guard var row = try DeliveryRow.read(resolution.key, in: connection) else { return .stale }
    let outcome = try row.record.resolve(
      resolution, policy: try deliveryPolicies.policy(row.record.policy, in: connection), at: now,
      contactHash: { [row] in try row.currentContact(in: connection) })
    guard outcome != .stale else { return .stale }
    try row.save(in: connection, at: now, who: who, logged: resolution.finding == .park)
    return outcome
  }

  package func underWay() async throws -> UnderWay {
    try await database.read { connection in
      func count(_ query: String) throws -> Int {
        try connection.first(query, read: { $0.int(0) }) ?? 0
      }
      return UnderWay(
        queued: try count(SweepQueries.countQueued), claimed: try count(SweepQueries.countClaimed),
        sending: try count(SweepQueries.countSending),
        unsettled: try count(SweepQueries.countUnsettled))
    }
  }

  private static func rows(
    _ sql: String, _ values: any SQLValue..., in connection: Connection
  ) throws -> [DeliveryRow] {
    let statement = try connection.statement(sql)
    for (position, value) in values.enumerated() { value.bind(to: statement, at: position + 1) }
    defer { statement.reset() }
    var rows: [DeliveryRow] = []
    while try statement.step() { rows.append(try DeliveryRow(statement)) }
    return rows
  }
}

enum SweepQueries {
  private static let underWay = """
    SELECT \(DeliveryRow.columns) FROM deliveries d INDEXED BY deliveries_under_way
    WHERE d.state IN (3, 4)
    """

  static let overdueCalls = underWay + " AND d.state = 4 AND d.lease_until <= ? LIMIT ?"
  static let publishedPastSlot = """
    SELECT \(DeliveryRow.columns) FROM deliveries d INDEXED BY deliveries_queued
    WHERE d.state = 2 AND d.slot_end = ?1 AND (d.partition, d.offset) > (?2, ?3)
    ORDER BY d.partition, d.offset LIMIT ?4
    """
  static let unpublishedPastSlot = """
    SELECT \(DeliveryRow.columns) FROM deliveries d INDEXED BY deliveries_queued
    WHERE d.state = 2 AND d.slot_end = ?1 AND d.partition IS NULL AND d.offset IS NULL
      AND d.customer_id > ?2
    ORDER BY d.customer_id LIMIT ?3
    """
  static let claimedPastSlot =
    underWay + " AND d.state = 3 AND d.lease_until <= ?1 AND d.slot_end <= ?1 LIMIT ?2"
  static let claimedAbandoned =
    underWay
    + " AND d.state = 3 AND d.lease_until <= ?1 AND d.slot_end > ?1"
  static let queuedBelow = """
    SELECT \(DeliveryRow.columns) FROM deliveries d INDEXED BY deliveries_queued
    WHERE d.state = 2 AND d.slot_end = ?1 AND d.partition = ?2 AND d.offset < ?3
      AND d.offset > ?4
    ORDER BY d.offset LIMIT ?5
    """
  static let countQueued =
    "SELECT count(*) FROM deliveries INDEXED BY deliveries_queued WHERE state = 2"
  static let countClaimed = countUnderWay + " AND state = 3"
  static let countSending = countUnderWay + " AND state = 4"
  private static let countUnderWay = """
    SELECT count(*) FROM deliveries INDEXED BY deliveries_under_way WHERE state IN (3, 4)
    """
  static let countUnsettled = """
    SELECT count(*) FROM deliveries INDEXED BY deliveries_uncertain
    WHERE state = 7 AND channel IN (0, 1, 2) AND next_at < 9223372036854775807
    """
  /// With the hash of the contact that the channel has now, and the last attempt's deadline.
  static let uncertain = """
    SELECT \(DeliveryRow.columns),
      CASE d.channel WHEN 1 THEN c.email_hash ELSE c.phone_hash END, a.deadline
    FROM deliveries d INDEXED BY deliveries_uncertain
    LEFT JOIN customers c ON c.customer_id = d.customer_id
      AND c.recorded_to = 9223372036854775807
    LEFT JOIN attempts a ON a.attempt_id = d.last_attempt
    WHERE d.state = 7 AND d.channel = ? AND d.next_at <= ? ORDER BY d.next_at LIMIT ?
    """
}
