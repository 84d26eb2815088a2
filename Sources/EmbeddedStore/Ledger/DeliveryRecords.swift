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
        let attempt = try AttemptRows.find(from: row.lastAttempt, in: connection) {
          $0.channel == key.channel.code && $0.round == key.round
        }
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
    let who = row.owner
    if case .accepted(let reference) = result.outcome,
      !PlantedBug.acceptanceNeedsFence.isPlanted || row.fence == result.fence
    {
      let attempt = try AttemptRows.find(from: row.lastAttempt, in: connection) {
        $0.attempt == result.attempt
      }
      let isNew = try row.accept(
        attempt: attempt, on: result.channel, reference: reference, at: now, who: who,
        in: connection)
      return isNew ? .recorded(.accepted) : .alreadyRecorded
    }
    guard
      PlantedBug.recordWithoutFence.isPlanted
        || (row.state == .sending && row.fence == result.fence && row.attempt == result.attempt
          && row.channel == result.channel),
      row.state != .accepted
    else {
      return row.state == .accepted ? .alreadyRecorded : .stale
    }
    try AttemptRows.close(row.lastAttempt, result.outcome, at: now, in: connection)
    let verdict = AttemptVerdict.decide(
      result.outcome, row.attemptFacts,
      policy: try deliveryPolicies.policy(row.policy, in: connection), jitter: result.jitter)
    row.letGo()
    row.follow(verdict, at: now)
    try row.save(in: connection, at: now, who: who)
    return .recorded(row.state)
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
  var attemptFacts: AttemptVerdict.Facts {
    AttemptVerdict.Facts(
      // A delivery that was claimed or sent has a channel; the check is where it was made.
      channel: channel ?? .email, usable: usableChannels, closed: closed,
      channelAttempts: channelAttempts, unresolved: unresolved)
  }

  /// Takes over what a verdict says.
  mutating func follow(_ verdict: AttemptVerdict, at now: Timestamp) {
    channelAttempts = verdict.channelAttempts
    unresolved = verdict.unresolved
    reason = verdict.reason
    switch verdict.next {
    case .accepted:
      state = .accepted
    case .retry(let after):
      state = .planned
      nextAt = now.adding(milliseconds: after)
      forgetUnusedKey()
    case .move(let channel, let closed):
      state = .planned
      nextAt = now
      move(to: channel, closed: closed)
    case .failed:
      state = .failed
    case .uncertain(let byOperator):
      state = .uncertain
      nextAt = byOperator ? .never : now
    }
  }

  /// A key that nothing was ever written under is free to be used for something else.
  mutating func forgetUnusedKey() {
    guard channelAttempts == 0, unresolved == 0 else { return }
    keyOpenedAt = nil
    frozenSHA = nil
    recipientHash = nil
  }

  /// The slot has too little left, or is over: the next permitted one.
  mutating func planAfterSlot() {
    state = .planned
    reason = .slotOver
    nextAt = max(nextAt, slotEnd)
    letGo()
  }

  /// Positive evidence wins wherever the delivery stands; whether it was new.
  mutating func accept(
    attempt: Int64?, on channel: Channel, reference: String, at now: Timestamp, who: String?,
    note: String? = nil, in connection: Connection
  ) throws -> Bool {
    try AttemptRows.close(attempt, .accepted(reference: reference), at: now, in: connection)
    guard state != .accepted else { return false }
    state = .accepted
    reason = nil
    self.channel = channel
    unresolved = 0
    letGo()
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
    let (code, reference, reason): (Int, String?, String?) =
      switch outcome {
      case .accepted(let reference): (1, reference, nil)
      case .rejected(let code): (2, nil, code)
      case .notAccepted: (3, nil, DeliveryReason.notAccepted.rawValue)
      case .notWritten: (3, nil, DeliveryReason.notWritten.rawValue)
      case .unknown: (4, nil, DeliveryReason.noAnswer.rawValue)
      }
    now.bind(to: statement, at: 1)
    statement.bind(code, at: 2)
    reference.bind(to: statement, at: 3)
    reason.bind(to: statement, at: 4)
    statement.bind(row, at: 5)
    try statement.finish()
  }

  /// What tells an attempt of a delivery from its others.
  struct Found {
    var attempt: Int
    var channel: Int
    var round: Int
    /// See the schema; `nil` while it is open.
    var outcome: Int64?
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
            outcome: statement.optionalInteger(3)))
        next = statement.optionalInteger(4)
      }
      if found { return row }
    }
    return nil
  }
}
