/// An exact decimal number: `coefficient × 10^−scale`. Rates and usage quantities.
///
/// Never binary floating point. Up to 18 significant digits, of which up to 9 after the point.
package struct FixedDecimal: Hashable, Sendable {
  package let coefficient: Int64
  /// 0…9 digits after the point.
  package let scale: Int

  package static let maximumScale = 9
  /// 18 digits.
  package static let maximumCoefficient: Int64 = 999_999_999_999_999_999
  package static let zero = FixedDecimal(coefficient: 0, scale: 0)!  // within the ranges

  /// `nil` when the scale is not 0…9 or there are more than 18 digits. Trailing zeros after the
  /// point are dropped, so that equal numbers are equal values.
  package init?(coefficient: Int64, scale: Int) {
    guard (0...Self.maximumScale).contains(scale),
      coefficient.magnitude <= Self.maximumCoefficient.magnitude
    else { return nil }
    var coefficient = coefficient
    var scale = scale
    while scale > 0, coefficient % 10 == 0 {
      coefficient /= 10
      scale -= 1
    }
    self.coefficient = coefficient
    self.scale = scale
  }

  /// Reads `[-]digits[.digits]`; `nil` for anything else and for numbers out of range.
  package init?(_ text: some StringProtocol) {
    self.init(ascii: Array(text.utf8)[...])
  }

  package init?(ascii bytes: ArraySlice<UInt8>) {
    var digits = bytes
    let negative = digits.first == UInt8(ascii: "-")
    if negative { digits = digits.dropFirst() }
    var coefficient: Int64 = 0
    var scale = 0
    var seenPoint = false
    var before = 0
    for byte in digits {
      if byte == UInt8(ascii: "."), !seenPoint {
        seenPoint = true
        continue
      }
      guard (48...57).contains(byte) else { return nil }
      let (shifted, over) = coefficient.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = shifted.addingReportingOverflow(Int64(byte - 48))
      guard !over, !overSum, sum <= Self.maximumCoefficient else { return nil }
      coefficient = sum
      if seenPoint { scale += 1 } else { before += 1 }
    }
    guard before > 0, !seenPoint || scale > 0 else { return nil }
    self.init(coefficient: negative ? -coefficient : coefficient, scale: scale)
  }

  package var isNegative: Bool { coefficient < 0 }

  /// 1, 10, … 1,000,000,000.
  package static func powerOfTen(_ exponent: Int) -> Int64 {
    var power: Int64 = 1
    for _ in 0..<exponent { power *= 10 }
    return power
  }
}

extension FixedDecimal: CustomStringConvertible {
  /// The shortest exact form, `22.528`.
  package var description: String {
    let digits = String(coefficient.magnitude)
    let sign = coefficient < 0 ? "-" : ""
    guard scale > 0 else { return sign + digits }
    let full = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    let point = full.index(full.endIndex, offsetBy: -scale)
    return "\(sign)\(full[..<point]).\(full[point...])"
  }
}
