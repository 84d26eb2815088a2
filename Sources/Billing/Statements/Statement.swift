/// The immutable data of one customer's bill for one month (청구 스냅샷).
///
/// Two statements are the same when their canonical bytes are (`StatementCodec`); the content hash
/// is the SHA-256 of those bytes. Amounts are minor units of `currency`.
package struct Statement: Hashable, Sendable {
  package var month: BillingMonth
  package var customer: CustomerID
  /// 1 for the first; a correction (재정산) is one more.
  package var version: Int
  package var customerName: String
  package var locale: BillLocale
  package var currency: Currency
  package var catalogVersion: String
  /// Plan, add-on, usage and discount lines by line; then one-off charges, exclusive tax, rounding.
  /// Their amounts add up to `totals.total`.
  package var lines: [StatementLine]
  package var tax: StatementTax
  package var totals: StatementTotals

  package init(
    month: BillingMonth, customer: CustomerID, version: Int, customerName: String,
    locale: BillLocale, currency: Currency, catalogVersion: String, lines: [StatementLine],
    tax: StatementTax, totals: StatementTotals
  ) {
    self.month = month
    self.customer = customer
    self.version = version
    self.customerName = customerName
    self.locale = locale
    self.currency = currency
    self.catalogVersion = catalogVersion
    self.lines = lines
    self.tax = tax
    self.totals = totals
  }

  /// `{month}:{customer}:v{version}`.
  package var id: String { "\(month):\(customer):v\(version)" }
}

/// One line of a statement with what it came from.
package struct StatementLine: Hashable, Sendable {
  /// The line (회선) it belongs to; `nil` for one-off charges, tax and rounding.
  package var line: LineID?
  /// What the customer reads: the plan's, add-on's or discount's name, a charge's description;
  /// empty for usage, which is named by its metric, and for tax and rounding, which the templates
  /// name.
  package var name: String
  /// Minor units; discounts and roundings are negative, refunds too.
  package var amount: Int64
  package var source: StatementSource

  package init(line: LineID?, name: String, amount: Int64, source: StatementSource) {
    self.line = line
    self.name = name
    self.amount = amount
    self.source = source
  }
}

/// What an amount was worked out from, so that it can be explained. Days are of the statement's
/// month.
package enum StatementSource: Hashable, Sendable {
  /// `floor(monthlyFee × days / daysInMonth)` for all active days of the line on the plan.
  case plan(code: String, days: DaysOfMonth, daysInMonth: Int, monthlyFee: Int64)
  /// The same, for the active days on which the line is entitled to the add-on.
  case addOn(code: String, days: DaysOfMonth, daysInMonth: Int, monthlyFee: Int64)
  case usage(UsageSource)
  /// Taken off `basis`, what earlier discounts had left, and at most `cap`.
  case discount(code: String, rule: DiscountSource, basis: Int64, cap: Int64?)
  case oneOff(id: String, category: String, chargedOn: CalendarDay, taxable: Bool)
  /// An exclusive tax, added.
  case tax
  /// The cut down to a multiple of the unit.
  case rounding(unit: Int64)
}

/// What a line used of one metric, as far as it is charged by one of its plans:
/// `floor(max(0, used × days / activeDays − allowance × days / daysInMonth) × rate)`, at most
/// `floor(cap × days / daysInMonth)`.
package struct UsageSource: Hashable, Sendable {
  package var metric: String
  /// The plan's code.
  package var plan: String
  /// By the line in the whole month, 0 or more.
  package var used: FixedDecimal
  /// What the plan includes in a whole month, 0 or more.
  package var allowance: Int64
  /// The line's active days on the plan, 1…`activeDays`.
  package var days: Int
  /// The line's active days, 1…`daysInMonth`.
  package var activeDays: Int
  package var daysInMonth: Int
  package var rate: FixedDecimal
  /// For a whole month.
  package var cap: Int64?

  package init(
    metric: String, plan: String, used: FixedDecimal, allowance: Int64, days: Int,
    activeDays: Int, daysInMonth: Int, rate: FixedDecimal, cap: Int64?
  ) {
    self.metric = metric
    self.plan = plan
    self.used = used
    self.allowance = allowance
    self.days = days
    self.activeDays = activeDays
    self.daysInMonth = daysInMonth
    self.rate = rate
    self.cap = cap
  }

  /// The cap's share for the days on the plan.
  package var capOfDays: Int64? {
    cap.map { Arithmetic.prorated($0, days: days, of: daysInMonth) }
  }

  /// The amount, exact, capped; whether it is within the range of amounts is for rating to say.
  package var exactAmount: Int128 {
    let uncapped = Arithmetic.overage(
      used: used, allowance: allowance, rate: rate, days: days, activeDays: activeDays,
      daysInMonth: daysInMonth)
    return capOfDays.map { min(uncapped, Int128($0)) } ?? uncapped
  }
}

package enum DiscountSource: Hashable, Sendable {
  /// `floor(basis × rate × covered / activeDays)`, where `days` are the covered ones of the line's
  /// active days.
  case rate(FixedDecimal, days: DaysOfMonth, activeDays: Int)
  /// `floor(amount × covered / daysInMonth)`.
  case amount(Int64, days: DaysOfMonth, daysInMonth: Int)
  /// The bundle's size and the tier's amount, for the whole month.
  case bundle(lines: Int, amount: Int64)
}

package struct StatementTax: Hashable, Sendable {
  package var mode: TaxRule.Mode
  package var rate: FixedDecimal
  /// The sum that the rate was applied to.
  package var taxable: Int64

  package init(mode: TaxRule.Mode, rate: FixedDecimal, taxable: Int64) {
    self.mode = mode
    self.rate = rate
    self.taxable = taxable
  }
}

package struct StatementTotals: Hashable, Sendable {
  /// Everything before discounts, one-off charges and refunds included.
  package var charges: Int64
  /// Zero or more.
  package var discounts: Int64
  /// Shown only where inclusive, added where exclusive.
  package var tax: Int64
  /// Zero or less: what the cut took off.
  package var rounding: Int64
  /// Below zero it is a credit.
  package var total: Int64

  package init(charges: Int64, discounts: Int64, tax: Int64, rounding: Int64, total: Int64) {
    self.charges = charges
    self.discounts = discounts
    self.tax = tax
    self.rounding = rounding
    self.total = total
  }
}

/// A statement as the stores keep it: the key, what control totals need, and the canonical bytes.
package struct StoredStatement: Hashable, Sendable {
  package var key: StatementKey
  package var hash: ContentHash
  package var total: Int64
  /// `StatementCodec.encode`.
  package var bytes: [UInt8]

  package init(key: StatementKey, hash: ContentHash, total: Int64, bytes: [UInt8]) {
    self.key = key
    self.hash = hash
    self.total = total
    self.bytes = bytes
  }
}

package struct StatementKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var month: BillingMonth
  package var customer: CustomerID
  package var version: Int

  package init(month: BillingMonth, customer: CustomerID, version: Int) {
    self.month = month
    self.customer = customer
    self.version = version
  }

  /// `{month}:{customer}:v{version}`.
  package var description: String { "\(month):\(customer):v\(version)" }

  package static func < (left: StatementKey, right: StatementKey) -> Bool {
    (left.month, left.customer, left.version) < (right.month, right.customer, right.version)
  }
}
