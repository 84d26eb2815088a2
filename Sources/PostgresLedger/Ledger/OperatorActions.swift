import Billing
package import Delivery

/// Does what an operator asks for on PostgreSQL: the rows are locked, judged by what they and their
/// customers are then, and written in one transaction.
extension PostgresLedger {
  package func foresee(
    _ request: OperatorRequest, on found: [FoundDelivery]
  ) async throws -> [OperatorOutcome] {
    try await database.read { connection in
      let rows = try DeliveryRows.read(found.map(\.key), in: connection)
      var acting = try OperatorActing(
        request, on: rows, at: try self.now(in: connection), in: connection)
      return try found.map { try acting.act(on: $0, by: self.deliveryPolicies) }
    }
  }

  package func act(
    _ request: OperatorRequest, on found: [FoundDelivery], signature: OperatorSignature
  ) async throws -> [OperatorOutcome] {
    try await database.write { connection in
      // No import between reading the customers and writing what was copied from them.
      try LedgerLock.inputs.share(in: connection)
      let rows = try DeliveryRows.lock(found.map(\.key), in: connection)
      var acting = try OperatorActing(
        request, on: rows, at: try self.now(in: connection), in: connection)
      let outcomes = try found.map {
        try acting.act(on: $0, by: self.deliveryPolicies, signature)
      }
      try acting.write()
      return outcomes
    }
  }
}

/// One batch of an operator's actions: all that is decided by is read first, in a few statements,
/// and what comes of it is written last.
private struct OperatorActing {
  private let connection: PostgresConnection
  private let request: OperatorRequest
  private let now: Timestamp
  /// As they are after what was done so far: what comes twice is not as it was found the second
  /// time.
  private var rows: [DeliveryKey: DeliveryRow]
  private let customers: [CustomerID: CurrentCustomerRow]
  private let attempts: AttemptChains
  /// Of the customers, with those that were made so far.
  private var deliveries: DeliveriesOfMonth
  private var changes: DeliveryChanges
  private var new = MadeDeliveries()
  private var zones: Set<String> = []

  /// - Parameter rows: locked, where anything is to be written.
  init(
    _ request: OperatorRequest, on rows: [DeliveryKey: DeliveryRow], at now: Timestamp,
    in connection: PostgresConnection
  ) throws {
    self.connection = connection
    self.request = request
    self.now = now
    self.rows = rows
    customers = try CurrentCustomerRow.read(
      Set(rows.keys.map(\.customer)).sorted(), in: connection)
    attempts = try AttemptChains(of: rows.values, in: connection)
    // In statements after the one that locked: whoever adds a delivery to those of a customer, or
    // moves one, locks those first.
    deliveries = try DeliveriesOfMonth(around: rows.keys, in: connection)
    changes = DeliveryChanges(at: now)
  }

  /// - Parameter signature: `nil`: nothing is to be written.
  mutating func act(
    on found: FoundDelivery, by policies: DeliveryPolicies, _ signature: OperatorSignature? = nil
  ) throws -> OperatorOutcome {
    guard var row = rows[found.key], row.record.stands(as: found) else { return .stale }
    let original = row.record
    let policy = try policies.policy(original.policy, in: connection)
    let reach = try reach(of: original, policy: policy)
    let facts = original.operatorFacts(
      reach, policy: policy, notAfter: attempts.latest(of: row)?.deadline,
      others: deliveries.others(beside: original.key), at: now)
    let decision = OperatorDecision.decide(request, facts, at: now)
    let outcome = row.record.follow(
      decision, reach, policy: policy, jitter: request.jitter, at: now)
    guard let signature else { return outcome }
    switch decision {
    case .refuse: return outcome
    case .plan, .redate, .planUnderSameKey, .followAbsence:
      zones.insert(row.record.timeZone)
      changes.save(row, who: signature.who, logged: true, note: note(signature))
    case .accept: accept(row, signature)
    case .resend(let channel, let sequence):
      let made = original.resend(on: channel, sequence: sequence, to: reach, at: now)
      new.add(made, who: signature.who, note: "resend of \(original.key): \(signature.why)")
      deliveries.add(made)
      changes.save(
        row, who: signature.who, logged: true, note: "resend as \(made.key): \(signature.why)")
    }
    rows[found.key] = row
    return outcome
  }

  func write() throws {
    try new.write(in: connection)
    try changes.write(in: connection)
    try DeliveryZones.note(zones, in: connection)
  }

  private func reach(of delivery: DeliveryRecord, policy: DeliveryPolicy) throws -> CustomerReach {
    guard let row = customers[delivery.key.customer],
      let zone = ZoneRules(row.customer.timeZone)
    else {
      throw PostgresLedger.damaged(
        "a delivery's customer is missing or has an unknown time zone")
    }
    return CustomerReach(
      row.customer, zone: zone, policy: policy,
      contactHash: delivery.channel.map(row.contactHash))
  }

  private mutating func accept(_ row: DeliveryRow, _ signature: OperatorSignature) {
    guard case .resolveAccepted(let reference) = request.action else { return }
    changes.close(
      attempts.taken(on: row.saved.channel ?? .email, round: row.saved.round, of: row),
      of: row.key.month,
      .accepted(reference: reference ?? "operator:\(signature.who)"))
    changes.save(row, who: signature.who, note: note(signature))
  }

  /// `retry: the provider was down`.
  private func note(_ signature: OperatorSignature) -> String {
    "\(request.action.name): \(signature.why)"
  }
}

/// The deliveries of customers in a month, as far as they count beside one another.
private struct DeliveriesOfMonth {
  private struct Place: Hashable {
    var month: BillingMonth
    var customer: CustomerID
  }

  private var known: [Place: [OperatorDecision.Other]] = [:]

  init(
    around keys: some Collection<DeliveryKey>, in connection: PostgresConnection
  ) throws {
    for (month, keys) in Dictionary(grouping: keys, by: \.month) {
      try connection.query(
        Self.query, month, IntegerColumn(Set(keys.map(\.customer)).sorted()) { $0 }
      ) { row in
        let key = try DeliveryKey(row, at: 0)
        known[Place(month: month, customer: key.customer), default: []].append(
          .init(kind: key.kind, sequence: key.sequence, version: row.int(4)))
      }
    }
  }

  /// `OFFSET 0` keeps each customer's rows a look of their own into the index of keys.
  private static let query = """
    SELECT d.month, d.customer_id, d.kind, d.sequence, d.version
    FROM unnest($2::bigint[]) AS k (customer_id)
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries WHERE month = $1 AND customer_id = k.customer_id
      ORDER BY kind, sequence OFFSET 0
    ) d
    """

  func others(beside key: DeliveryKey) -> [OperatorDecision.Other] {
    known[Place(month: key.month, customer: key.customer), default: []].filter {
      $0.kind != key.kind || $0.sequence != key.sequence
    }
  }

  mutating func add(_ record: DeliveryRecord) {
    known[Place(month: record.key.month, customer: record.key.customer), default: []].append(
      .init(kind: record.key.kind, sequence: record.key.sequence, version: record.version))
  }
}
