/// An exact sum of amounts or of quantities: too wide to overflow for as many as a ledger can hold.
///
/// Kept in billionths: that is as fine as a quantity can be.
package struct ExactSum: Hashable, Sendable {
  private var billionths: Int128

  package init() {
    billionths = 0
  }

  /// Of one amount, minor units.
  package init(_ amount: Int64) {
    billionths = Int128(amount) * Self.one
  }

  package init(_ quantity: FixedDecimal) {
    self.init(high: 0, low: quantity.coefficient, scale: quantity.scale)
  }

  /// `(high × 10^9 + low) × 10^−scale`: coefficients that a database has added up in two parts, so
  /// that neither sum overflows.
  ///
  /// - Parameter scale: 0…9.
  package init(high: Int64, low: Int64, scale: Int) {
    let coefficient = Int128(high) * Self.one + Int128(low)
    billionths =
      coefficient * Int128(FixedDecimal.powerOfTen(FixedDecimal.maximumScale - scale))
  }

  package static func += (sum: inout ExactSum, other: ExactSum) {
    sum.billionths += other.billionths
  }

  /// Of amounts, which are whole.
  package var whole: Int128 { billionths / Self.one }

  private static let one = Int128(FixedDecimal.powerOfTen(FixedDecimal.maximumScale))
}

extension ExactSum: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int64) {
    self.init(value)
  }
}

extension ExactSum: CustomStringConvertible {
  /// The shortest exact form, `22.528`.
  package var description: String {
    let (whole, part) = billionths.magnitude.quotientAndRemainder(dividingBy: Self.one.magnitude)
    var fraction = padded(Int(part), to: FixedDecimal.maximumScale)
    while fraction.last == "0" { fraction.removeLast() }
    return (billionths < 0 ? "-" : "") + String(whole) + (fraction.isEmpty ? "" : "." + fraction)
  }
}
