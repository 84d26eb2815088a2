/// One immutable, versioned set of plans, add-ons, discounts, tax and rounding rules (요금제·정책표).
///
/// Amounts are minor units of `currency`. Read from YAML by `Catalog(yaml:)`.
package struct Catalog: Hashable, Sendable {
  package var version: String
  /// The first month it applies to; a month's catalog is the one with the latest such month that
  /// is not after it.
  package var effectiveFrom: BillingMonth
  package var currency: Currency
  /// The IANA zone in which months begin and end.
  package var timeZone: String
  package var tax: TaxRule
  package var rounding: RoundingRule
  package var plans: [String: Plan]
  package var addOns: [String: AddOn]
  /// In the order in which they are applied.
  package var discounts: [Discount]

  package init(
    version: String, effectiveFrom: BillingMonth, currency: Currency, timeZone: String,
    tax: TaxRule, rounding: RoundingRule, plans: [Plan], addOns: [AddOn], discounts: [Discount]
  ) {
    self.version = version
    self.effectiveFrom = effectiveFrom
    self.currency = currency
    self.timeZone = timeZone
    self.tax = tax
    self.rounding = rounding
    self.plans = Dictionary(plans.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
    self.addOns = Dictionary(addOns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
    self.discounts = discounts
  }
}

/// A subscription's price and what it includes.
package struct Plan: Hashable, Sendable {
  package var code: String
  package var name: String
  /// Minor units for a whole month.
  package var monthlyFee: Int64
  /// By metric (`data_mb`, `voice_s`, `sms`), for a whole month.
  package var allowances: [String: Allowance]
  /// By metric; a metric without one is not charged beyond its allowance.
  package var overage: [String: OverageRule]

  package init(
    code: String, name: String, monthlyFee: Int64, allowances: [String: Allowance],
    overage: [String: OverageRule]
  ) {
    self.code = code
    self.name = name
    self.monthlyFee = monthlyFee
    self.allowances = allowances
    self.overage = overage
  }
}

package enum Allowance: Hashable, Sendable {
  case unlimited
  /// Whole units of the metric.
  case limited(Int64)
}

package struct OverageRule: Hashable, Sendable {
  /// Minor units for each unit of the metric.
  package var rate: FixedDecimal
  /// The most that a line is charged for the metric in a month, minor units.
  package var cap: Int64?

  package init(rate: FixedDecimal, cap: Int64?) {
    self.rate = rate
    self.cap = cap
  }
}

package struct AddOn: Hashable, Sendable {
  package var code: String
  package var name: String
  /// Minor units for a whole month.
  package var monthlyFee: Int64

  package init(code: String, name: String, monthlyFee: Int64) {
    self.code = code
    self.name = name
    self.monthlyFee = monthlyFee
  }
}

/// The categories of a line's charges that discounts and tax name.
package enum ChargeCategory: String, CaseIterable, Hashable, Sendable {
  case plan
  case addOn
  case usage
}

package struct Discount: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// A share of the basis, such as 0.25.
    case rate(FixedDecimal)
    /// A fixed amount, minor units.
    case amount(Int64)
    /// By the number of lines in the line's bundle, ascending by `lines`.
    case bundle([BundleTier])
  }

  package var code: String
  package var name: String
  package var kind: Kind
  /// The categories that it is worked out on and taken off, in this order.
  package var basis: [ChargeCategory]
  /// The most that it takes off a line in a month, minor units.
  package var cap: Int64?

  package init(code: String, name: String, kind: Kind, basis: [ChargeCategory], cap: Int64?) {
    self.code = code
    self.name = name
    self.kind = kind
    self.basis = basis
    self.cap = cap
  }
}

package struct BundleTier: Hashable, Sendable {
  /// The smallest bundle that reaches it.
  package var lines: Int
  /// Minor units off each line.
  package var amount: Int64

  package init(lines: Int, amount: Int64) {
    self.lines = lines
    self.amount = amount
  }
}

package struct TaxRule: Hashable, Sendable {
  package enum Mode: String, Hashable, Sendable {
    /// Prices contain the tax, which is only shown.
    case inclusive
    /// The tax is added.
    case exclusive
  }

  package var mode: Mode
  package var rate: FixedDecimal
  package var appliesTo: Set<ChargeCategory>

  package init(mode: Mode, rate: FixedDecimal, appliesTo: Set<ChargeCategory>) {
    self.mode = mode
    self.rate = rate
    self.appliesTo = appliesTo
  }
}

package struct RoundingRule: Hashable, Sendable {
  /// A positive total is cut down to a multiple of this, minor units, 1 or more.
  package var unit: Int64

  package init(unit: Int64) {
    self.unit = unit
  }
}
