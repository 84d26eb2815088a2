import BillingTestKit
import LedgerTestKit
import Testing

@Suite("Due dates and issues on a ledger")
struct BillIssueTests {
  private func conformance(on kind: LedgerKind) async throws -> BillIssueConformance {
    let clock = TestClock(DeliveryScene.start)
    let test = try await kind.world(clock: clock)
    return BillIssueConformance(world: test.world, rendering: test.world.rendering, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a bill whose due date is over is held`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).overdueIsHeld()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a retry lets it go as it is`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).retryLetsGoAsItIs()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is dated anew waits for its bills`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).redatedWaitsForItsBills()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what failed is dated anew under a key of its own`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).redatedAfterFailureBeginsAnewRound()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a send day moved past the due date makes the next issue`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).movedSendDayMakesTheNextIssue()
  }

  @Test(arguments: LedgerKind.allCases)
  func `bills that cannot be made hold their delivery`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).impossibleBillsAreHeld()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is awaited is read in pages`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).awaitedIssuesAreReadInPages()
  }
}
