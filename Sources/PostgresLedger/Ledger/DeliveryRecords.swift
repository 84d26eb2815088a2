import Billing
package import Delivery

/// Outcomes on PostgreSQL. What follows from an outcome is decided in the transaction, from the row
/// as it is then: the customer may have changed it while the call was under way (R4).
extension PostgresLedger {
  /// First what nobody else has in hand: what one row has to wait for, an import perhaps, does not
  /// keep the outcomes of the others from being known in time.
  package func record(_ results: [SendResult]) async throws -> [RecordOutcome] {
    let recorded = try await record(results, skipsLocked: true)
    let left = recorded.indices.filter { recorded[$0] == nil }
    guard !left.isEmpty else { return recorded.compactMap { $0 } }
    let later = try await record(left.map { results[$0] }, skipsLocked: false)
    var outcomes = recorded
    for (place, outcome) in zip(left, later) { outcomes[place] = outcome ?? .stale }
    return outcomes.compactMap { $0 }
  }

  /// `nil` for a row that was not there, or passed over.
  private func record(
    _ results: [SendResult], skipsLocked: Bool
  ) async throws -> [RecordOutcome?] {
    try await database.write { connection in
      var rows = try DeliveryRows.lock(
        results.lazy.map(\.key), skipsLocked: skipsLocked, in: connection)
      let contacts = try self.contacts(for: results, of: rows, in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      // Those of an attempt that is not the latest: found together, after the rest is decided.
      var numbered: [(row: DeliveryRow, attempt: Int, outcome: SendOutcome)] = []
      var written: [DeliveryKey: DeliveryRow] = [:]
      let outcomes = try results.map { result -> RecordOutcome? in
        guard var row = rows[result.key] else { return nil }
        let policy = try self.deliveryPolicies.policy(row.record.policy, in: connection)
        let outcome = row.record.record(
          result, policy: policy, at: now, contactHash: { [row] in contacts(row) })
        switch result.closes(as: outcome) {
        case .none: break
        case .numbered(let attempt) where attempt != row.saved.attempt:
          numbered.append((row, attempt, result.outcome))
        case .latest, .numbered:
          changes.close(row.lastAttempt, of: row.key.month, result.outcome)
        }
        rows[result.key] = row
        if case .recorded = outcome { written[result.key] = row }
        return outcome
      }
      let chains = try AttemptChains(of: numbered.map(\.row), in: connection)
      for (row, attempt, outcome) in numbered {
        let found = chains.find(of: row) { $0.attempt == attempt }
        changes.close(found, of: row.key.month, outcome)
      }
      for row in written.values.sorted(by: DeliveryRow.isBefore) {
        changes.save(row, who: row.saved.owner)
      }
      try changes.write(in: connection)
      return outcomes
    }
  }

  /// The customers' current contacts, where an outcome may be its channel's last: few.
  private func contacts(
    for results: [SendResult], of rows: [DeliveryKey: DeliveryRow],
    in connection: PostgresConnection
  ) throws -> (DeliveryRow) -> [UInt8]? {
    let last = try results.compactMap { result -> DeliveryRow? in
      guard let row = rows[result.key] else { return nil }
      let policy = try deliveryPolicies.policy(row.record.policy, in: connection)
      return row.record.mayEndChannel(by: result.outcome, policy: policy) ? row : nil
    }
    return try CurrentCustomerRow.contacts(for: last, in: connection)
  }

  package func recordAccepted(
    _ evidence: [AcceptanceEvidence]
  ) async throws -> [EvidenceOutcome] {
    try await database.write { connection in
      let keys = evidence.map { IdempotencyKey($0.idempotencyKey) }
      var rows = try DeliveryRows.lock(keys.compactMap { $0?.delivery }, in: connection)
      let chains = try AttemptChains(of: Array(rows.values), in: connection)
      let now = try self.now(in: connection)
      var changes = DeliveryChanges(at: now)
      var written: [DeliveryKey: DeliveryRow] = [:]
      let outcomes = zip(evidence, keys).map { evidence, key -> EvidenceOutcome in
        guard let key, var row = rows[key.delivery] else { return .unknownDelivery }
        let attempt = chains.taken(on: key.channel, round: key.round, of: row)
        changes.close(attempt, of: row.key.month, .accepted(reference: evidence.reference))
        guard row.record.accept(on: key.channel) else { return .alreadyRecorded }
        rows[key.delivery] = row
        written[key.delivery] = row
        return .recorded
      }
      for row in written.values.sorted(by: DeliveryRow.isBefore) {
        changes.save(row, who: "evidence")
      }
      try changes.write(in: connection)
      return outcomes
    }
  }
}
