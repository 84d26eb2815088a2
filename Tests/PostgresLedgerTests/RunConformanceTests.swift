import BillingTestKit
import PostgresLedger
import Runs
import Testing

@Suite("Runs on PostgreSQL")
struct PostgresRunLedgerTests {
  private func conformance() async throws -> RunLedgerConformance {
    let clock = TestClock()
    let ledger = PostgresLedger(
      database: TestDatabase.open(try await TestDatabase.url()), clock: .given(clock))
    return RunLedgerConformance(ledger: ledger, clock: clock)
  }

  @Test func `a live run refuses and names its owner`() async throws {
    try await conformance().liveRunRefuses()
  }

  @Test func `an expired run is taken over and its former owner can do nothing`() async throws {
    try await conformance().expiredRunIsTakenOver()
  }

  @Test func `an owner known to be gone is not waited for`() async throws {
    try await conformance().goneOwnerIsTakenOver()
  }

  @Test func `a joined process works under the same fence`() async throws {
    try await conformance().joining()
  }

  @Test func `who works along on a run that another completes has lost nothing`() async throws {
    try await conformance().completedByAnother()
  }

  @Test func `a run that excludes others waits until they are completed`() async throws {
    try await conformance().exclusion()
  }

  @Test func `chunks are never cut again`() async throws {
    try await conformance().chunksAreNeverCutAgain()
  }

  @Test func `a chunk is claimed by one worker at a time`() async throws {
    try await conformance().chunksAreClaimedOnce()
  }

  @Test func `a chunk whose lease has ended goes to another worker`() async throws {
    try await conformance().expiredChunkIsClaimedAgain()
  }

  @Test func `a released run is free`() async throws {
    try await conformance().releasedRunIsFree()
  }

  @Test func `a seal is never rewritten and a failed run goes on`() async throws {
    try await conformance().completionAndFailure()
  }

  @Test func `a supplement keeps its customers`() async throws {
    try await conformance().customersAreFixed()
  }
}
