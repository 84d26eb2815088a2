/// What is recorded about one customer that a month's bill depends on, as of the run's cutoff.
package struct RatingInput: Hashable, Sendable {
  package var customer: CustomerID
  package var name: String
  package var locale: BillLocale
  /// Whether the customer's own dates, from activation to termination, reach into the month. Of
  /// others only the one-off charges are billed, whatever their lines say.
  package var isOfMonth: Bool
  /// Ascending by line.
  package var lines: [LineInput]
  /// The one-off charges that this month is to bill, ascending by day, then by identifier.
  package var charges: [OneOffCharge]

  package init(
    customer: CustomerID, name: String, locale: BillLocale, isOfMonth: Bool = true,
    lines: [LineInput], charges: [OneOffCharge]
  ) {
    self.customer = customer
    self.name = name
    self.locale = locale
    self.isOfMonth = isOfMonth
    self.lines = lines
    self.charges = charges
  }
}

/// One line with its plan history and everything attached to it. Days are half-open,
/// `[activeFrom, activeTo)`; an absent end means that it goes on.
package struct LineInput: Hashable, Sendable {
  package var id: LineID
  /// Ascending by first day.
  package var segments: [PlanSegment]
  package var addOns: [Entitlement]
  package var discounts: [Entitlement]
  package var usage: [UsageQuantity]
  package var bundles: [BundleMembership]

  package init(
    id: LineID, segments: [PlanSegment] = [], addOns: [Entitlement] = [],
    discounts: [Entitlement] = [], usage: [UsageQuantity] = [], bundles: [BundleMembership] = []
  ) {
    self.id = id
    self.segments = segments
    self.addOns = addOns
    self.discounts = discounts
    self.usage = usage
    self.bundles = bundles
  }
}

package struct PlanSegment: Hashable, Sendable {
  package var planCode: String
  package var activeFrom: CalendarDay
  package var activeTo: CalendarDay?

  package init(planCode: String, activeFrom: CalendarDay, activeTo: CalendarDay?) {
    self.planCode = planCode
    self.activeFrom = activeFrom
    self.activeTo = activeTo
  }
}

/// A line's right to an add-on or a discount.
package struct Entitlement: Hashable, Sendable {
  package var code: String
  package var activeFrom: CalendarDay
  package var activeTo: CalendarDay?

  package init(code: String, activeFrom: CalendarDay, activeTo: CalendarDay?) {
    self.code = code
    self.activeFrom = activeFrom
    self.activeTo = activeTo
  }
}

/// What a line used of one metric in the month.
package struct UsageQuantity: Hashable, Sendable {
  package var metric: String
  /// Units of the metric, not negative.
  package var quantity: FixedDecimal

  package init(metric: String, quantity: FixedDecimal) {
    self.metric = metric
    self.quantity = quantity
  }
}

package struct BundleMembership: Hashable, Sendable {
  package var bundle: String
  package var activeFrom: CalendarDay
  package var activeTo: CalendarDay?

  package init(bundle: String, activeFrom: CalendarDay, activeTo: CalendarDay?) {
    self.bundle = bundle
    self.activeFrom = activeFrom
    self.activeTo = activeTo
  }
}

/// A charge that is billed once: an instalment, a fee, a refund (negative).
package struct OneOffCharge: Hashable, Sendable {
  package var id: String
  package var chargedOn: CalendarDay
  /// Free text of the source system, such as `refund`.
  package var category: String
  package var description: String
  /// Minor units.
  package var amount: Int64
  package var taxable: Bool

  package init(
    id: String, chargedOn: CalendarDay, category: String, description: String, amount: Int64,
    taxable: Bool
  ) {
    self.id = id
    self.chargedOn = chargedOn
    self.category = category
    self.description = description
    self.amount = amount
    self.taxable = taxable
  }
}

/// One line's membership in a bundle with the segments that say whether it counts: what the size
/// of a bundle is worked out from, over all its customers.
package struct BundleMember: Hashable, Sendable {
  package var membership: BundleMembership
  package var line: LineID
  package var segments: [PlanSegment]

  package init(membership: BundleMembership, line: LineID, segments: [PlanSegment]) {
    self.membership = membership
    self.line = line
    self.segments = segments
  }
}

/// Why a customer's data cannot be rated. Kept with the parked customer; names codes and days,
/// never personal data.
package struct ParkingReason: Error, Hashable, Sendable {
  package enum Code: String, CaseIterable, Hashable, Sendable {
    case unknownPlan
    case unknownAddOn
    case unknownDiscount
    case overlappingSegments
    case twoBundles
    case overflow
    /// Something recorded cannot be read back as what it should be.
    case unreadableInput
  }

  package var code: Code
  package var detail: String

  package init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}
