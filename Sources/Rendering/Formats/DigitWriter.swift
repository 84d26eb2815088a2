import Billing

/// Numbers as ASCII bytes, without a formatter and without a string.
enum DigitWriter {
  /// The digits of a number, at least `width` of them.
  static func write(_ number: UInt64, width: Int = 1, into output: inout [UInt8]) {
    withDigits(of: number) { digits in
      for _ in 0..<max(0, width - digits.count) { output.append(UInt8(ascii: "0")) }
      output.append(contentsOf: digits)
    }
  }

  /// The digits of a number with a comma before every third from the right: `1,234,567`.
  static func writeGrouped(_ number: UInt64, into output: inout [UInt8]) {
    withDigits(of: number) { digits in
      for (position, digit) in digits.enumerated() {
        if position > 0, (digits.count - position).isMultiple(of: 3) {
          output.append(UInt8(ascii: ","))
        }
        output.append(digit)
      }
    }
  }

  /// `magnitude × 10^−scale`, grouped, with at least `minimumScale` digits after the point and no
  /// further zeros at the end.
  static func writeDecimal(
    _ magnitude: UInt64, scale: Int, minimumScale: Int, into output: inout [UInt8]
  ) {
    var magnitude = magnitude
    var scale = scale
    while scale > minimumScale, magnitude.isMultiple(of: 10) {
      magnitude /= 10
      scale -= 1
    }
    let unit = UInt64(FixedDecimal.powerOfTen(scale))
    writeGrouped(magnitude / unit, into: &output)
    if scale > 0 || minimumScale > 0 {
      output.append(UInt8(ascii: "."))
      if scale > 0 { write(magnitude % unit, width: scale, into: &output) }
      for _ in 0..<max(0, minimumScale - scale) { output.append(UInt8(ascii: "0")) }
    }
  }

  /// Lays the digits out in place: at most 20 for 64 bits.
  private static func withDigits(
    of number: UInt64, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
      var rest = number
      var first = 20
      repeat {
        first -= 1
        buffer[first] = 48 + UInt8(rest % 10)
        rest /= 10
      } while rest > 0
      body(UnsafeBufferPointer(rebasing: buffer[first...]))
    }
  }
}
