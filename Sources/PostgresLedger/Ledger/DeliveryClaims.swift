package import Billing
package import Delivery

/// Claim, intend and release on PostgreSQL: a batch's rows are locked, decided by the shared rules,
/// and written by one statement.
extension PostgresLedger {
  package func claim(
    _ events: [DeliveryEvent], owner: String, timing: DeliveryTiming
  ) async throws -> [ClaimOutcome] {
    try await database.write { connection in
      var rows = try DeliveryRows.lock(events.lazy.map(\.delivery), in: connection)
      // A change of a contact raises the delivery's generation in the same transaction: with the
      // row locked, the contact is the one that belongs to what is claimed.
      let contacts = try SealedContact.read(of: events, in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let outcomes = try zip(events, contacts).map { event, contact -> ClaimOutcome in
        guard var row = rows[event.delivery] else { return .stale }
        let decision = row.record.claim(event, owner: owner, timing: timing, at: now)
        switch decision {
        case .stale: return .stale
        case .heldByAnother: return .heldByAnother
        case .slotOver, .claim: break
        }
        changes.save(row, who: owner)
        // The same event may be there twice.
        rows[event.delivery] = row
        guard decision == .claim else { return .slotOver }
        let policy = try self.deliveryPolicies.policy(row.record.policy, in: connection)
        return .claimed(
          ClaimedDelivery(
            row.record, by: event, sealedContact: contact.sealed, contactHash: contact.hash,
            uncertainRule: policy.uncertain, at: now))
      }
      try changes.write(in: connection)
      return outcomes
    }
  }

  package func intend(_ intents: [Intent], timing: DeliveryTiming) async throws -> [IntentOutcome] {
    try await database.write { connection in
      var rows = try DeliveryRows.lock(intents.lazy.map(\.key), in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let outcomes = intents.map { intent -> IntentOutcome in
        guard var row = rows.removeValue(forKey: intent.key) else { return .stale }
        let owner = row.record.owner
        let outcome = row.record.intend(intent, timing: timing, at: now)
        switch outcome {
        case .stale: break
        case .released: changes.save(row, who: owner)
        case .intended(_, _, let notAfter):
          changes.save(
            row, who: owner,
            opening: OpenedAttempt(
              intent: intent, number: row.record.attempt, round: row.record.round,
              quietMask: row.record.quiet.mask, timeZone: row.record.timeZone, openedAt: now,
              deadline: notAfter, previous: row.lastAttempt))
        }
        return outcome
      }
      try changes.write(in: connection)
      return outcomes
    }
  }

  package func release(_ releases: [Release]) async throws -> [ReleaseOutcome] {
    try await database.write { connection in
      var rows = try DeliveryRows.lock(releases.lazy.map(\.key), in: connection)
      let given = releases.compactMap { release in
        release.then == .closeChannel || release.then == .planNextRound ? rows[release.key] : nil
      }
      let contacts = try CurrentCustomerRow.contacts(for: given, in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      let outcomes = releases.map { release -> ReleaseOutcome in
        guard var row = rows.removeValue(forKey: release.key) else { return .stale }
        let owner = row.record.owner
        let outcome = row.record.release(
          release, at: now, contactHash: { [row] in contacts(row) })
        guard outcome != .stale else { return .stale }
        if row.saved.state == .sending {
          // The intent was committed and its answer lost: the holder says that nothing was written.
          changes.close(row.lastAttempt, of: row.key.month, .notWritten)
        }
        changes.save(row, who: owner)
        return outcome
      }
      try changes.write(in: connection)
      return outcomes
    }
  }
}

/// A customer's address for a channel, as it lies in the ledger; empty when there is none.
private struct SealedContact {
  var sealed: [UInt8] = []
  var hash: [UInt8] = []

  static func read(
    of events: [DeliveryEvent], in connection: PostgresConnection
  ) throws -> [SealedContact] {
    var contacts = [SealedContact](repeating: SealedContact(), count: events.count)
    try connection.query(
      """
      SELECT k.place,
        CASE k.channel WHEN 1 THEN c.email_sealed ELSE c.phone_sealed END,
        CASE k.channel WHEN 1 THEN c.email_hash ELSE c.phone_hash END
      FROM unnest($1, $2) WITH ORDINALITY AS k (customer_id, channel, place)
      JOIN customers c ON c.customer_id = k.customer_id AND c.recorded_to = 9223372036854775807
      """, IntegerColumn(events) { $0.delivery.customer },
      IntegerColumn(events) { $0.channel.code }
    ) { row in
      contacts[row.int(0) - 1] = SealedContact(sealed: row.bytes(1), hash: row.bytes(2))
    }
    return contacts
  }
}
