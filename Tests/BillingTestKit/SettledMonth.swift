package import Billing
package import Runs
package import Settlement

/// Settles statements that a test has made, the way Job 1 does it, without rating anything.
package struct SettledMonth: Sendable {
  private let ledger: any SettlementLedger
  private let store: (any StatementStore)?

  package init(ledger: any SettlementLedger, store: (any StatementStore)?) {
    self.ledger = ledger
    self.store = store
  }

  /// One completed run with these statements, ascending by customer.
  package func settle(
    _ statements: [Statement], kind: RunKind = .regular, sequence: Int = 1, completing: Bool = true
  ) async throws -> RunRecord {
    let key = RunKey(
      job: .settlement, month: statements[0].month, kind: kind, sequence: sequence)
    let opening = try await ledger.open(
      RunRequest(
        key: key, catalogVersion: "c", programVersion: "test", worker: "settler",
        leaseSeconds: 60, steps: ["settle"],
        customers: kind == .regular ? [] : statements.map(\.customer)))
    guard case .started(let hold) = opening else { throw Unexpected("\(key) was there already") }
    let stored = statements.map { statement in
      let bytes = StatementCodec.encode(statement)
      return StoredStatement(
        key: StatementKey(
          month: statement.month, customer: statement.customer, version: statement.version),
        hash: ContentHash(of: bytes), total: statement.totals.total, bytes: bytes)
    }
    try await store?.put(stored)
    try await commit(stored, under: hold)
    if completing {
      _ = try await ledger.complete(hold, parked: 0, seal: ContentHash(of: []))
    }
    return try await ledger.run(key) ?? hold.run
  }

  private func commit(_ statements: [StoredStatement], under hold: RunHold) async throws {
    let range = ChunkRange(
      index: 0, lower: statements[0].key.customer,
      upper: statements[statements.count - 1].key.customer, items: statements.count)
    _ = try await ledger.start(step: 0, expected: nil, chunks: [range], under: hold)
    guard
      case .claimed(let chunk) = try await ledger.claimChunk(
        step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("no chunk was free") }
    let sum = statements.reduce(0) { $0 + $1.total }
    let outcome = try await ledger.commit(
      SettlementCheckpoint(
        chunk: chunk,
        totals: ChunkTotals(
          count: Int64(statements.count), sum: sum, hash: ContentHash(of: []), parked: 0),
        manifest: statements.map {
          ManifestRow(key: $0.key, run: hold.run.id, hash: $0.hash, total: $0.total)
        }, parked: []))
    guard outcome == .committed else { throw Unexpected("the settlement was not committed") }
    _ = try await ledger.complete(
      step: 0, actual: ControlTotals(count: Int64(statements.count), sum: sum), under: hold)
  }
}
