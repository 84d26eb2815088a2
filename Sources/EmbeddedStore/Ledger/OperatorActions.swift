import Billing
package import Delivery

/// Does what an operator asks for on SQLite: the row is read, judged and written in one
/// transaction, with what the customer's data are then.
extension EmbeddedLedger {
  package func foresee(
    _ request: OperatorRequest, on found: [FoundDelivery]
  ) async throws -> [OperatorOutcome] {
    try await database.read { connection in
      let acting = OperatorActing(
        request: request, signature: nil, now: try self.now(in: connection),
        policies: self.deliveryPolicies)
      return try found.map { try acting.act(on: $0, in: connection) }
    }
  }

  package func act(
    _ request: OperatorRequest, on found: [FoundDelivery], signature: OperatorSignature
  ) async throws -> [OperatorOutcome] {
    try await database.write { connection in
      let acting = OperatorActing(
        request: request, signature: signature, now: try self.now(in: connection),
        policies: self.deliveryPolicies)
      return try found.map { try acting.act(on: $0, in: connection) }
    }
  }
}

/// One batch of an operator's actions.
private struct OperatorActing {
  let request: OperatorRequest
  /// `nil`: nothing is written.
  let signature: OperatorSignature?
  let now: Timestamp
  let policies: DeliveryPolicies

  func act(on found: FoundDelivery, in connection: Connection) throws -> OperatorOutcome {
    guard var row = try DeliveryRow.read(found.key, in: connection), row.state == found.state,
      row.generation == found.generation
    else { return .stale }
    let policy = try policies.policy(row.policy, in: connection)
    let customer = try Reach(of: row, policy: policy, in: connection)
    let facts = try facts(of: row, customer, policy, in: connection)
    switch OperatorDecision.decide(request, facts, at: now) {
    case .refuse(let refusal): return .refused(refusal)
    case .plan(let channel, let round):
      row.beginAnew(on: channel, round: round, at: now)
      row.copy(customer.current, usable: customer.usable, zone: customer.zone)
      try save(&row, in: connection)
    case .planUnderSameKey:
      row.state = .planned
      row.reason = .operatorDecision
      row.letGo(byOperatorAt: now)
      try save(&row, in: connection)
    case .followAbsence:
      row.followAbsence(by: policy, jitter: request.jitter &+ row.key.customer.spread, at: now)
      row.letGo(byOperatorAt: now, keepingTime: true)
      try save(&row, in: connection)
    case .accept:
      try accept(&row, in: connection)
      return .moved(.accepted)
    case .resend(let channel, let sequence):
      return .made(
        try resend(row, on: channel, sequence: sequence, to: customer, in: connection))
    }
    return .moved(row.state)
  }

  // MARK: What is decided by

  /// A customer as they can be told now.
  private struct Reach {
    let current: DeliveryRefresh.Current
    let zone: ZoneRules
    let usable: [Channel]
    let suppression: DeliveryReason?
    /// Of the contact for the delivery's channel.
    let contactHash: [UInt8]?

    init(of row: DeliveryRow, policy: DeliveryPolicy, in connection: Connection) throws {
      let found = try connection.first(OperatorActing.customerQuery, row.key.customer) {
        statement in
        (
          try DeliveryRefresh.Current(statement, at: 0),
          row.channel.map { statement.bytes($0 == .email ? 6 : 7) }
        )
      }
      guard let (current, hash) = found, let zone = ZoneRules(current.timeZone) else {
        throw DeliveryRow.damaged("a delivery's customer is missing or has an unknown time zone")
      }
      self.current = current
      self.zone = zone
      contactHash = hash
      usable = DeliverySchedule.usableChannels(
        preferred: current.preferred, hasEmail: current.hasEmail, hasPhone: current.hasPhone,
        policy: policy.billChannels)
      suppression = DeliverySchedule.suppression(
        preferred: current.preferred, usable: usable, quiet: current.quiet)
    }
  }

  fileprivate static let customerQuery = """
    SELECT channels, length(email_sealed), length(phone_sealed), quiet_mask, time_zone, send_day,
      email_hash, phone_hash
    FROM customers WHERE customer_id = ? AND recorded_to = 9223372036854775807
    """

