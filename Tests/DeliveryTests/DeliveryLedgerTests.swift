import BillingTestKit
import Delivery
import LedgerTestKit
import Testing

@Suite("Delivery on a ledger")
struct DeliveryLedgerTests {
  private func conformance(on kind: LedgerKind) async throws -> DeliveryLedgerConformance {
    let clock = TestClock(DeliveryScene.start)
    return DeliveryLedgerConformance(world: try await kind.world(clock: clock).world, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `claims are exclusive, and nobody takes over what is being sent`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).claimsAreExclusive()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a claim near the slot's end plans again`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).claimNearSlotEndPlansAgain()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an intent needs its own generation`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).intentsNeedTheirGeneration()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an intent needs a lease`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).intentsNeedALease()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an intent needs a slot`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).intentsNeedASlot()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what goes out under a key is frozen`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).keysAreFrozen()
  }

  @Test(arguments: LedgerKind.allCases)
  func `positive evidence always wins`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).evidenceAlwaysWins()
  }

  @Test(arguments: LedgerKind.allCases)
  func `evidence by key needs no fence`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).evidenceByKey()
  }

  @Test(arguments: LedgerKind.allCases)
  func `retries, then the next channel, then failed`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).retriesThenFallbackThenFailed()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a rejection skips the rest of its channel`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).rejectionSkipsTheChannel()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was never written is no attempt`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).unwrittenIsNoAttempt()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an intent whose answer was lost is given back`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).lostIntentIsGivenBack()
  }

  @Test(arguments: LedgerKind.allCases)
  func `reaping is never a retry`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).reapIsNeverARetry()
  }

  @Test(arguments: LedgerKind.allCases)
  func `at the slot's end nothing stays queued`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).sweepAtSlotEnd()
  }

  @Test(arguments: LedgerKind.allCases)
  func `lost events are found, not by age`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).sweepFindsLostEvents()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is asked about is leased, each channel by itself`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).uncertainIsLeased()
  }

  @Test(arguments: LedgerKind.allCases, [Resolution.Finding.absent(jitter: 0), .park])
  func `what is set aside is asked about first`(
    on kind: LedgerKind, _ finding: Resolution.Finding
  ) async throws {
    try await conformance(on: kind).setAsideIsAskedFirst(finding)
  }

  @Test(arguments: LedgerKind.allCases)
  func `what was set aside goes on with a change`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).setAsideIsOverWithAChange()
  }

  @Test(arguments: LedgerKind.allCases)
  func `what is found counts wherever it stands`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).foundCountsWhereverItStands()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a sweep goes along a cursor`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).sweepGoesAlongACursor()
  }

  @Test(arguments: LedgerKind.allCases)
  func `lost events are found in steps`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).lostEventsAreFoundInSteps()
  }

  @Test(arguments: LedgerKind.allCases)
  func `an uncertain delivery is moved by findings alone`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).uncertainIsResolvedByFindings()
  }

  @Test(arguments: LedgerKind.allCases)
  func `no new key while the old one may have been taken`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).noNewKeyWhileUnknown()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a channel left while the outcome is unknown`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).leavingAChannelWhileUnknown()
  }

  @Test(arguments: LedgerKind.allCases)
  func `opting out counts at any step`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).optingOutAtAnyStep()
  }

  @Test(arguments: LedgerKind.allCases)
  func `new quiet slots count at once`(on kind: LedgerKind) async throws {
    try await conformance(on: kind).newQuietSlotsCountAtOnce()
  }
}
