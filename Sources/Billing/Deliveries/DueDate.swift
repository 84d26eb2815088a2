/// By when a bill asks to be paid (납부기한): never before its customer can have been told.
///
/// A bill's due date is decided when it is made and recorded with it; a bill with a later one is
/// another issue of it. What asks for nothing, a total of zero or less, has none.
package enum DueDate {
  /// The first day on which a bill can be told: the customer's send day in the sending month, or
  /// the day on which it is made where that is later (a correction, a supplement, a late run).
  ///
  /// - Parameters:
  ///   - sendDay: 1…31; past a short month's end its last day.
  ///   - made: the day that it is then in the customer's zone.
  package static func firstDay(
    of month: BillingMonth, sendDay: Int, made: CalendarDay
  ) -> CalendarDay {
    max(month.next.day(clamping: sendDay), made)
  }

  /// The policy's due day of the sending month, or `daysToPay` after the first day on which the
  /// bill can be told, whichever is later.
  package static func decide(
    of month: BillingMonth, firstDay: CalendarDay, policy: DeliveryPolicy
  ) -> CalendarDay {
    max(month.next.day(clamping: policy.dueDay), firstDay.advanced(by: policy.daysToPay))
  }

  /// The same from the customer's send day and zone.
  package static func decide(
    of month: BillingMonth, sendDay: Int, zone: ZoneRules, madeAt: Timestamp,
    policy: DeliveryPolicy
  ) -> CalendarDay {
    decide(
      of: month, firstDay: firstDay(of: month, sendDay: sendDay, made: zone.day(at: madeAt)),
      policy: policy)
  }
}
