import Billing
package import Delivery

/// Outcomes on SQLite. What follows from an outcome is decided in the transaction, from the row as
/// it is then: the customer may have changed it while the call was under way (R4).
extension EmbeddedLedger {
  package func record(_ results: [SendResult]) async throws -> [RecordOutcome] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      let accepting = try Accepting(connection, now: now)
      return try results.map { result in
        if case .accepted(let reference) = result.outcome,
          try accepting.acceptFromSending(result, reference: reference)
        {
          return .recorded(.accepted)
        }
        return try self.record(result, at: now, in: connection)
      }
    }
  }

  package func recordAccepted(
    _ evidence: [AcceptanceEvidence]
  ) async throws -> [EvidenceOutcome] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      return try evidence.map { evidence in
        guard
          let key = IdempotencyKey(evidence.idempotencyKey),
          var row = try DeliveryRow.read(key.delivery, in: connection)
        else { return .unknownDelivery }
        let attempt = try row.attempt(takenOn: key.channel, round: key.round, in: connection)
        let isNew = try row.accept(
          attempt: attempt, on: key.channel, reference: evidence.reference, at: now,
          who: "evidence",
          in: connection)
        return isNew ? .recorded : .alreadyRecorded
      }
    }
  }

  private func record(
    _ result: SendResult, at now: Timestamp, in connection: Connection
  ) throws -> RecordOutcome {
    guard var row = try DeliveryRow.read(result.key, in: connection) else { return .stale }
    let who = row.record.owner
    let recorded = try row.record.record(
      result, policy: try deliveryPolicies.policy(row.record.policy, in: connection), at: now,
      contactHash: { [row] in try row.currentContact(in: connection) })
    switch result.closes(as: recorded) {
    case .none: break
    case .latest:
      try AttemptRows.close(row.lastAttempt, result.outcome, at: now, in: connection)
    case .numbered(let number):
      let attempt = try AttemptRows.find(from: row.lastAttempt, in: connection) {
        $0.attempt == number
      }
      try AttemptRows.close(attempt, result.outcome, at: now, in: connection)
    }
    if case .recorded = recorded { try row.save(in: connection, at: now, who: who) }
    return recorded
  }
}

/// The path nearly every delivery takes: from `sending` to `accepted`, by narrow statements.
private struct Accepting {
  private let connection: Connection
  private let now: Timestamp
  private let row: Statement
  private let accept: Statement
  private let close: Statement
  private let log: DeliveryLog

  init(_ connection: Connection, now: Timestamp) throws {
    self.connection = connection
    self.now = now
    row = try connection.statement(
      """
      SELECT generation, last_entry, owner, last_attempt FROM deliveries
      WHERE \(DeliveryRow.byKey) AND state = 4 AND fence = ? AND attempt = ?
      """)
    accept = try connection.statement(
      """
      UPDATE deliveries SET state = 5, reason = NULL, unresolved = 0, lease_until = 0, owner = NULL,
        last_entry = ?, changed_at = ?
      WHERE \(DeliveryRow.byKey)
      """)
    close = try connection.statement(AttemptRows.closeUpdate)
    log = try DeliveryLog(connection)
  }

  /// Whether it was still `sending` under that fence.
  func acceptFromSending(_ result: SendResult, reference: String) throws -> Bool {
    result.key.bind(to: row, at: 1)
    row.bind(result.fence, at: 5)
    row.bind(result.attempt, at: 6)
    defer { row.reset() }
    guard try row.step() else { return false }
    if let attempt = row.optionalInteger(3) {
      try AttemptRows.close(attempt, .accepted(reference: reference), at: now, with: close)
    }
    let entry = try log.append(
      result.key, after: row.optionalInteger(1), at: now, state: .accepted,
      generation: row.int(0), fence: result.fence, channel: result.channel.code, reason: nil,
      who: row.optionalText(2))
    row.reset()
    accept.bind(entry, at: 1)
    now.bind(to: accept, at: 2)
    result.key.bind(to: accept, at: 3)
    try accept.finish()
    return true
  }
}

extension DeliveryRow {
  /// The hash of the contact that the customer has now for the delivery's channel; `nil` where that
  /// has none.
  func currentContact(in connection: Connection) throws -> [UInt8]? {
    guard let channel = record.channel else { return nil }
    return try connection.first(
      """
      SELECT CASE ?1 WHEN 1 THEN email_hash ELSE phone_hash END FROM customers
      WHERE customer_id = ?2 AND recorded_to = 9223372036854775807
      """, channel.code, record.key.customer, read: { $0.bytes(0) })
  }

  /// The attempt that evidence of a key is of.
  func attempt(
    takenOn channel: Channel, round: Int, in connection: Connection
  ) throws -> Int64? {
    for isMeant in StoredOutcome.evidenced {
      let found = try AttemptRows.find(from: lastAttempt, in: connection) {
        $0.channel == channel.code && $0.round == round && isMeant($0.outcome)
      }
      if let found { return found }
    }
    return nil
  }

  /// Positive evidence wins wherever the delivery stands; whether it was new.
  mutating func accept(
    attempt: Int64?, on channel: Channel, reference: String, at now: Timestamp, who: String?,
    note: String? = nil, in connection: Connection
  ) throws -> Bool {
    try AttemptRows.close(attempt, .accepted(reference: reference), at: now, in: connection)
    guard record.accept(on: channel) else { return false }
    try save(in: connection, at: now, who: who, note: note)
    return true
  }
}

/// The attempts of deliveries, each a chain from its latest.
enum AttemptRows {
  /// Evidence of acceptance overwrites any other outcome, and nothing overwrites it.
  static let closeUpdate = """
    UPDATE attempts SET closed_at = ?, outcome = ?, reference = coalesce(?, reference), reason = ?
    WHERE attempt_id = ? AND coalesce(outcome, 0) <> 1
    """

  static func close(
    _ row: Int64?, _ outcome: SendOutcome, at now: Timestamp, in connection: Connection
  ) throws {
    guard let row else { return }
    try close(row, outcome, at: now, with: try connection.statement(closeUpdate))
  }

  static func close(
    _ row: Int64, _ outcome: SendOutcome, at now: Timestamp, with statement: Statement
  ) throws {
    let outcome = StoredOutcome(outcome)
    now.bind(to: statement, at: 1)
    statement.bind(outcome.code, at: 2)
    outcome.reference.bind(to: statement, at: 3)
    outcome.reason.bind(to: statement, at: 4)
    statement.bind(row, at: 5)
    try statement.finish()
  }

  /// What tells an attempt of a delivery from its others.
  struct Found {
    var attempt: Int
    var channel: Int
    var round: Int
    /// See the schema; `nil` while it is open.
    var outcome: Int?
  }

  /// The latest attempt from a row on that is wanted.
  static func find(
    from latest: Int64?, in connection: Connection, where isWanted: (Found) -> Bool
  ) throws -> Int64? {
    var next = latest
    while let row = next {
      var found = false
      next = nil
      try connection.query(
        "SELECT attempt, channel, round, outcome, previous FROM attempts WHERE attempt_id = ?", row
      ) { statement in
        found = isWanted(
          Found(
            attempt: statement.int(0), channel: statement.int(1), round: statement.int(2),
            outcome: statement.optionalInteger(3).map { Int($0) }))
        next = statement.optionalInteger(4)
      }
      if found { return row }
    }
    return nil
  }
}
