import Billing
import BillingTestKit
import Dispatching
import Testing

@Suite("Dispatch decisions")
struct DispatchDecisionTests {
  private func decide(
    lateSeconds: Int64 = 0, madeLaterSeconds: Int64 = 0, quiet: QuietSlots = .none,
    hasChannel: Bool = true, hasBill: Bool = true, issue: BillIssue = .first(dueDate: nil),
    on day: String = "2026-11-05"
  ) -> DispatchDecision {
    let due = DeliveryScene.start
    return DispatchDecision.decide(
      DispatchDecision.Facts(
        dueAt: due, madeAt: due.adding(seconds: madeLaterSeconds), quiet: quiet,
        hasChannel: hasChannel, hasBill: hasBill, issue: issue),
      at: due.adding(seconds: lateSeconds), on: CalendarDay(day)!, maxLatenessSeconds: 7 * 86_400,
      noChannel: .optedOut)
  }

  @Test func `lateness counts from the later of due and made`() {
    #expect(decide(lateSeconds: 7 * 86_400) == .queue)
    #expect(decide(lateSeconds: 7 * 86_400 + 1) == .hold(.tooLate))
    #expect(decide(lateSeconds: 8 * 86_400, madeLaterSeconds: 86_400) == .queue)
  }

  @Test func `whom nobody may tell is suppressed, whatever else is wrong`() {
    #expect(
      decide(lateSeconds: 9 * 86_400, quiet: QuietSlots(mask: 0xFFF)!, hasChannel: false)
        == .suppress(.noSlot))
    #expect(decide(hasChannel: false, hasBill: false) == .suppress(.optedOut))
    #expect(decide(hasBill: false) == .hold(.billUnusable))
  }

  @Test func `a bill goes by itself to the end of the day on which it is to be paid`() {
    let issue = BillIssue.first(dueDate: CalendarDay("2026-11-25")!)
    #expect(decide(issue: issue, on: "2026-11-25") == .queue)
    #expect(decide(issue: issue, on: "2026-11-26") == .hold(.dueDatePassed))
    #expect(decide(hasBill: false, issue: issue, on: "2026-11-26") == .hold(.dueDatePassed))
    var allowed = issue
    allowed.goesPastDue = true
    #expect(decide(issue: allowed, on: "2027-01-01") == .queue)
    #expect(decide(issue: .first(dueDate: nil), on: "2027-01-01") == .queue, "nothing to pay")
  }

  @Test func `a bill that is still to be made is waited for, but not beyond its time`() {
    let issue = BillIssue.first(dueDate: CalendarDay("2026-11-25")!)
      .next(dueDate: CalendarDay("2026-12-02")!)
    #expect(decide(hasBill: false, issue: issue) == .wait)
    #expect(decide(hasBill: false, issue: issue, on: "2026-12-03") == .hold(.dueDatePassed))
    #expect(decide(lateSeconds: 8 * 86_400, hasBill: false, issue: issue) == .hold(.tooLate))
    #expect(decide(hasChannel: false, hasBill: false, issue: issue) == .suppress(.optedOut))
  }

  @Test func `a correction waits while the earlier bill may arrive`() {
    for state in DeliveryState.allCases {
      let gate = CorrectionGate.decide(earlier: state, unresolved: 0)
      switch state {
      case .sending, .uncertain: #expect(gate == .wait)
      case .accepted, .superseded: #expect(gate == .open)
      default:
        #expect(gate == .openSuperseding)
        #expect(state.mayBecome(.superseded))
        #expect(CorrectionGate.decide(earlier: state, unresolved: 1) == .wait)
      }
    }
  }

  private let event = DeliveryEvent(
    delivery: DeliveryKey("2026-10:1001:bill:1")!, generation: 2,
    bill: BillKey(
      statement: StatementKey(
        month: DeliveryScene.month, customer: CustomerID(1001), version: 1),
      policy: 1, template: 3, channel: .email),
    sha256: ContentHash(of: [1, 2, 3]), slotEnd: Timestamp(milliseconds: 1_793_498_400_000))

  @Test func `an event is one line of JSON without personal data`() {
    #expect(
      String(decoding: event.json, as: UTF8.self)
        == #"{"delivery":"2026-10:1001:bill:1","generation":2,"month":"2026-10","#
        + #""channel":"email","bill":"\#(event.bill.path)","#
        + #""sha256":"039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81","#
        + #""slotEnd":1793498400000}"#)
    #expect(DeliveryEvent(json: event.json) == event)
  }

  @Test func `what is not exactly an event is none`() {
    let good = event.json
    for position in good.indices {
      var bad = good
      bad[position] = bad[position] == 0x21 ? 0x22 : 0x21
      #expect(DeliveryEvent(json: bad) == nil, "byte \(position)")
      #expect(DeliveryEvent(json: good[..<position]) == nil)
    }
    #expect(DeliveryEvent(json: good + [0x20]) == nil)
  }
}
