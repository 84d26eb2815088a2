package import Billing
package import Delivery

/// Claim, intend and release on SQLite: one writing transaction a batch, prepared statements for
/// its rows.
extension EmbeddedLedger {
  package func claim(
    _ events: [DeliveryEvent], owner: String, timing: DeliveryTiming
  ) async throws -> [ClaimOutcome] {
    let contacts = try await contacts(of: events)
    return try await database.write { connection in
      let claiming = try Claiming(
        connection, owner: owner, timing: timing, now: try self.now(in: connection))
      return try zip(events, contacts).map { event, contact in
        try claiming.claim(
          event, contact: contact, policies: self.deliveryPolicies, in: connection)
      }
    }
  }

  /// Customers lie all over their table: one connection would wait for the disk once for each.
  private static let contactsTogether = 64

  /// Read before the claim, by several connections at once. A change of a contact raises the
  /// delivery's generation in the same transaction, so that one that the claim's check of it lets
  /// pass is the current one.
  private func contacts(of events: [DeliveryEvent]) async throws -> [SealedContact] {
    try await withThrowingTaskGroup(of: (Int, [SealedContact]).self) { group in
      for start in stride(from: 0, to: events.count, by: Self.contactsTogether) {
        let part = events[start..<min(start + Self.contactsTogether, events.count)]
        group.addTask {
          (start, try await self.database.read { try SealedContact.read(part, in: $0) })
        }
      }
      var contacts = [SealedContact](repeating: SealedContact(), count: events.count)
      for try await (start, part) in group {
        contacts.replaceSubrange(start..<start + part.count, with: part)
      }
      return contacts
    }
  }

  package func intend(_ intents: [Intent], timing: DeliveryTiming) async throws -> [IntentOutcome] {
    try await database.write { connection in
      let intending = try Intending(
        connection, timing: timing, now: try self.now(in: connection))
      return try intents.map { try intending.intend($0, in: connection) }
    }
  }

  package func release(_ releases: [Release]) async throws -> [ReleaseOutcome] {
    try await database.write { connection in
      let now = try self.now(in: connection)
      return try releases.map { try Self.release($0, at: now, in: connection) }
    }
  }

  private static func release(
    _ release: Release, at now: Timestamp, in connection: Connection
  ) throws -> ReleaseOutcome {
    guard var row = try DeliveryRow.read(release.key, in: connection) else { return .stale }
    let before = row.record
    let outcome = try row.record.release(
      release, at: now, contactHash: { [row] in try row.currentContact(in: connection) })
    guard outcome != .stale else { return .stale }
    if before.state == .sending {
      try AttemptRows.close(row.lastAttempt, .notWritten, at: now, in: connection)
    }
    try row.save(in: connection, at: now, who: before.owner)
    return outcome
  }
}

/// A customer's address for a channel, as it lies in the ledger; empty when there is none.
private struct SealedContact: Sendable {
  var sealed: [UInt8] = []
  var hash: [UInt8] = []

  static func read(
    _ events: ArraySlice<DeliveryEvent>, in connection: Connection
  ) throws -> [SealedContact] {
    let email = try connection.statement(query("email_sealed, email_hash"))
    let phone = try connection.statement(query("phone_sealed, phone_hash"))
    return try events.map { event in
      let statement =
        switch event.channel.contact {
        case .email: email
        case .phone: phone
        }
      statement.bind(event.delivery.customer.number, at: 1)
      defer { statement.reset() }
      guard try statement.step() else { return SealedContact() }
      return SealedContact(sealed: statement.bytes(0), hash: statement.bytes(1))
    }
  }

  private static func query(_ columns: String) -> String {
    """
    SELECT \(columns) FROM customers
    WHERE customer_id = ?
      AND (recorded_to = 9223372036854775807\(PlantedBug.oldContact.clause(" OR true")))
    """
  }
}

/// One batch of claims.
private struct Claiming {
  private let owner: String
  private let timing: DeliveryTiming
  private let now: Timestamp
  private let row: Statement
  private let take: Statement
  private let log: DeliveryLog

