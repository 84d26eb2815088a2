/// The divisions of rating, each with its rounding. Exact integers throughout: intermediates are
/// 128 bits wide, which a product of two 64-bit numbers never leaves.
enum Arithmetic {
  /// `floor(whole × days / daysInMonth)` for `days` of 0…`daysInMonth`.
  static func prorated(_ whole: Int64, days: Int, of daysInMonth: Int) -> Int64 {
    if days == daysInMonth { return whole }
    let (product, overflow) = whole.multipliedReportingOverflow(by: Int64(days))
    if !overflow { return product.flooredDivision(by: Int64(daysInMonth)) }
    let exact = (Int128(whole) * Int128(days)).flooredDivision(by: Int128(daysInMonth))
    return Int64(exact)  // no further from zero than `whole`
  }

  /// `floor(amount × rate)`.
  static func floored(_ amount: Int64, times rate: FixedDecimal) -> Int128 {
    (Int128(amount) * Int128(rate.coefficient)).flooredDivision(by: power(rate.scale))
  }

  /// `floor((used − allowance) × rate)`; 0 where no more was used than the allowance.
  static func overage(used: FixedDecimal, allowance: Int64, rate: FixedDecimal) -> Int128 {
    let beyond = Int128(used.coefficient) - Int128(allowance) * power(used.scale)
    guard beyond > 0 else { return 0 }
    // `beyond` is at most `used.coefficient` for an allowance of 0 or more.
    return (beyond * Int128(rate.coefficient)).flooredDivision(by: power(used.scale + rate.scale))
  }

  /// The tax that a price contains: `taxable × rate / (1 + rate)`, truncated toward zero.
  static func contained(in taxable: Int64, rate: FixedDecimal) -> Int128 {
    let share = Int128(rate.coefficient)
    return Int128(taxable) * share / (power(rate.scale) + share)
  }

  /// The tax on top of a price: `taxable × rate`, rounded half away from zero.
  static func added(to taxable: Int64, rate: FixedDecimal) -> Int128 {
    let product = Int128(taxable) * Int128(rate.coefficient)
    let one = power(rate.scale)
    let rounded = Int128((product.magnitude * 2 + one.magnitude) / (one.magnitude * 2))
    return product < 0 ? -rounded : rounded
  }

  /// 10^0…10^18.
  private static func power(_ exponent: Int) -> Int128 { Int128(FixedDecimal.powerOfTen(exponent)) }
}
