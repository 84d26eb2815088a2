import BillingTestKit
import LedgerTestKit
import Runs
import Testing

@Suite("Runs on a ledger")
struct RunLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> RunLedgerConformance {
    let clock = TestClock()
    return RunLedgerConformance(ledger: try await kind.open(clock: clock).ports, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a live run refuses and names its owner`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).liveRunRefuses()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an expired run is taken over and its former owner can do nothing`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).expiredRunIsTakenOver()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an owner known to be gone is not waited for`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).goneOwnerIsTakenOver()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a joined process works under the same fence`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).joining()
  }

  @Test(arguments: LedgerKind.allCases)
  func `who works along on a run that another completes has lost nothing`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).completedByAnother()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a run that excludes others waits until they are completed`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).exclusion()
  }

  @Test(arguments: LedgerKind.allCases)
  func `chunks are never cut again`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).chunksAreNeverCutAgain()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a chunk is claimed by one worker at a time`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).chunksAreClaimedOnce()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a chunk whose lease has ended goes to another worker`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).expiredChunkIsClaimedAgain()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a released run is free`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).releasedRunIsFree()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a seal is never rewritten and a failed run goes on`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).completionAndFailure()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a supplement keeps its customers`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).customersAreFixed()
  }
}
