/// The divisions of rating, each with its rounding. Exact integers throughout: intermediates are as
/// wide as the largest product needs, and nothing is cut before the one floor that a rule names.
enum Arithmetic {
  /// `floor(whole × days / of)` for `days` of 0…`of`, and `of` of 1…31.
  static func prorated(_ whole: Int64, days: Int, of all: Int) -> Int64 {
    if days == all { return whole }
    let (product, overflow) = whole.multipliedReportingOverflow(by: Int64(days))
    if !overflow { return product.flooredDivision(by: Int64(all)) }
    let exact = (Int128(whole) * Int128(days)).flooredDivision(by: Int128(all))
    return Int64(exact)  // no further from zero than `whole`
  }

  /// `floor(amount × rate × days / of)` for an amount and a rate of 0 or more.
  static func floored(_ amount: Int64, times rate: FixedDecimal, days: Int, of all: Int) -> Int128 {
    // Below 2^63 × 10^18 × 31, which is less than 2^128.
    let product =
      UInt128(amount.magnitude) * UInt128(rate.coefficient.magnitude) * UInt128(days.magnitude)
    return Int128(product / (power(rate.scale) * UInt128(all.magnitude)))
  }

  /// `floor(max(0, used × days / activeDays − allowance × days / daysInMonth) × rate)`: what a plan's
  /// share of the usage comes to before its cap.
  ///
  /// - Parameters:
  ///   - allowance: 0 or more, for a whole month.
  ///   - days: the days on the plan, 1…`activeDays`; `activeDays` is at most `daysInMonth`.
  static func overage(
    used: FixedDecimal, allowance: Int64, rate: FixedDecimal, days: Int, activeDays: Int,
    daysInMonth: Int
  ) -> Int128 {
    // On the common denominator 10^used.scale × activeDays × daysInMonth. Both products are below
    // 2^63 × 10^9 × 31, far within 128 bits.
    let spread = Int128(used.coefficient) * Int128(daysInMonth)
    let included = Int128(allowance) * Int128(power(used.scale)) * Int128(activeDays)
    guard spread > included else { return 0 }
    // At most 10^18 × 31 × 31.
    let beyond = (spread - included).magnitude * UInt128(days.magnitude)
    let denominator =
      power(used.scale + rate.scale) * UInt128(activeDays.magnitude)
      * UInt128(daysInMonth.magnitude)
    // Up to 961 × 10^36, which 128 bits do not hold; the quotient, at most `used × rate`, is below
    // 10^36, so dividing the full width never overflows.
    let product = beyond.multipliedFullWidth(by: UInt128(rate.coefficient.magnitude))
    let quotient =
      product.high == 0
      ? product.low / denominator : denominator.dividingFullWidth(product).quotient
    return Int128(quotient)
  }

  /// The tax that a price contains: `taxable × rate / (1 + rate)`, truncated toward zero.
  static func contained(in taxable: Int64, rate: FixedDecimal) -> Int128 {
    let share = Int128(rate.coefficient)
    return Int128(taxable) * share / (Int128(power(rate.scale)) + share)
  }

  /// The tax on top of a price: `taxable × rate`, rounded half away from zero.
  static func added(to taxable: Int64, rate: FixedDecimal) -> Int128 {
    let product = Int128(taxable) * Int128(rate.coefficient)
    let one = power(rate.scale)
    let rounded = Int128((product.magnitude * 2 + one) / (one * 2))
    return product < 0 ? -rounded : rounded
  }

  /// 10^0…10^18.
  private static func power(_ exponent: Int) -> UInt128 {
    UInt128(FixedDecimal.powerOfTen(exponent).magnitude)
  }
}
