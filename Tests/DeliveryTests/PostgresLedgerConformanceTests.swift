import BillingTestKit
import Testing

@Suite("Dispatch on PostgreSQL")
struct PostgresDispatchLedgerTests {
  private func conformance() async throws -> DispatchLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return DispatchLedgerConformance(
      world: try await PostgresDeliveryWorld(clock: clock), clock: clock)
  }

  @Test func `what is due and permitted is queued, once`() async throws {
    try await conformance().dueAndPermittedIsQueued()
  }
  @Test func `a pass in batches leaves nothing out`() async throws {
    try await conformance().passesAreComplete()
  }
  @Test func `an ended slot queues nothing`() async throws {
    try await conformance().endedSlotQueuesNothing()
  }
  @Test func `a week late waits for an operator`() async throws {
    try await conformance().lateIsHeld()
  }
  @Test func `twelve quiet slots suppress`() async throws {
    try await conformance().noSlotIsSuppressed()
  }
  @Test func `a delivery without its bill is held`() async throws {
    try await conformance().missingBillIsHeld()
  }
  @Test func `publishing is noted only at the same generation`() async throws {
    try await conformance().marksMatchGenerations()
  }
  @Test func `what was never marked is taken again, once`() async throws {
    try await conformance().unpublishedIsTakenAgain()
  }
  @Test func `between ticks only retries are queued`() async throws {
    try await conformance().retriesAloneBetweenTicks()
  }
  @Test func `a correction waits for what is on its way`() async throws {
    try await conformance().correctionsWaitTheirTurn()
  }
  @Test func `time is of one kind and simulated time only rises`() async throws {
    try await conformance().timeIsOfOneKind()
  }
}

@Suite("Delivery on PostgreSQL")
struct PostgresDeliveryLedgerTests {
  private func conformance() async throws -> DeliveryLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return DeliveryLedgerConformance(
      world: try await PostgresDeliveryWorld(clock: clock), clock: clock)
  }

  @Test func `claims are exclusive, and nobody takes over what is being sent`() async throws {
    try await conformance().claimsAreExclusive()
  }
  @Test func `a claim near the slot's end plans again`() async throws {
    try await conformance().claimNearSlotEndPlansAgain()
  }
  @Test func `an intent needs its own generation`() async throws {
    try await conformance().intentsNeedTheirGeneration()
  }
  @Test func `an intent needs a lease`() async throws {
    try await conformance().intentsNeedALease()
  }
  @Test func `an intent needs a slot`() async throws {
    try await conformance().intentsNeedASlot()
  }
  @Test func `what goes out under a key is frozen`() async throws {
    try await conformance().keysAreFrozen()
  }
  @Test func `positive evidence always wins`() async throws {
    try await conformance().evidenceAlwaysWins()
  }
  @Test func `evidence by key needs no fence`() async throws {
    try await conformance().evidenceByKey()
  }
  @Test func `retries, then the next channel, then failed`() async throws {
    try await conformance().retriesThenFallbackThenFailed()
  }
  @Test func `a rejection skips the rest of its channel`() async throws {
    try await conformance().rejectionSkipsTheChannel()
  }
  @Test func `what was never written is no attempt`() async throws {
    try await conformance().unwrittenIsNoAttempt()
  }
  @Test func `an intent whose answer was lost is given back`() async throws {
    try await conformance().lostIntentIsGivenBack()
  }
  @Test func `reaping is never a retry`() async throws {
    try await conformance().reapIsNeverARetry()
  }
  @Test func `at the slot's end nothing stays queued`() async throws {
    try await conformance().sweepAtSlotEnd()
  }
  @Test func `lost events are found, not by age`() async throws {
    try await conformance().sweepFindsLostEvents()
  }
  @Test func `an uncertain delivery is moved by findings alone`() async throws {
    try await conformance().uncertainIsResolvedByFindings()
  }
  @Test func `no new key while the old one may have been taken`() async throws {
    try await conformance().noNewKeyWhileUnknown()
  }

  @Test func `a channel left while the outcome is unknown`() async throws {
    try await conformance().leavingAChannelWhileUnknown()
  }
  @Test func `opting out counts at any step`() async throws {
    try await conformance().optingOutAtAnyStep()
  }
  @Test func `new quiet slots count at once`() async throws {
    try await conformance().newQuietSlotsCountAtOnce()
  }
}

@Suite("An operator on PostgreSQL")
struct PostgresOperatorLedgerTests {
  private func conformance() async throws -> OperatorLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return OperatorLedgerConformance(
      world: try await PostgresDeliveryWorld(clock: clock), clock: clock)
  }

  @Test func `deliveries are found by what they have in common`() async throws {
    try await conformance().deliveriesAreFoundByPredicate()
  }
  @Test func `what failed begins a new round of keys`() async throws {
    try await conformance().failedBeginsANewRound()
  }
  @Test func `rounds follow each other`() async throws {
    try await conformance().roundsFollowEachOther()
  }
  @Test func `what was held goes after all`() async throws {
    try await conformance().heldGoesAfterAll()
  }
  @Test func `an uncertain one is retried under its own key or not at all`() async throws {
    try await conformance().uncertainIsRetriedUnderItsKeyOnly()
  }
  @Test func `an uncertain one is resolved as accepted`() async throws {
    try await conformance().resolvedAsAccepted()
  }
  @Test func `an uncertain one is resolved as absent`() async throws {
    try await conformance().resolvedAsAbsent()
  }
  @Test func `only what is parked is resolved`() async throws {
    try await conformance().onlyParkedOnesAreResolved()
  }
  @Test func `what was absent is tried again under the same key`() async throws {
    try await conformance().absentIsTriedAgainUnderTheSameKey()
  }
  @Test func `what is parked goes nowhere by itself`() async throws {
    try await conformance().parkedIsNobodysButTheOperators()
  }
  @Test func `what was accepted is sent again once`() async throws {
    try await conformance().acceptedIsSentAgainOnce()
  }
  @Test func `what failed gives way to its resend`() async throws {
    try await conformance().failedGivesWayToItsResend()
  }
  @Test func `a resend follows its customer's changes`() async throws {
    try await conformance().resendsFollowTheirCustomer()
  }
  @Test func `refusals name their reason`() async throws {
    try await conformance().refusalsNameTheirReason()
  }
  @Test func `actions compare and set`() async throws {
    try await conformance().actionsCompareAndSet()
  }
  @Test func `operators at once act on each delivery once`() async throws {
    try await conformance().operatorsAtOnce()
  }
  @Test func `a limit counts what is changed`() async throws {
    try await conformance().limitsCountWhatIsChanged()
  }
  @Test func `what was interrupted goes on`() async throws {
    try await conformance().interruptedGoesOn()
  }
}