  init(
    _ connection: Connection, owner: String, timing: DeliveryTiming, now: Timestamp
  ) throws {
    self.owner = owner
    self.timing = timing
    self.now = now
    row = try connection.statement(
      """
      SELECT d.state, d.generation, d.fence, d.lease_until, d.slot_end, d.channel, d.last_entry,
        d.policy, d.unresolved, d.key_opened_at, d.frozen_sha256, d.recipient_hash, d.round
      FROM deliveries d WHERE \(DeliveryRow.byKey)
      """)
    take = try connection.statement(
      """
      UPDATE deliveries SET state = 3, fence = ?, owner = ?, lease_until = ?, reason = NULL,
        last_entry = ?, changed_at = ?
      WHERE \(DeliveryRow.byKey)
      """)
    log = try DeliveryLog(connection)
  }

  func claim(
    _ event: DeliveryEvent, contact: SealedContact, policies: DeliveryPolicies,
    in connection: Connection
  ) throws -> ClaimOutcome {
    event.delivery.bind(to: row, at: 1)
    defer { row.reset() }
    guard try row.step(), let state = DeliveryState(code: row.int(0)) else { return .stale }
    let facts = ClaimDecision.Facts(
      state: state, generation: row.int(1), channel: Channel(code: row.int(5)),
      leaseUntil: Timestamp(milliseconds: row.integer(3)),
      slotEnd: Timestamp(milliseconds: row.integer(4)))
    switch ClaimDecision.decide(event, facts, timing: timing, at: now) {
    case .claim: break
    case .stale: return .stale
    case .heldByAnother: return .heldByAnother
    case .slotOver:
      row.reset()
      try planAgain(event.delivery, in: connection)
      return .slotOver
    }
    let fence = ClaimDecision.fence(after: row.int(2))
    let policy = try policies.policy(row.int(7), in: connection)
    let claimed = ClaimedDelivery(
      key: event.delivery, generation: event.generation, fence: fence, bill: event.bill,
      sha256: event.sha256, sealedContact: contact.sealed, contactHash: contact.hash,
      frozenRecipient: row.isNull(11) ? nil : row.bytes(11),
      frozenSHA: row.isNull(10) ? nil : try row.hash(10),
      keyOpenedAt: row.optionalInteger(9).map(Timestamp.init(milliseconds:)),
      unresolved: row.int(8), uncertainRule: policy.uncertain, claimedAt: now,
      round: row.int(12))
    let lastEntry = row.optionalInteger(6)
    row.reset()
    try take(claimed, after: lastEntry)
    return .claimed(claimed)
  }

  private func take(_ claimed: ClaimedDelivery, after lastEntry: Int64?) throws {
    let entry = try log.append(
      claimed.key, after: lastEntry, at: now, state: .claimed, generation: claimed.generation,
      fence: claimed.fence, channel: claimed.channel.code, reason: nil, who: owner)
    take.bind(claimed.fence, at: 1)
    take.bind(owner, at: 2)
    now.adding(milliseconds: timing.lease).bind(to: take, at: 3)
    take.bind(entry, at: 4)
    now.bind(to: take, at: 5)
    claimed.key.bind(to: take, at: 6)
    try take.finish()
  }

  private func planAgain(_ key: DeliveryKey, in connection: Connection) throws {
    guard var row = try DeliveryRow.read(key, in: connection) else { return }
    row.record.planAfterSlot()
    try row.save(in: connection, at: now, who: owner)
  }
}

/// One batch of intents.
private struct Intending {
  private let connection: Connection
  private let timing: DeliveryTiming
  private let now: Timestamp
  private let row: Statement
  private let begin: Statement
  private let open: Statement
  private let log: DeliveryLog

