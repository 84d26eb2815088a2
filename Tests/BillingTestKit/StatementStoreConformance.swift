import Billing
import Runs
package import Settlement
import Testing

/// What every statement store promises, one function a promise.
package struct StatementStoreConformance: Sendable {
  private let store: any StatementStore

  package init(store: any StatementStore) {
    self.store = store
  }

  private static let month = BillingMonth(year: 2026, month: 10)!
  private static let run = RunKey(job: .settlement, month: month, kind: .regular, sequence: 1)

  private func statement(_ customer: Int64, version: Int = 1, body: String = "a") -> StoredStatement
  {
    let bytes = Array("\(body) of \(customer)".utf8)
    return StoredStatement(
      key: StatementKey(month: Self.month, customer: CustomerID(customer), version: version),
      hash: ContentHash(of: bytes), total: customer * 10, bytes: bytes)
  }

  /// Statements are read back as they were written, by key, in key order; missing ones are left out.
  package func readsBack() async throws {
    let written = [3, 1, 2].map { statement($0) }
    try await store.put(written)
    let missing = StatementKey(month: Self.month, customer: CustomerID(9), version: 1)
    let found = try await store.statements(written.map(\.key) + [missing])
    #expect(found == [1, 2, 3].map { statement($0) })
  }

  /// Writing again what is there changes nothing.
  package func writingAgainIsHarmless() async throws {
    try await store.put([statement(1), statement(2)])
    try await store.put([statement(2), statement(3)])
    let range = CustomerID(0)...CustomerID(10)
    #expect(try await store.digests(of: Self.month, customers: range).count == 3)
  }

  /// Other content under a key that is there is refused, and nothing of the batch is written.
  package func conflictIsRefused() async throws {
    try await store.put([statement(2)])
    let error = await #expect(throws: StoreError.self) {
      try await store.put([statement(1), statement(2, body: "b"), statement(3)])
    }
    #expect(error?.kind == .conflict)
    let range = CustomerID(0)...CustomerID(10)
    let digests = try await store.digests(of: Self.month, customers: range)
    #expect(digests.map(\.key) == [statement(2).key])
    #expect(digests.map(\.hash) == [statement(2).hash])
  }

  /// Versions stand beside each other.
  package func versionsStandBesideEachOther() async throws {
    try await store.put([statement(1), statement(1, version: 2, body: "b")])
    let range = CustomerID(1)...CustomerID(1)
    let digests = try await store.digests(of: Self.month, customers: range)
    #expect(digests.map(\.key.version) == [1, 2])
    #expect(digests.allSatisfy { $0.isIntact && $0.total == 10 })
  }

  /// A cohort is frozen: written again it is the same, and other customers are a conflict.
  package func cohortIsFrozen() async throws {
    let chunks = [
      TargetChunk(index: 0, customers: [1, 5, 900_000_000_000].map { CustomerID($0) }),
      TargetChunk(index: 1, customers: [Int64.max].map { CustomerID($0) }),
    ]
    try await store.putTargets(chunks, of: Self.run)
    try await store.putTargets([chunks[1]], of: Self.run)
    #expect(try await store.targetRanges(of: Self.run) == chunks.map(\.range))
    #expect(try await store.targets(of: Self.run, chunk: 0) == chunks[0].customers)
    #expect(try await store.targets(of: Self.run, chunk: 1) == chunks[1].customers)
    let other = TargetChunk(index: 0, customers: [1, 6].map { CustomerID($0) })
    let error = await #expect(throws: StoreError.self) {
      try await store.putTargets([other], of: Self.run)
    }
    #expect(error?.kind == .conflict)
  }

  /// A chunk that is not there is an error, not an empty cohort.
  package func missingTargetsAreAnError() async throws {
    await #expect(throws: StoreError.self) { _ = try await store.targets(of: Self.run, chunk: 7) }
  }
}
