/// Which issue of a bill a delivery tells, and when it may still do so by itself.
package struct BillIssue: Hashable, Sendable {
  /// 1, 2, …; part of the bill's identity.
  package var number: Int
  /// By when the bill is to be paid; `nil` where it asks for nothing, and for a resend, which is of
  /// something told before.
  package var dueDate: CalendarDay?
  /// Its bills are still to be made: until then it is not sent.
  package var isAwaited: Bool
  /// An operator let it go as it is, after its due date too.
  package var goesPastDue: Bool

  package init(
    number: Int = 1, dueDate: CalendarDay?, isAwaited: Bool = false, goesPastDue: Bool = false
  ) {
    self.number = number
    self.dueDate = dueDate
    self.isAwaited = isAwaited
    self.goesPastDue = goesPastDue
  }

  /// The first one, of a bill that is made already.
  package static func first(dueDate: CalendarDay?) -> BillIssue { BillIssue(dueDate: dueDate) }

  /// Whether it may be told by itself on that day in the customer's zone: the day on which it is to
  /// be paid is the last.
  package func mayBeTold(on day: CalendarDay) -> Bool {
    goesPastDue || dueDate.map { day <= $0 } ?? true
  }

  /// The next one, with another due date.
  package func next(dueDate: CalendarDay) -> BillIssue {
    BillIssue(number: number + 1, dueDate: dueDate, isAwaited: true)
  }

  /// The next one for a customer who is now told on another day, where this one would leave them
  /// less time to pay than the policy promises; `nil` where it stands.
  ///
  /// A bill that is merely late is not dated anew by itself: only a send day that was moved, or
  /// telling the customer after all, gives it another first day.
  ///
  /// - Parameter couldNotBeTold: until now: today is the first day on which it can.
  package func next(
    for month: BillingMonth, sendDay: Int, zone: ZoneRules, policy: DeliveryPolicy,
    couldNotBeTold: Bool, at now: Timestamp
  ) -> BillIssue? {
    guard let dueDate else { return nil }
    let today = zone.day(at: now)
    let first = DueDate.firstDay(
      of: month, sendDay: sendDay, made: couldNotBeTold ? today : month.next.firstDay)
    guard DueDate.decide(of: month, firstDay: first, policy: policy) > dueDate else { return nil }
    return next(
      dueDate: DueDate.decide(
        of: month, firstDay: DueDate.firstDay(of: month, sendDay: sendDay, made: today),
        policy: policy))
  }

  /// `to be paid by 2026-11-25 → 2026-12-05, issue 2`; `nil` where it is the same issue.
  package func change(since before: BillIssue) -> String? {
    guard number != before.number, let dueDate, let earlier = before.dueDate else { return nil }
    return "to be paid by \(earlier) → \(dueDate), issue \(number)"
  }
}
