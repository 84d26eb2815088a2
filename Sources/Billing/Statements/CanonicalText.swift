/// The canonical spellings that statements are written in, straight into bytes.
extension [UInt8] {
  mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { append(contentsOf: $0) }
  }

  mutating func append(number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    appendDigits(number.magnitude, width: 1)
  }

  /// `YYYY-MM`.
  mutating func append(_ month: BillingMonth) {
    appendDigits(UInt64(month.year), width: 4)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(month.month), width: 2)
  }

  /// `YYYY-MM-DD`.
  mutating func append(_ day: CalendarDay) {
    let (year, month, day) = day.components
    appendDigits(UInt64(year), width: 4)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(month), width: 2)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(day), width: 2)
  }

  /// The shortest exact form in quotes, `"22.528"`.
  mutating func append(quoted decimal: FixedDecimal) {
    append(UInt8(ascii: "\""))
    if decimal.isNegative { append(UInt8(ascii: "-")) }
    let one = UInt64(FixedDecimal.powerOfTen(decimal.scale))
    let (whole, fraction) = decimal.coefficient.magnitude.quotientAndRemainder(dividingBy: one)
    appendDigits(whole, width: 1)
    if decimal.scale > 0 {
      append(UInt8(ascii: "."))
      appendDigits(fraction, width: decimal.scale)
    }
    append(UInt8(ascii: "\""))
  }

  /// In quotes; `"`, `\` and control characters escaped.
  mutating func append(quoted text: String) {
    var text = text
    append(UInt8(ascii: "\""))
    text.withUTF8 { utf8 in
      if utf8.contains(where: Self.isEscaped) {
        for byte in utf8 { append(escaping: byte) }
      } else {
        append(contentsOf: utf8)
      }
    }
    append(UInt8(ascii: "\""))
  }

  static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func append(escaping byte: UInt8) {
    guard Self.isEscaped(byte) else { return append(byte) }
    if byte < 0x20 {
      append("\\u00")
      append(UInt8(ascii: "0") + (byte >> 4))
      let low = byte & 15
      append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    } else {
      append(UInt8(ascii: "\\"))
      append(byte)
    }
  }

  /// The number's decimal digits, with leading zeros up to a width.
  private mutating func appendDigits(_ number: UInt64, width: Int) {
    if number >= 10 || width > 1 { appendDigits(number / 10, width: width - 1) }
    append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
  }
}
