import BillingTestKit
import EmbeddedStore
import Testing

@Suite("The statement store on SQLite")
struct EmbeddedStatementStoreTests {
  private func conformance() async throws -> StatementStoreConformance {
    let store = EmbeddedStatementStore(database: try Database(path: ":memory:"))
    try await store.migrate()
    return StatementStoreConformance(store: store)
  }

  @Test func `statements are read back by key`() async throws {
    try await conformance().readsBack()
  }

  @Test func `writing again is harmless`() async throws {
    try await conformance().writingAgainIsHarmless()
  }

  @Test func `other content under a key is refused with its batch`() async throws {
    try await conformance().conflictIsRefused()
  }

  @Test func `versions stand beside each other`() async throws {
    try await conformance().versionsStandBesideEachOther()
  }

  @Test func `a cohort is frozen`() async throws {
    try await conformance().cohortIsFrozen()
  }

  @Test func `missing targets are an error`() async throws {
    try await conformance().missingTargetsAreAnError()
  }
}
