import BillingTestKit
import LedgerTestKit
import Testing

@Suite("Dispatch on a ledger")
struct DispatchLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> DispatchLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return DispatchLedgerConformance(world: try await kind.world(clock: clock).world, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is due and permitted is queued, once`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).dueAndPermittedIsQueued()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a pass in batches leaves nothing out`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).passesAreComplete()
  }

  @Test(arguments: LedgerKind.allCases)
  func `shares of the customers have none in common and leave nobody out`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).sharesAreDisjointAndComplete()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an ended slot queues nothing`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).endedSlotQueuesNothing()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a week late waits for an operator`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).lateIsHeld()
  }

  @Test(arguments: LedgerKind.allCases)
  func `twelve quiet slots suppress`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).noSlotIsSuppressed()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a delivery without its bill is held`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).missingBillIsHeld()
  }

  @Test(arguments: LedgerKind.allCases)
  func `publishing is noted only at the same generation`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).marksMatchGenerations()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was never marked is taken again, once`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).unpublishedIsTakenAgain()
  }

  @Test(arguments: LedgerKind.allCases)
  func `between ticks only retries are queued`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).retriesAloneBetweenTicks()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction waits for what is on its way`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).correctionsWaitTheirTurn()
  }

  @Test(arguments: LedgerKind.allCases)
  func `time is of one kind and simulated time only rises`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).timeIsOfOneKind()
  }

  @Test(arguments: LedgerKind.allCases)
  func `time is turned while nothing was begun`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).timeIsTurnedWhileNothingWasSent()
  }
}
