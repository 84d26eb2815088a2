package import Billing
package import Rendering
package import Runs

/// A rendering ledger behind a gate.
package struct GatedRenderingLedger: RenderingLedger, GatedRuns {
  private let ledger: any RenderingLedger
  package let gate: any PortGate
  package var runs: any RunLedger { ledger }

  package init(_ ledger: any RenderingLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func chunkRanges(
    of selection: RenderingSelection, size: Int
  ) async throws -> [ChunkRange] {
    try await gate.pass(.readRendering) {
      try await ledger.chunkRanges(of: selection, size: size)
    }
  }

  package func statements(
    of selection: RenderingSelection, customers: ClosedRange<CustomerID>, cutoff: Int64
  ) async throws -> [BillableStatement] {
    try await gate.pass(.readRendering) {
      try await ledger.statements(of: selection, customers: customers, cutoff: cutoff)
    }
  }

  package func lacksBills(of month: BillingMonth, by policy: DeliveryPolicy) async throws -> Bool {
    try await gate.pass(.readRendering) { try await ledger.lacksBills(of: month, by: policy) }
  }

  package func latestStatement(
    of customer: CustomerID, month: BillingMonth
  ) async throws -> BillableStatement? {
    try await gate.pass(.readRendering) {
      try await ledger.latestStatement(of: customer, month: month)
    }
  }

  package func bill(_ key: BillKey) async throws -> BillRow? {
    try await gate.pass(.readRendering) { try await ledger.bill(key) }
  }

  package func latestBill(
    of statement: StatementKey, by policy: DeliveryPolicy, channel: Channel
  ) async throws -> BillRow? {
    try await gate.pass(.readRendering) {
      try await ledger.latestBill(of: statement, by: policy, channel: channel)
    }
  }

  package func awaitedIssues(
    after: DeliveryKey?, limit: Int
  ) async throws -> [AwaitedIssue] {
    try await gate.pass(.readRendering) {
      try await ledger.awaitedIssues(after: after, limit: limit)
    }
  }

  package func recordIssues(_ issues: [MadeIssue]) async throws {
    try await gate.pass(.recordIssues) { try await ledger.recordIssues(issues) }
  }

  package func commit(_ checkpoint: RenderingCheckpoint) async throws -> CheckpointOutcome {
    try await gate.pass(.commitRendering) {
      let outcome = try await ledger.commit(checkpoint)
      try await gate.saw(.checkpoint(checkpoint.chunk, outcome))
      return outcome
    }
  }

  package func bills(
    of month: BillingMonth, after: BillKey?, limit: Int
  ) async throws -> [BillRow] {
    try await gate.pass(.readRendering) {
      try await ledger.bills(of: month, after: after, limit: limit)
    }
  }

  package func reconcile(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>, policy: DeliveryPolicy
  ) async throws -> BillReconciliation {
    try await gate.pass(.readRendering) {
      try await ledger.reconcile(selection, customers: customers, policy: policy)
    }
  }

  package func makeDeliveries(_ request: DeliveriesRequest) async throws -> CheckpointOutcome {
    try await gate.pass(.makeDeliveries) { try await ledger.makeDeliveries(request) }
  }

  package func activePolicy() async throws -> DeliveryPolicy? {
    try await gate.pass(.readRendering) { try await ledger.activePolicy() }
  }

  package func policy(_ version: Int) async throws -> DeliveryPolicy? {
    try await gate.pass(.readRendering) { try await ledger.policy(version) }
  }

  package func templates(_ version: Int) async throws -> [BillTemplate] {
    try await gate.pass(.readRendering) { try await ledger.templates(version) }
  }

  package func apply(_ set: PolicySet, activating: Bool) async throws -> PolicyOutcome {
    try await gate.pass(.applyPolicy) { try await ledger.apply(set, activating: activating) }
  }
}

/// A bill store behind a gate.
package struct GatedBillStore: BillStore {
  private let store: any BillStore
  private let gate: any PortGate

  package init(_ store: any BillStore, gate: any PortGate) {
    self.store = store
    self.gate = gate
  }

  package func put(_ bills: [Bill]) async throws -> [BillPutOutcome] {
    try await gate.pass(.putBills) { try await store.put(bills) }
  }

  package func makeDurable() async throws {
    try await gate.pass(.makeBillsDurable) { try await store.makeDurable() }
  }

  package func contents(of keys: [BillKey]) async throws -> [[UInt8]?] {
    try await gate.pass(.readBills) { try await store.contents(of: keys) }
  }

  package func list(
    _ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void
  ) async throws {
    try await store.list(month, body)
  }

  package func delete(_ keys: [BillKey]) async throws {
    try await gate.pass(.deleteBills) { try await store.delete(keys) }
  }
}