  init(_ connection: Connection, timing: DeliveryTiming, now: Timestamp) throws {
    self.connection = connection
    self.timing = timing
    self.now = now
    row = try connection.statement(
      """
      SELECT state, generation, fence, channel, lease_until, slot_end, attempt, channel_attempts,
        last_entry, owner, frozen_sha256, recipient_hash, last_attempt, quiet_mask, time_zone, round
      FROM deliveries WHERE \(DeliveryRow.byKey)
      """)
    begin = try connection.statement(
      """
      UPDATE deliveries SET state = \(IntentDecision.committedState.code), begun = 1, attempt = ?,
        channel_attempts = ?, lease_until = ?, key_opened_at = coalesce(key_opened_at, ?),
        frozen_sha256 = coalesce(frozen_sha256, ?), recipient_hash = coalesce(recipient_hash, ?),
        last_entry = ?, last_attempt = ?, changed_at = ?
      WHERE \(DeliveryRow.byKey)
      """)
    open = try connection.statement(
      """
      INSERT INTO attempts (month, customer_id, kind, sequence, attempt, channel, fence,
        bill_sha256, recipient_hash, provider, opened_at, deadline, previous, quiet_mask, time_zone,
        round)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    log = try DeliveryLog(connection)
  }

  func intend(_ intent: Intent, in connection: Connection) throws -> IntentOutcome {
    intent.key.bind(to: row, at: 1)
    defer { row.reset() }
    guard try row.step(), let facts = try IntentDecision.Facts(row) else { return .stale }
    let decision = IntentDecision.decide(intent, facts, timing: timing, at: now)
    switch decision {
    case .begin: break
    case .stale: return .stale
    case .slotOver, .leaseShort:
      row.reset()
      return try giveBack(intent.key, decision, in: connection)
    }
    let attempt = row.int(6) + 1
    let channelAttempt = row.int(7) + 1
    let (lastEntry, lastAttempt) = (row.optionalInteger(8), row.optionalInteger(12))
    let owner = row.optionalText(9)
    let terms = Terms(quietMask: row.integer(13), zone: row.text(14), round: row.int(15))
    row.reset()
    let notAfter = now.adding(milliseconds: timing.callDeadline)
    let entry = try log.append(
      intent.key, after: lastEntry, at: now, state: .sending, generation: intent.generation,
      fence: intent.fence, channel: intent.channel.code, reason: nil, who: owner)
    let opened = try open(
      intent, attempt, under: terms, after: lastAttempt, notAfter: notAfter)
    try begin(
      intent, attempt, channelAttempt, entry: entry, opened: opened, notAfter: notAfter)
    return .intended(attempt: attempt, channelAttempt: channelAttempt, notAfter: notAfter)
  }

  private func begin(
    _ intent: Intent, _ attempt: Int, _ channelAttempt: Int, entry: Int64, opened: Int64,
    notAfter: Timestamp
  ) throws {
    begin.bind(attempt, at: 1)
    begin.bind(channelAttempt, at: 2)
    notAfter.bind(to: begin, at: 3)
    now.bind(to: begin, at: 4)
    begin.bind(intent.sha256, at: 5)
    begin.bind(intent.recipientHash, at: 6)
    begin.bind(entry, at: 7)
    begin.bind(opened, at: 8)
    now.bind(to: begin, at: 9)
    intent.key.bind(to: begin, at: 10)
    try begin.finish()
  }

  /// What the attempt's row says of the delivery as it was then.
  private struct Terms {
    var quietMask: Int64
    var zone: String
    var round: Int
  }

  /// The attempt's row.
  private func open(
    _ intent: Intent, _ attempt: Int, under terms: Terms, after previous: Int64?,
    notAfter: Timestamp
  ) throws -> Int64 {
    intent.key.bind(to: open, at: 1)
    open.bind(attempt, at: 5)
    open.bind(intent.channel.code, at: 6)
    open.bind(intent.fence, at: 7)
    open.bind(intent.sha256, at: 8)
    open.bind(intent.recipientHash, at: 9)
    open.bind(intent.provider, at: 10)
    now.bind(to: open, at: 11)
    notAfter.bind(to: open, at: 12)
    previous.bind(to: open, at: 13)
    open.bind(terms.quietMask, at: 14)
    open.bind(terms.zone, at: 15)
    open.bind(terms.round, at: 16)
    try open.finish()
    return connection.lastInsertedRow
  }

  private func giveBack(
    _ key: DeliveryKey, _ decision: IntentDecision, in connection: Connection
  ) throws -> IntentOutcome {
    guard var row = try DeliveryRow.read(key, in: connection) else { return .stale }
    let who = row.record.owner
    let outcome = row.record.giveBack(decision, at: now)
    try row.save(in: connection, at: now, who: who)
    return outcome
  }
}

extension IntentDecision.Facts {
  /// `nil` when it is in no known state.
  fileprivate init?(_ row: Statement) throws {
    guard let state = DeliveryState(code: row.int(0)) else { return nil }
    self.init(
      state: state, generation: row.int(1), fence: row.int(2), channel: Channel(code: row.int(3)),
      leaseUntil: Timestamp(milliseconds: row.integer(4)),
      slotEnd: Timestamp(milliseconds: row.integer(5)),
      frozenSHA: row.isNull(10) ? nil : try row.hash(10),
      recipientHash: row.isNull(11) ? nil : row.bytes(11))
  }
}
