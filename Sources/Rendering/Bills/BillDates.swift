import Billing

/// The due dates of the bills that are made at one moment: the day of it is worked out once a zone.
struct BillDates {
  private let policy: DeliveryPolicy
  private let madeAt: Timestamp
  private var days: [String: CalendarDay] = [:]

  /// - Parameter madeAt: the same for everybody who makes these bills, and again after a takeover.
  init(policy: DeliveryPolicy, madeAt: Timestamp) {
    self.policy = policy
    self.madeAt = madeAt
  }

  /// `nil` where nothing is to be paid.
  ///
  /// - Throws: `StoreError.corrupt` where the customer is missing or has an unknown zone.
  mutating func dueDate(
    of statement: BillableStatement, total: Int64
  ) throws -> CalendarDay? {
    guard total > 0 else { return nil }
    guard let sendDay = statement.sendDay, let made = day(in: statement.timeZone) else {
      throw StoreError(
        .corrupt, operation: "date a bill",
        detail: "the customer of \(statement.key) is missing or has an unknown time zone")
    }
    let month = statement.key.month
    return DueDate.decide(
      of: month, firstDay: DueDate.firstDay(of: month, sendDay: sendDay, made: made),
      policy: policy)
  }

  private mutating func day(in zone: String) -> CalendarDay? {
    if let day = days[zone] { return day }
    let day = ZoneRules(zone)?.day(at: madeAt)
    days[zone] = day
    return day
  }
}
