import Billing
import BillingTestKit
import Delivery
import Testing

@Suite("An operator's decisions")
struct OperatorDecisionTests {
  private let now = DeliveryScene.start

  private static let dueDate = CalendarDay("2026-11-25")!

  private func facts(
    _ state: DeliveryState, kind: DeliveryKind = .bill, sequence: Int = 1,
    change: (inout OperatorDecision.Facts) -> Void = { _ in }
  ) -> OperatorDecision.Facts {
    var facts = OperatorDecision.Facts(
      key: DeliveryKey(
        month: DeliveryScene.month, customer: CustomerID(1), kind: kind, sequence: sequence),
      state: state, version: 1, isBegun: true, round: 1, channel: .sms,
      unresolved: state == .uncertain ? 1 : 0, isParked: state == .uncertain,
      keyOpenedAt: now.adding(seconds: -3600),
      notAfter: now.adding(seconds: -3580), recipientStands: true, uncertainRule: .atMostOnce,
      others: [], usable: [.email, .sms], suppression: nil,
      issue: .first(dueDate: Self.dueDate), redatedTo: Self.dueDate.advanced(by: 12))
    change(&facts)
    return facts
  }

  private func decide(
    _ action: OperatorAction, _ facts: OperatorDecision.Facts, keepsKeySeconds: Int64? = nil
  ) -> OperatorDecision {
    let provider = ProviderCapabilities(keepsKeySeconds: keepsKeySeconds)
    return OperatorDecision.decide(
      OperatorRequest(
        action, providers: [.email: provider, .sms: provider], timing: .standard, jitter: 0),
      facts, at: now)
  }

  @Test func `an action is for its own states`() {
    let actions: [OperatorAction] = [
      .retry, .resolveAccepted(reference: nil), .resolveAbsent, .resend(again: false), .redate,
    ]
    for action in actions {
      for state in DeliveryState.allCases where !action.states.contains(state) {
        #expect(decide(action, facts(state)) == .refuse(.wrongState))
      }
    }
  }

