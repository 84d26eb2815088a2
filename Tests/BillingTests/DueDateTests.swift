import Billing
import Testing

@Suite("Due dates")
struct DueDateTests {
  private static let seoul = ZoneRules("Asia/Seoul")!

  private func policy(dueDay: Int = 25, daysToPay: Int = 7) -> DeliveryPolicy {
    var policy = DeliveryPolicy.first
    policy.dueDay = dueDay
    policy.daysToPay = daysToPay
    return policy
  }

  private func decide(
    _ month: String, sendDay: Int, made: String, dueDay: Int = 25, daysToPay: Int = 7
  ) -> String {
    let month = BillingMonth(month)!
    let first = DueDate.firstDay(of: month, sendDay: sendDay, made: CalendarDay(made)!)
    return DueDate.decide(
      of: month, firstDay: first, policy: policy(dueDay: dueDay, daysToPay: daysToPay)
    ).description
  }

  @Test(arguments: [
    // Told long before the policy's day.
    ("2026-10", 5, "2026-11-01", "2026-11-25"),
    ("2026-10", 18, "2026-11-01", "2026-11-25"),
    // Told too near to it.
    ("2026-10", 19, "2026-11-01", "2026-11-26"),
    ("2026-10", 25, "2026-11-01", "2026-12-02"),
    // The send day of a short month is its last.
    ("2026-10", 31, "2026-11-01", "2026-12-07"),
    ("2027-01", 31, "2027-02-01", "2027-03-07"),
    ("2028-01", 30, "2028-02-01", "2028-03-07"),
    // Over the end of a year.
    ("2026-11", 31, "2026-12-01", "2027-01-07"),
    // Made later than the send day: a correction, a supplement, a late run.
    ("2026-10", 5, "2026-11-17", "2026-11-25"),
    ("2026-10", 5, "2026-11-24", "2026-12-01"),
    ("2026-10", 31, "2027-03-03", "2027-03-10"),
    // Made before the sending month.
    ("2026-10", 1, "2026-10-31", "2026-11-25"),
  ])
  func `a bill is due by the policy's day, or later`(
    month: String, sendDay: Int, made: String, due: String
  ) {
    #expect(decide(month, sendDay: sendDay, made: made) == due)
  }

  @Test func `the policy's day is clamped to a short month, and days to pay may be none`() {
    #expect(decide("2027-01", sendDay: 1, made: "2027-02-01", dueDay: 31) == "2027-02-28")
    #expect(
      decide("2026-10", sendDay: 31, made: "2026-11-01", dueDay: 25, daysToPay: 0) == "2026-11-30")
  }

  @Test func `it never asks before the customer had the days that the policy promises`() {
    let months = (0..<30).map { BillingMonth(index: BillingMonth("2026-01")!.index + $0) }
    for month in months {
      for sendDay in 1...31 {
        for daysToPay in [0, 1, 7, 30, 60] {
          for offset in stride(from: -40, through: 80, by: 7) {
            let made = month.next.firstDay.advanced(by: offset)
            let policy = policy(dueDay: (sendDay * 7) % 31 + 1, daysToPay: daysToPay)
            let first = DueDate.firstDay(of: month, sendDay: sendDay, made: made)
            let due = DueDate.decide(of: month, firstDay: first, policy: policy)
            let told = max(month.next.day(clamping: sendDay), made)
            #expect(due >= told.advanced(by: daysToPay))
            #expect(due >= month.next.day(clamping: policy.dueDay))
            #expect(
              due == told.advanced(by: daysToPay)
                || due == month.next.day(clamping: policy.dueDay), "no later than it must be")
          }
        }
      }
    }
  }

  @Test func `the day on which it is made is the customer's own`() {
    let month = BillingMonth("2026-10")!
    // 30 November in New York, 1 December in Seoul.
    let moment = Timestamp(seconds: 1_796_076_000)
    func due(_ zone: String) -> String {
      DueDate.decide(
        of: month, sendDay: 1, zone: ZoneRules(zone)!, madeAt: moment, policy: policy()
      ).description
    }
    #expect(due("America/New_York") == "2026-12-07")
    #expect(due("Asia/Seoul") == "2026-12-08")
  }

  // MARK: Issues

  private func next(
    _ issue: BillIssue, sendDay: Int, at day: String, couldNotBeTold: Bool = false
  ) -> BillIssue? {
    issue.next(
      for: BillingMonth("2026-10")!, sendDay: sendDay, zone: Self.seoul, policy: policy(),
      couldNotBeTold: couldNotBeTold, at: Self.seoul.start(of: CalendarDay(day)!))
  }

  private func day(_ text: String) -> CalendarDay { CalendarDay(text)! }

  @Test func `a send day moved past what the due date leaves makes the next issue`() {
    let issue = BillIssue.first(dueDate: day("2026-11-25"))
    #expect(next(issue, sendDay: 18, at: "2026-11-03") == nil)
    let moved = next(issue, sendDay: 28, at: "2026-11-03")
    #expect(
      moved == BillIssue(number: 2, dueDate: day("2026-12-05"), isAwaited: true))
    // Moved to a day that is over: it goes today.
    #expect(next(issue, sendDay: 20, at: "2026-11-23")?.dueDate == day("2026-11-30"))
    // Done again, nothing more comes of it.
    #expect(moved.flatMap { next($0, sendDay: 28, at: "2026-11-03") } == nil)
    // Back again, the later date stays.
    #expect(moved.flatMap { next($0, sendDay: 5, at: "2026-11-03") } == nil)
  }

  @Test func `a bill that is only late stays as it is`() {
    let issue = BillIssue.first(dueDate: day("2026-11-25"))
    #expect(next(issue, sendDay: 5, at: "2026-11-24") == nil)
    #expect(next(.first(dueDate: nil), sendDay: 31, at: "2026-11-03") == nil, "nothing to pay")
  }

  @Test func `whoever can be told only from today on has the days to pay from today`() {
    let issue = BillIssue.first(dueDate: day("2026-11-25"))
    #expect(
      next(issue, sendDay: 5, at: "2026-11-24", couldNotBeTold: true)?.dueDate
        == day("2026-12-01"))
    #expect(next(issue, sendDay: 5, at: "2026-11-10", couldNotBeTold: true) == nil)
  }

  @Test func `the day on which it is to be paid is the last on which it goes by itself`() {
    var issue = BillIssue.first(dueDate: day("2026-11-25"))
    #expect(issue.mayBeTold(on: day("2026-11-25")))
    #expect(!issue.mayBeTold(on: day("2026-11-26")))
    issue.goesPastDue = true
    #expect(issue.mayBeTold(on: day("2027-11-26")))
    #expect(!issue.next(dueDate: day("2026-12-01")).goesPastDue)
  }
}
