package import Billing
package import Runs
package import Settlement

/// A settlement ledger behind a gate.
package struct GatedSettlementLedger: SettlementLedger, GatedRuns {
  private let ledger: any SettlementLedger
  package let gate: any PortGate
  package var runs: any RunLedger { ledger }

  package init(_ ledger: any SettlementLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func catalog(for month: BillingMonth) async throws -> Catalog? {
    try await gate.pass(.readInputs) { try await ledger.catalog(for: month) }
  }

  package func catalog(version: String) async throws -> Catalog? {
    try await gate.pass(.readInputs) { try await ledger.catalog(version: version) }
  }

  package func cohort(
    of run: RunRecord, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await gate.pass(.readInputs) {
      try await ledger.cohort(of: run, after: after, limit: limit)
    }
  }

  package func ratingInputs(
    for targets: [CustomerID], within range: ClosedRange<CustomerID>?, of run: RunRecord
  ) async throws -> RatingBatch {
    try await gate.pass(.readInputs) {
      try await ledger.ratingInputs(for: targets, within: range, of: run)
    }
  }

  package func outsiders(
    of run: RunRecord, within range: ClosedRange<CustomerID>, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await gate.pass(.readInputs) {
      try await ledger.outsiders(of: run, within: range, after: after, limit: limit)
    }
  }

  package func currentRatingInputs(
    for targets: [CustomerID], month: BillingMonth
  ) async throws -> RatingBatch {
    try await gate.pass(.readInputs) {
      try await ledger.currentRatingInputs(for: targets, month: month)
    }
  }

  package func commit(_ checkpoint: SettlementCheckpoint) async throws -> CheckpointOutcome {
    try await gate.pass(.commitSettlement) {
      let outcome = try await ledger.commit(checkpoint)
      try await gate.saw(.checkpoint(checkpoint.chunk, outcome))
      return outcome
    }
  }

  package func latestVersions(
    of customers: [CustomerID], month: BillingMonth, apartFrom run: Int64
  ) async throws -> [CustomerID: ManifestRow] {
    try await gate.pass(.readInputs) {
      try await ledger.latestVersions(of: customers, month: month, apartFrom: run)
    }
  }

  package func manifest(
    _ selection: ManifestSelection, after: CustomerID?, limit: Int
  ) async throws -> [ManifestRow] {
    try await gate.pass(.readInputs) {
      try await ledger.manifest(selection, after: after, limit: limit)
    }
  }

  package func parked(
    of run: Int64, after: CustomerID?, limit: Int
  ) async throws -> [ParkedCustomer] {
    try await gate.pass(.readInputs) {
      try await ledger.parked(of: run, after: after, limit: limit)
    }
  }

  package func unsettled(
    of month: BillingMonth, after: CustomerID?, limit: Int
  ) async throws -> [ParkedCustomer] {
    try await gate.pass(.readInputs) {
      try await ledger.unsettled(of: month, after: after, limit: limit)
    }
  }

  package func lateCustomers(
    of month: BillingMonth, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await gate.pass(.readInputs) {
      try await ledger.lateCustomers(of: month, after: after, limit: limit)
    }
  }

  package func correctionSums(of run: RunRecord) async throws -> (new: Int64, old: Int64) {
    try await gate.pass(.readInputs) { try await ledger.correctionSums(of: run) }
  }

  package func unbilled(of month: BillingMonth) async throws -> UnbilledInputs {
    try await gate.pass(.readInputs) { try await ledger.unbilled(of: month) }
  }

  package func unbilledElsewhere(asOf now: BillingMonth) async throws -> [UnbilledItem] {
    try await gate.pass(.readInputs) { try await ledger.unbilledElsewhere(asOf: now) }
  }

  package func unbilled(
    of customer: CustomerID, asOf now: BillingMonth
  ) async throws -> [UnbilledEntry] {
    try await gate.pass(.readInputs) { try await ledger.unbilled(of: customer, asOf: now) }
  }

  package func lastRecordNumber() async throws -> Int64 {
    try await gate.pass(.readInputs) { try await ledger.lastRecordNumber() }
  }
}

/// A statement store behind a gate.
package struct GatedStatementStore: StatementStore {
  private let store: any StatementStore
  private let gate: any PortGate

  package init(_ store: any StatementStore, gate: any PortGate) {
    self.store = store
    self.gate = gate
  }

  package func putTargets(_ chunks: [TargetChunk], of run: RunKey) async throws {
    try await gate.pass(.putTargets) { try await store.putTargets(chunks, of: run) }
  }

  package func targetRanges(of run: RunKey) async throws -> [ChunkRange] {
    try await gate.pass(.readStatements) { try await store.targetRanges(of: run) }
  }

  package func targets(of run: RunKey, chunk: Int) async throws -> [CustomerID] {
    try await gate.pass(.readStatements) { try await store.targets(of: run, chunk: chunk) }
  }

  package func put(_ statements: [StoredStatement]) async throws {
    try await gate.pass(.putStatements) { try await store.put(statements) }
  }

  package func statements(_ keys: [StatementKey]) async throws -> [StoredStatement] {
    try await gate.pass(.readStatements) { try await store.statements(keys) }
  }

  package func digests(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [StatementDigest] {
    try await gate.pass(.readStatements) {
      try await store.digests(of: month, customers: customers)
    }
  }
}