  @Test func `what failed begins anew on the first channel, under keys never used`() {
    #expect(decide(.retry, facts(.failed)) == .plan(on: .email, round: 2))
    #expect(decide(.retry, facts(.held)) == .plan(on: .email, round: 2))
    #expect(
      decide(.retry, facts(.held) { $0.isBegun = false }) == .plan(on: .email, round: 1),
      "keys that were never used stay")
    #expect(decide(.retry, facts(.failed) { $0.usable = [.sms] }) == .plan(on: .sms, round: 2))
  }

  @Test func `a bill is dated anew where that gives its customer more time`() {
    let dueDate = Self.dueDate.advanced(by: 12)
    #expect(
      decide(.redate, facts(.planned) { $0.isBegun = false })
        == .redate(on: .email, round: 1, dueDate: dueDate))
    #expect(decide(.redate, facts(.held)) == .redate(on: .email, round: 2, dueDate: dueDate))
    #expect(decide(.redate, facts(.failed)) == .redate(on: .email, round: 2, dueDate: dueDate))
    let same = facts(.held) { $0.redatedTo = Self.dueDate }
    #expect(decide(.redate, same) == .refuse(.timeEnough))
    #expect(
      decide(.redate, facts(.held) { $0.issue.dueDate = nil }) == .refuse(.nothingDue))
    #expect(decide(.redate, facts(.planned, kind: .resend)) == .refuse(.nothingDue))
    for state in OperatorAction.redate.states {
      #expect(
        decide(.redate, facts(state) { $0.unresolved = 1 }) == .refuse(.unresolved), "\(state)")
      #expect(
        decide(
          .redate, facts(state) { $0.others = [.init(kind: .correction, sequence: 1, version: 2)] })
          == .refuse(.superseded))
      #expect(
        decide(.redate, facts(state) { $0.suppression = .optedOut }) == .refuse(.optedOut))
    }
  }

  @Test func `no new key while an attempt may have been taken, whatever the operator asks for`() {
    #expect(decide(.retry, facts(.uncertain)) == .refuse(.unresolved))
    // Not by a state either.
    for state in [DeliveryState.held, .failed] {
      #expect(decide(.retry, facts(state) { $0.unresolved = 1 }) == .refuse(.unresolved))
    }
  }

  @Test func `an uncertain one is tried again where its key makes that harmless`() {
    let day: Int64 = 86_400
    #expect(decide(.retry, facts(.uncertain), keepsKeySeconds: day) == .planUnderSameKey)
    #expect(decide(.retry, facts(.uncertain), keepsKeySeconds: 3600) == .refuse(.unresolved))
    let moved = facts(.uncertain) { $0.recipientStands = false }
    #expect(decide(.retry, moved, keepsKeySeconds: day) == .refuse(.unresolved))
    let left = facts(.uncertain) { $0.usable = [.email] }
    #expect(decide(.retry, left, keepsKeySeconds: day) == .refuse(.unresolved))
    #expect(
      decide(.retry, facts(.uncertain) { $0.uncertainRule = .atLeastOnce }) == .planUnderSameKey)
  }

  @Test func `nobody is told who cannot or does not want to be`() {
    let reasons: [(DeliveryReason, OperatorRefusal)] = [
      (.optedOut, .optedOut), (.noContact, .noContact), (.noSlot, .noSlot),
    ]
    for (reason, refusal) in reasons {
      #expect(decide(.retry, facts(.failed) { $0.suppression = reason }) == .refuse(refusal))
      let accepted = facts(.accepted) { $0.suppression = reason }
      #expect(decide(.resend(again: true), accepted) == .refuse(refusal))
    }
  }

  @Test func `an old bill never follows a newer one`() {
    let newer = OperatorDecision.Other(kind: .correction, sequence: 1, version: 2)
    for state in [DeliveryState.failed, .held] {
      #expect(decide(.retry, facts(state) { $0.others = [newer] }) == .refuse(.superseded))
    }
    let accepted = facts(.accepted) { $0.others = [newer] }
    #expect(decide(.resend(again: true), accepted) == .refuse(.superseded))
  }

  @Test func `absence is not known while the call may still be under way`() {
    #expect(decide(.resolveAbsent, facts(.uncertain)) == .followAbsence)
    let early = facts(.uncertain) { $0.notAfter = now }
    #expect(decide(.resolveAbsent, early) == .refuse(.callUnderWay))
    #expect(decide(.resolveAccepted(reference: nil), early) == .accept)
  }

  @Test func `what the platform still asks about is not for an operator to resolve`() {
    let asked = facts(.uncertain) { $0.isParked = false }
    for action in [OperatorAction.resolveAccepted(reference: "m-1"), .resolveAbsent] {
      #expect(decide(action, asked) == .refuse(.notParked))
    }
    #expect(
      decide(.retry, asked, keepsKeySeconds: 86_400) == .planUnderSameKey,
      "a retry keeps its own rules")
  }

  @Test func `a provider that does not say what it can do is no reason to resolve`() {
    func retry(_ facts: OperatorDecision.Facts) -> OperatorDecision {
      OperatorDecision.decide(
        OperatorRequest(.retry, providers: [:], timing: .standard, jitter: 0), facts, at: now)
    }
    #expect(retry(facts(.uncertain)) == .refuse(.providerSilent))
    // Where its answer would change nothing it is not needed.
    #expect(retry(facts(.failed)) == .plan(on: .email, round: 2))
    #expect(
      retry(facts(.uncertain) { $0.uncertainRule = .atLeastOnce }) == .planUnderSameKey)
    #expect(retry(facts(.uncertain) { $0.recipientStands = false }) == .refuse(.unresolved))
  }

  @Test func `a delivery is sent again once, and its resend only when asked for`() {
    func resend(_ sequence: Int, version: Int = 1) -> OperatorDecision.Other {
      OperatorDecision.Other(kind: .resend, sequence: sequence, version: version)
    }
    #expect(
      decide(.resend(again: false), facts(.accepted)) == .resend(on: .email, sequence: 1))
    #expect(decide(.resend(again: false), facts(.failed)) == .resend(on: .email, sequence: 1))
    #expect(decide(.resend(again: false), facts(.suppressed)) == .resend(on: .email, sequence: 1))
    let resent = facts(.accepted) { $0.others = [resend(1)] }
    for again in [false, true] {
      #expect(decide(.resend(again: again), resent) == .refuse(.alreadyResent))
    }
    let first = facts(.accepted, kind: .resend)
    #expect(decide(.resend(again: false), first) == .refuse(.alreadyResent))
    #expect(decide(.resend(again: true), first) == .resend(on: .email, sequence: 2))
    let followed = facts(.accepted, kind: .resend) { $0.others = [resend(2)] }
    #expect(decide(.resend(again: true), followed) == .refuse(.alreadyResent))
    // A resend of an earlier version does not count as one of this.
    let corrected = facts(.accepted, kind: .correction) { facts in
      facts.version = 2
      facts.others = [resend(1), resend(2)]
    }
    #expect(decide(.resend(again: false), corrected) == .resend(on: .email, sequence: 3))
  }
}