  private func facts(
    of row: DeliveryRow, _ customer: Reach, _ policy: DeliveryPolicy, in connection: Connection
  ) throws -> OperatorDecision.Facts {
    var others: [OperatorDecision.Other] = []
    try connection.query(
      """
      SELECT kind, sequence, version FROM deliveries INDEXED BY deliveries_key
      WHERE month = ? AND customer_id = ?
      """, row.key.month, row.key.customer
    ) { other in
      guard let kind = DeliveryKind(code: other.int(0)) else {
        throw DeliveryRow.damaged("a kind is out of range")
      }
      guard kind != row.key.kind || other.int(1) != row.key.sequence else { return }
      others.append(.init(kind: kind, sequence: other.int(1), version: other.int(2)))
    }
    let notAfter = try row.lastAttempt.flatMap { attempt in
      try connection.first("SELECT deadline FROM attempts WHERE attempt_id = ?", attempt) {
        Timestamp(milliseconds: $0.integer(0))
      }
    }
    return OperatorDecision.Facts(
      key: row.key, state: row.state, version: row.version, isBegun: row.isBegun,
      round: row.round, channel: row.channel, unresolved: row.unresolved, isParked: row.isParked,
      keyOpenedAt: row.keyOpenedAt, notAfter: notAfter,
      recipientStands: row.recipientHash == customer.contactHash,
      uncertainRule: policy.uncertain, others: others, usable: customer.usable,
      suppression: customer.suppression)
  }

  // MARK: What is written

  /// `retry: the provider was down`.
  private func note(_ signature: OperatorSignature) -> String {
    "\(request.action.name): \(signature.why)"
  }

  private func save(_ row: inout DeliveryRow, in connection: Connection) throws {
    guard let signature else { return }
    try connection.run("INSERT OR IGNORE INTO delivery_zones VALUES (?)", row.timeZone)
    try row.save(
      in: connection, at: now, who: signature.who, logged: true, note: note(signature))
    // Not only at the next tick: the retries of the current slot are queued every few seconds.
    if row.state == .planned { try EmbeddedLedger.forgetQueueing(row.key, in: connection) }
  }

  private func accept(_ row: inout DeliveryRow, in connection: Connection) throws {
    guard let signature, case .resolveAccepted(let reference) = request.action else { return }
    _ = try row.accept(
      attempt: try row.uncertainAttempt(in: connection), on: row.channel ?? .email,
      reference: reference ?? "operator:\(signature.who)", at: now, who: signature.who,
      note: note(signature), in: connection)
  }

  private func resend(
    _ original: DeliveryRow, on channel: Channel, sequence: Int, to customer: Reach,
    in connection: Connection
  ) throws -> DeliveryKey {
    let key = DeliveryKey(
      month: original.key.month, customer: original.key.customer, kind: .resend,
      sequence: sequence)
    guard let signature else { return key }
    let entry = try DeliveryLog(connection).append(
      key, after: nil, at: now, state: .planned, generation: 1, fence: 0, channel: channel.code,
      reason: .operatorDecision, who: signature.who,
      note: "resend of \(original.key): \(signature.why)")
    try connection.run(
      """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, reason, version, policy,
        template, channels, channel, quiet_mask, time_zone, due_day, due_at, next_at, made_at,
        changed_at, queued_at, last_entry)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?15, ?15, 1,
        ?16)
      """, key.month, key.customer, key.kind.code, key.sequence, DeliveryState.planned.code,
      DeliveryReason.operatorDecision.rawValue, original.version, original.policy,
      original.template, ChannelDigits.digits(customer.usable), channel.code,
      Int64(customer.current.quiet.mask), customer.current.timeZone, now.utcDay, now, entry)
    try connection.run(
      "INSERT OR IGNORE INTO delivery_zones VALUES (?)", customer.current.timeZone)
    try noteResend(of: original, as: key, signature, in: connection)
    return key
  }

  /// A failed one gives way, so that nobody tries it again beside the resend.
  private func noteResend(
    of original: DeliveryRow, as key: DeliveryKey, _ signature: OperatorSignature,
    in connection: Connection
  ) throws {
    var row = original
    if row.state == .failed {
      row.state = .superseded
      row.reason = .superseded
      row.generation += 1
    }
    try row.save(
      in: connection, at: now, who: signature.who, logged: true,
      note: "resend as \(key): \(signature.why)")
  }
}

extension DeliveryRow {
  /// From the beginning, under keys that were never used where it had any.
  fileprivate mutating func beginAnew(on channel: Channel, round: Int, at now: Timestamp) {
    precondition(unresolved == 0, "no new key while an attempt may have been taken")
    state = .planned
    reason = .operatorDecision
    self.round = round
    self.channel = channel
    closed = []
    channelAttempts = 0
    keyOpenedAt = nil
    frozenSHA = nil
    recipientHash = nil
    letGo(byOperatorAt: now)
  }

  /// Goes on by an operator's decision: it is not late again at once.
  ///
  /// - Parameter keepingTime: it has to wait for its next attempt.
  fileprivate mutating func letGo(byOperatorAt now: Timestamp, keepingTime: Bool = false) {
    letGo()
    generation += 1
    madeAt = now
    if !keepingTime { nextAt = now }
  }
}
