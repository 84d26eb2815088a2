import BillingTestKit
import LedgerTestKit
import PostgresLedger
import Testing

@Suite("Bills and deliveries on PostgreSQL")
struct PostgresRenderingLedgerTests {
  private func conformance() async throws -> RenderingLedgerConformance {
    let clock = TestClock()
    let url = try await TestDatabase.url()
    let ledger = PostgresLedger(database: TestDatabase.open(url), clock: .given(clock))
    return RenderingLedgerConformance(
      ledger: ledger, access: PostgresLedgerRows(url: url), clock: clock)
  }

  @Test func `a version stays what it is once active`() async throws {
    try await conformance().versionsStayOnceActive()
  }

  @Test func `chunks cover a selection`() async throws {
    try await conformance().chunksCoverTheSelection()
  }

  @Test func `the latest version is selected`() async throws {
    try await conformance().latestSelection()
  }

  @Test func `bills are committed once and under the fence`() async throws {
    try await conformance().billsAreCommittedUnderTheFence()
  }

  @Test func `a recorded bill is not replaced by another`() async throws {
    try await conformance().recordedBillsAreNotReplaced()
  }

  @Test func `deliveries copy what a send must check`() async throws {
    try await conformance().deliveriesCopyTheCustomer()
  }

  @Test func `deliveries are made once and under the fence`() async throws {
    try await conformance().deliveriesAreMadeOnce()
  }

  @Test func `a correction moves what has not begun and follows what has`() async throws {
    try await conformance().correctionsMoveOrFollow()
  }

  @Test func `bills made again move only what has not begun`() async throws {
    try await conformance().newBillsMoveWhatHasNotBegun()
  }
}
