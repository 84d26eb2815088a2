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
    guard var row = try DeliveryRow.read(found.key, in: connection),
      row.record.stands(as: found)
    else { return .stale }
    let original = row.record
    let policy = try policies.policy(original.policy, in: connection)
    let reach = try reach(of: original, policy: policy, in: connection)
    let decision = OperatorDecision.decide(
      request, try facts(of: row, reach, policy, in: connection), at: now)
    let outcome = row.record.follow(
      decision, reach, policy: policy, jitter: request.jitter, at: now)
    guard let signature else { return outcome }
    switch decision {
    case .refuse: break
    case .plan, .redate, .planUnderSameKey, .followAbsence:
      try save(&row, signature, in: connection)
    case .accept: try accept(&row, signature, in: connection)
    case .resend(let channel, let sequence):
      let made = original.resend(on: channel, sequence: sequence, to: reach, at: now)
      try add(made, as: signature, of: original.key, in: connection)
      try row.save(
        in: connection, at: now, who: signature.who, logged: true,
        note: "resend as \(made.key): \(signature.why)")
    }
    return outcome
  }

  // MARK: What is decided by

  private func reach(
    of delivery: DeliveryRecord, policy: DeliveryPolicy, in connection: Connection
  ) throws -> CustomerReach {
    let found = try connection.first(Self.customerQuery, delivery.key.customer) { statement in
      (
        try CurrentCustomer(statement, at: 0),
        delivery.channel.map {
          CurrentCustomer.contactHash($0.contact, statement, at: 0)
        }
      )
    }
    guard let (customer, hash) = found, let zone = ZoneRules(customer.timeZone) else {
      throw DeliveryRow.damaged("a delivery's customer is missing or has an unknown time zone")
    }
    return CustomerReach(customer, zone: zone, policy: policy, contactHash: hash)
  }

  private static let customerQuery = """
    SELECT channels, length(email_sealed), length(phone_sealed), quiet_mask, time_zone, send_day,
      email_hash, phone_hash
    FROM customers WHERE customer_id = ? AND recorded_to = 9223372036854775807
    """

  private func facts(
    of row: DeliveryRow, _ reach: CustomerReach, _ policy: DeliveryPolicy,
    in connection: Connection
  ) throws -> OperatorDecision.Facts {
    let key = row.record.key
    var others: [OperatorDecision.Other] = []
    try connection.query(
      """
      SELECT kind, sequence, version FROM deliveries INDEXED BY deliveries_key
      WHERE month = ? AND customer_id = ?
      """, key.month, key.customer
    ) { other in
      guard let kind = DeliveryKind(code: other.int(0)) else {
        throw DeliveryRow.damaged("a kind is out of range")
      }
      guard kind != key.kind || other.int(1) != key.sequence else { return }
      others.append(.init(kind: kind, sequence: other.int(1), version: other.int(2)))
    }
    let notAfter = try row.lastAttempt.flatMap { attempt in
      try connection.first("SELECT deadline FROM attempts WHERE attempt_id = ?", attempt) {
        Timestamp(milliseconds: $0.integer(0))
      }
    }
    return row.record.operatorFacts(
      reach, policy: policy, notAfter: notAfter, others: others, at: now)
  }

  // MARK: What is written

  /// `retry: the provider was down`.
  private func note(_ signature: OperatorSignature) -> String {
    "\(request.action.name): \(signature.why)"
  }

  private func save(
    _ row: inout DeliveryRow, _ signature: OperatorSignature, in connection: Connection
  ) throws {
    try noteZone(row.record.timeZone, in: connection)
    try row.save(
      in: connection, at: now, who: signature.who, logged: true, note: note(signature))
  }

  private func accept(
    _ row: inout DeliveryRow, _ signature: OperatorSignature, in connection: Connection
  ) throws {
    guard case .resolveAccepted(let reference) = request.action else { return }
    try AttemptRows.close(
      try row.attempt(
        takenOn: row.record.channel ?? .email, round: row.record.round, in: connection),
      .accepted(reference: reference ?? "operator:\(signature.who)"), at: now, in: connection)
    try row.save(in: connection, at: now, who: signature.who, note: note(signature))
  }

  private func add(
    _ resend: DeliveryRecord, as signature: OperatorSignature, of original: DeliveryKey,
    in connection: Connection
  ) throws {
    try MadeDeliveries(connection).add(
      resend, who: signature.who, note: "resend of \(original): \(signature.why)")
    try noteZone(resend.timeZone, in: connection)
  }

  /// For dispatch, which goes by them.
  private func noteZone(_ name: String, in connection: Connection) throws {
    try connection.run("INSERT OR IGNORE INTO delivery_zones VALUES (?)", name)
  }
}
