/// Works out statements of one month by one catalog: the same input always gives the same
/// statement, in whatever order its rows arrive.
///
/// Pure: no I/O, no clock. Thread-safe; made once for a run and used for every customer.
///
/// The rules and their examples stand in `docs/RATING.md`.
///
/// Only what the month depends on can park a customer: a segment that overlaps the period, an
/// add-on, a discount or a bundle membership with an active day of its line. An unknown code or an
/// overlap outside of that is another month's.
package struct Rater: Sendable {
  /// The largest total, and the smallest credit, minor units: a thousand thousand million. Beyond
  /// it a statement is a mistake, and sums over nine million of them still fit `Int64`.
  package static let maximumTotal: Int64 = 1_000_000_000_000

  package let catalog: Catalog
  package let month: BillingMonth

  let period: Range<CalendarDay>
  let daysInMonth: Int
  /// The catalog's plans with their positions, so that a segment refers to one by a number.
  let plans: [Plan]
  let planPositions: [String: Int]
  /// Positions in `catalog.discounts`.
  let discountPositions: [String: Int]
  /// The one bundle program; a catalog's text may have no second.
  let bundleDiscount: Int?
  let taxedCategories: [ChargeCategory]

  package init(catalog: Catalog, month: BillingMonth) {
    self.catalog = catalog
    self.month = month
    period = month.period
    daysInMonth = month.dayCount
    let plans = Array(catalog.plans.values)
    self.plans = plans
    planPositions = Dictionary(
      plans.indices.map { (plans[$0].code, $0) }, uniquingKeysWith: { first, _ in first })
    let discounts = catalog.discounts
    discountPositions = Dictionary(
      discounts.indices.map { (discounts[$0].code, $0) }, uniquingKeysWith: { first, _ in first })
    bundleDiscount = discounts.indices.first { position in
      if case .bundle = discounts[position].kind { return true }
      return false
    }
    taxedCategories = ChargeCategory.allCases.filter(catalog.tax.appliesTo.contains)
  }

  /// The customer's statement for the month.
  ///
  /// - Parameter bundleSizes: of every bundle that a line of the customer is in.
  /// - Throws: why the customer's data cannot be rated; the first reason, by line.
  package func statement(
    for input: RatingInput, version: Int, bundleSizes: BundleSizes
  ) throws(ParkingReason) -> Statement {
    var draft = StatementDraft(capacity: Self.capacity(for: input))
    if input.isOfMonth {
      for line in input.lines.ordered(by: { $0.id < $1.id }) {
        try rate(line, bundleSizes: bundleSizes, into: &draft)
      }
    }
    for charge in input.charges.ordered(by: { ($0.chargedOn, $0.id) < ($1.chargedOn, $1.id) }) {
      try draft.add(charge)
    }
    let totals = try close(&draft)
    return Statement(
      month: month, customer: input.customer, version: version, customerName: input.name,
      locale: input.locale, currency: catalog.currency, catalogVersion: catalog.version,
      lines: draft.lines,
      tax: StatementTax(
        mode: catalog.tax.mode, rate: catalog.tax.rate, taxable: draft.taxable),
      totals: totals)
  }

  /// Adds tax and rounding, and sums up.
  private func close(_ draft: inout StatementDraft) throws(ParkingReason) -> StatementTotals {
    var total = draft.charges
    try total.add(-draft.discounts)  // zero or more, so there is a negative of it
    let tax: Int64
    switch catalog.tax.mode {
    case .inclusive:
      tax = try Int64(amount: Arithmetic.contained(in: draft.taxable, rate: catalog.tax.rate))
    case .exclusive:
      tax = try Int64(amount: Arithmetic.added(to: draft.taxable, rate: catalog.tax.rate))
      try total.add(tax)
      if tax != 0 {
        draft.lines.append(StatementLine(line: nil, name: "", amount: tax, source: .tax))
      }
    }
    guard total.magnitude <= Self.maximumTotal.magnitude else {
      throw ParkingReason(.overflow, "a total beyond \(Self.maximumTotal)")
    }
    let unit = catalog.rounding.unit
    let cut = total > 0 ? total % unit : 0
    if cut != 0 {
      draft.lines.append(
        StatementLine(line: nil, name: "", amount: -cut, source: .rounding(unit: unit)))
    }
    return StatementTotals(
      charges: draft.charges, discounts: draft.discounts, tax: tax, rounding: -cut,
      total: total - cut)
  }

  /// As many lines as the statement can have, so that it is allocated once.
  private static func capacity(for input: RatingInput) -> Int {
    var capacity = input.charges.count + 2
    for line in input.lines {
      capacity += line.segments.count + line.addOns.count + line.usage.count
      capacity += line.discounts.count + line.bundles.count
    }
    return capacity
  }
}

/// A statement while it is being worked out.
struct StatementDraft {
  var lines: [StatementLine] = []
  /// Everything before discounts.
  var charges: Int64 = 0
  /// Zero or more.
  var discounts: Int64 = 0
  /// The sum that the tax is worked out on.
  var taxable: Int64 = 0

  /// Scratch, kept from line to line so that it is allocated once for a customer: the days of the
  /// line being rated, the plans that they are on, and the discounts that apply to it.
  var activeDays = DaysOfMonth.none
  var plans: [PlanDays] = []
  var applied: [Applied] = []

  init(capacity: Int) {
    lines.reserveCapacity(capacity)
  }

  /// A plan, by its position in the rater's plans, and the line's days on it.
  struct PlanDays {
    var plan: Int
    var days: DaysOfMonth
  }

  /// A discount, by its position in the catalog's, and the active days that entitle to it.
  struct Applied {
    var discount: Int
    var covered: DaysOfMonth
  }

  /// One-off charges stand as they are, negative ones too.
  mutating func add(_ charge: OneOffCharge) throws(ParkingReason) {
    try charges.add(charge.amount)
    if charge.taxable { try taxable.add(charge.amount) }
    lines.append(
      StatementLine(
        line: nil, name: charge.description, amount: charge.amount,
        source: .oneOff(
          id: charge.id, category: charge.category, chargedOn: charge.chargedOn,
          taxable: charge.taxable)))
  }
}
