import Billing

/// From when to when somebody is a customer.
struct SampleLife {
  let activatedOn: CalendarDay
  let terminatedOn: CalendarDay?
  let status: CustomerStatus

  /// Active since a year before the month.
  static func whole(before month: BillingMonth) -> SampleLife {
    SampleLife(
      activatedOn: month.firstDay.advanced(by: -365), terminatedOn: nil, status: .active)
  }

  private init(activatedOn: CalendarDay, terminatedOn: CalendarDay?, status: CustomerStatus) {
    self.activatedOn = activatedOn
    self.terminatedOn = terminatedOn
    self.status = status
  }

  /// Mostly for years already; a few joined in the month, left in it, or left before it.
  init(_ random: inout SampleRandom, month: BillingMonth) {
    let first = month.firstDay
    switch random.below(1000) {
    case ..<15:
      self.init(
        activatedOn: first.advanced(by: random.below(month.dayCount)), terminatedOn: nil,
        status: .active)
    case ..<30:
      self.init(
        activatedOn: first.advanced(by: -random.from(100...3000)),
        terminatedOn: first.advanced(by: random.from(1...month.dayCount - 1)), status: .terminated)
    case ..<38:
      self.init(
        activatedOn: first.advanced(by: -random.from(500...3000)),
        terminatedOn: first.advanced(by: -random.from(0...90)), status: .terminated)
    case ..<65:
      self.init(
        activatedOn: first.advanced(by: -random.from(60...3000)), terminatedOn: nil,
        status: .suspended)
    default:
      self.init(
        activatedOn: first.advanced(by: -random.from(1...3000)), terminatedOn: nil,
        status: .active)
    }
  }
}
