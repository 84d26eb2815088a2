import BillingTestKit
import LedgerTestKit
import Testing

@Suite("An operator on a ledger")
struct OperatorLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> OperatorLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return OperatorLedgerConformance(world: try await kind.world(clock: clock).world, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `deliveries are found by what they have in common`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).deliveriesAreFoundByPredicate()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what failed begins a new round of keys`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).failedBeginsANewRound()
  }

  @Test(arguments: LedgerKind.allCases)
  func `rounds follow each other`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).roundsFollowEachOther()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was held goes after all`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).heldGoesAfterAll()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an uncertain one is retried under its own key or not at all`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).uncertainIsRetriedUnderItsKeyOnly()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an uncertain one is resolved as accepted`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).resolvedAsAccepted()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an uncertain one is resolved as absent`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).resolvedAsAbsent()
  }

  @Test(arguments: LedgerKind.allCases)
  func `only what is parked is resolved`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).onlyParkedOnesAreResolved()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was absent is tried again under the same key`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).absentIsTriedAgainUnderTheSameKey()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is parked goes nowhere by itself`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).parkedIsNobodysButTheOperators()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was accepted is sent again once`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).acceptedIsSentAgainOnce()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what failed gives way to its resend`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).failedGivesWayToItsResend()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a resend follows its customer's changes`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).resendsFollowTheirCustomer()
  }

  @Test(arguments: LedgerKind.allCases)
  func `refusals name their reason`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).refusalsNameTheirReason()
  }

  @Test(arguments: LedgerKind.allCases)
  func `actions compare and set`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).actionsCompareAndSet()
  }

  @Test(arguments: LedgerKind.allCases)
  func `operators at once act on each delivery once`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).operatorsAtOnce()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a limit counts what is changed`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).limitsCountWhatIsChanged()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was interrupted goes on`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).interruptedGoesOn()
  }
}
