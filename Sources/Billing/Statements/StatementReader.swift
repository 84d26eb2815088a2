/// Why bytes are not a canonical statement, and where. Never what they hold.
package struct StatementCodecError: Error, Hashable, Sendable {
  package enum Code: String, CaseIterable, Hashable, Sendable {
    /// They end too early.
    case truncated
    /// They go on after the end.
    case trailingBytes
    /// Another byte than the one that the form has here.
    case unexpectedByte
    /// A number, decimal or day that is not in its one canonical spelling, or out of range.
    case unreadableNumber
    /// A text that is not UTF-8, or escaped in another way than the one.
    case unreadableText
    /// A locale, currency or tax mode that does not exist.
    case unknownValue
    /// Written by another version of the platform.
    case unknownFormat
  }

  package var code: Code
  /// Bytes from the beginning.
  package var offset: Int

  package init(_ code: Code, at offset: Int) {
    self.code = code
    self.offset = offset
  }
}

extension StatementCodecError: CustomStringConvertible {
  package var description: String { "statement bytes: \(code.rawValue) at offset \(offset)" }
}

extension StatementCodec {
  /// Reads exactly what `encode` writes: `encode(decode(bytes)) == bytes`, and everything else is
  /// refused.
  package static func decode(_ bytes: [UInt8]) throws(StatementCodecError) -> Statement {
    var reader = StatementReader(bytes: bytes)
    return try reader.statement()
  }
}

private struct StatementReader {
  private let bytes: [UInt8]
  private var offset = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func statement() throws(StatementCodecError) -> Statement {
    try format()
    try expect(",\"month\":\"")
    let month = try month()
    try expect("\",\"customer\":")
    let customer = CustomerID(try number())
    try expect(",\"version\":")
    let version = Int(try number())
    try expect(",\"name\":")
    let name = try text()
    try expect(",\"locale\":")
    let locale = try known(BillLocale.init(rawValue:))
    try expect(",\"currency\":")
    let currency = try known(Currency.init(code:))
    try expect(",\"catalog\":")
    let catalogVersion = try text()
    try expect(",\"lines\":[")
    let lines = try lines()
    try expect(",\"tax\":[")
    let tax = try tax()
    try expect("],\"totals\":[")
    let totals = try totals()
    try expect("]}")
    guard offset == bytes.count else { throw failure(.trailingBytes) }
    return Statement(
      month: month, customer: customer, version: version, customerName: name, locale: locale,
      currency: currency, catalogVersion: catalogVersion, lines: lines, tax: tax, totals: totals)
  }

  private mutating func format() throws(StatementCodecError) {
    try expect("{\"format\":")
    let start = offset
    guard try number() == StatementCodec.formatVersion else {
      throw StatementCodecError(.unknownFormat, at: start)
    }
  }

  /// Up to and with the closing bracket.
  private mutating func lines() throws(StatementCodecError) -> [StatementLine] {
    var lines: [StatementLine] = []
    if accept("]") { return lines }
    lines.reserveCapacity(12)
    repeat {
      lines.append(try line())
    } while accept(",")
    try expect("]")
    return lines
  }

  private mutating func line() throws(StatementCodecError) -> StatementLine {
    try expect("{")
    var id: LineID?
    if accept("\"l\":") {
      id = LineID(try number())
      try expect(",")
    }
    var name = ""
    if accept("\"n\":") {
      let start = offset
      name = try text()
      // An empty name has no key.
      if name.isEmpty { throw StatementCodecError(.unreadableText, at: start) }
      try expect(",")
    }
    try expect("\"a\":")
    let amount = try number()
    let source = try source()
    try expect("]}")
    return StatementLine(line: id, name: name, amount: amount, source: source)
  }

  private mutating func source() throws(StatementCodecError) -> StatementSource {
    if accept(",\"plan\":[") {
      let (code, days, daysInMonth, fee) = try fee()
      return .plan(code: code, days: days, daysInMonth: daysInMonth, monthlyFee: fee)
    }
    if accept(",\"addOn\":[") {
      let (code, days, daysInMonth, fee) = try fee()
      return .addOn(code: code, days: days, daysInMonth: daysInMonth, monthlyFee: fee)
    }
    if accept(",\"usage\":[") { return .usage(try usage()) }
    if accept(",\"rate\":[") {
      let code = try text()
      try expect(",")
      let rate = try decimal()
      let (days, activeDays) = try days()
      return try discount(code, .rate(rate, days: days, activeDays: activeDays))
    }
    if accept(",\"amount\":[") {
      let code = try text()
      try expect(",")
      let amount = try number()
      let (days, daysInMonth) = try days()
      return try discount(code, .amount(amount, days: days, daysInMonth: daysInMonth))
    }
    if accept(",\"bundle\":[") {
      let code = try text()
      try expect(",")
      let lines = Int(try number())
      try expect(",")
      return try discount(code, .bundle(lines: lines, amount: try number()))
    }
    if accept(",\"oneOff\":[") { return try oneOff() }
    if accept(",\"rounding\":[") { return .rounding(unit: try number()) }
    try expect(",\"tax\":[")
    return .tax
  }

  private mutating func fee() throws(StatementCodecError) -> (String, DaysOfMonth, Int, Int64) {
    let code = try text()
    let (days, daysInMonth) = try days()
    try expect(",")
    return (code, days, daysInMonth, try number())
  }

  /// Spans, and the number of days that they are some of.
  private mutating func days() throws(StatementCodecError) -> (DaysOfMonth, of: Int) {
    try expect(",[")
    var days = DaysOfMonth.none
    var end: Int64 = -1
    if !accept("]") {
      repeat {
        let start = offset
        try expect("[")
        let first = try number()
        try expect(",")
        let count = try number()
        try expect("]")
        // A day lies between two spans: without one they would be written as one.
        guard first > end + 1, (1...31).contains(first), (1...32 - first).contains(count) else {
          throw StatementCodecError(.unreadableNumber, at: start)
        }
        end = first + count - 1
        days.formUnion(DaysOfMonth(Int(first)...Int(end)))
      } while accept(",")
      try expect("]")
    }
    try expect(",")
    return (days, of: try number(in: max(1, days.count)...31))
  }

  private mutating func number(in range: ClosedRange<Int>) throws(StatementCodecError) -> Int {
    let start = offset
    let number = try number()
    guard range.contains(Int(number)) else {
      throw StatementCodecError(.unreadableNumber, at: start)
    }
    return Int(number)
  }

  private mutating func usage() throws(StatementCodecError) -> UsageSource {
    let metric = try text()
    try expect(",")
    let plan = try text()
    try expect(",")
    let used = try decimal()
    try expect(",")
    let allowance = try number()
    try expect(",")
    let days = try number(in: 1...31)
    try expect(",")
    let activeDays = try number(in: days...31)
    try expect(",")
    let daysInMonth = try number(in: activeDays...31)
    try expect(",")
    let rate = try decimal()
    return UsageSource(
      metric: metric, plan: plan, used: used, allowance: allowance, days: days,
      activeDays: activeDays, daysInMonth: daysInMonth, rate: rate, cap: try cap())
  }

  private mutating func discount(
    _ code: String, _ rule: DiscountSource
  ) throws(StatementCodecError) -> StatementSource {
    try expect(",")
    let basis = try number()
    return .discount(code: code, rule: rule, basis: basis, cap: try cap())
  }

  private mutating func oneOff() throws(StatementCodecError) -> StatementSource {
    let id = try text()
    try expect(",")
    let category = try text()
    try expect(",\"")
    let chargedOn = try day()
    try expect("\",")
    let taxable = accept("true")
    if !taxable { try expect("false") }
    return .oneOff(id: id, category: category, chargedOn: chargedOn, taxable: taxable)
  }

  private mutating func cap() throws(StatementCodecError) -> Int64? {
    try expect(",")
    return accept("null") ? nil : try number()
  }

  private mutating func tax() throws(StatementCodecError) -> StatementTax {
    let mode = try known(TaxRule.Mode.init(rawValue:))
    try expect(",")
    let rate = try decimal()
    try expect(",")
    return StatementTax(mode: mode, rate: rate, taxable: try number())
  }

  private mutating func totals() throws(StatementCodecError) -> StatementTotals {
    let charges = try number()
    try expect(",")
    let discounts = try number()
    try expect(",")
    let tax = try number()
    try expect(",")
    let rounding = try number()
    try expect(",")
    return StatementTotals(
      charges: charges, discounts: discounts, tax: tax, rounding: rounding, total: try number())
  }
}

// Tokens.
extension StatementReader {
  private func failure(_ code: StatementCodecError.Code) -> StatementCodecError {
    StatementCodecError(code, at: offset)
  }

  /// Moves past the literal if it comes next.
  private mutating func accept(_ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    guard bytes.count - offset >= length else { return false }
    let start = literal.utf8Start
    for position in 0..<length where bytes[offset + position] != start[position] { return false }
    offset += length
    return true
  }

  /// Moves past the literal, or fails at the first byte that differs.
  private mutating func expect(_ literal: StaticString) throws(StatementCodecError) {
    let start = literal.utf8Start
    for position in 0..<literal.utf8CodeUnitCount {
      guard offset < bytes.count else { throw failure(.truncated) }
      guard bytes[offset] == start[position] else { throw failure(.unexpectedByte) }
      offset += 1
    }
  }

  /// `0`, or `[-]` and digits of which the first is not 0.
  private mutating func number() throws(StatementCodecError) -> Int64 {
    let start = offset
    let negative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
    if negative { offset += 1 }
    let first = offset
    var value: Int64 = 0
    while offset < bytes.count, (48...57).contains(bytes[offset]) {
      let digit = Int64(bytes[offset] - 48)
      let (shifted, over) = value.multipliedReportingOverflow(by: 10)
      // Counted away from zero with its sign, since there is one more negative than positive.
      let (next, overNext) =
        negative
        ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      guard !over, !overNext else { throw StatementCodecError(.unreadableNumber, at: start) }
      value = next
      offset += 1
    }
    if offset == first { throw failure(offset == bytes.count ? .truncated : .unexpectedByte) }
    let leadingZero = bytes[first] == UInt8(ascii: "0") && (offset > first + 1 || negative)
    if leadingZero { throw StatementCodecError(.unreadableNumber, at: start) }
    return value
  }

  private mutating func decimal() throws(StatementCodecError) -> FixedDecimal {
    let start = offset
    let content = try quoted()
    guard let decimal = FixedDecimal(ascii: content), isCanonical(decimal, content) else {
      throw StatementCodecError(.unreadableNumber, at: start)
    }
    return decimal
  }

  private func isCanonical(_ decimal: FixedDecimal, _ content: ArraySlice<UInt8>) -> Bool {
    var written: [UInt8] = []
    written.reserveCapacity(24)
    written.append(quoted: decimal)
    return written.dropFirst().dropLast().elementsEqual(content)
  }

  private mutating func day() throws(StatementCodecError) -> CalendarDay {
    guard bytes.count - offset >= 10 else { throw StatementCodecError(.truncated, at: bytes.count) }
    guard let day = CalendarDay(ascii: bytes[offset..<offset + 10]) else {
      throw failure(.unreadableNumber)
    }
    offset += 10
    return day
  }

  private mutating func month() throws(StatementCodecError) -> BillingMonth {
    guard bytes.count - offset >= 7 else { throw StatementCodecError(.truncated, at: bytes.count) }
    guard let month = BillingMonth(ascii: bytes[offset..<offset + 7]) else {
      throw failure(.unreadableNumber)
    }
    offset += 7
    return month
  }

  private mutating func known<Value>(
    _ value: (String) -> Value?
  ) throws(StatementCodecError) -> Value {
    let start = offset
    guard let known = value(try text()) else {
      throw StatementCodecError(.unknownValue, at: start)
    }
    return known
  }

  /// What stands between two quotes, as it is; its end is the first quote that is not escaped.
  private mutating func quoted() throws(StatementCodecError) -> ArraySlice<UInt8> {
    try expect("\"")
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return bytes[start..<offset - 1]
      case UInt8(ascii: "\\"): offset += 2
      case 0..<0x20: throw failure(.unreadableText)
      default: offset += 1
      }
    }
    throw StatementCodecError(.truncated, at: bytes.count)
  }

  private mutating func text() throws(StatementCodecError) -> String {
    let content = try quoted()
    guard content.contains(UInt8(ascii: "\\")) else { return try string(content, from: content) }
    var plain: [UInt8] = []
    plain.reserveCapacity(content.count)
    var position = content.startIndex
    while position < content.endIndex {
      guard content[position] == UInt8(ascii: "\\") else {
        plain.append(content[position])
        position += 1
        continue
      }
      let (byte, length) = try unescaped(content[position...])
      plain.append(byte)
      position += length
    }
    return try string(plain[...], from: content)
  }

  private func string(
    _ utf8: ArraySlice<UInt8>, from content: ArraySlice<UInt8>
  ) throws(StatementCodecError) -> String {
    do {
      return String(copying: try UTF8Span(validating: utf8.span))
    } catch {
      throw StatementCodecError(.unreadableText, at: content.startIndex)
    }
  }

  /// The byte that an escape stands for, and the length of the escape.
  private func unescaped(
    _ escape: ArraySlice<UInt8>
  ) throws(StatementCodecError) -> (byte: UInt8, length: Int) {
    let start = escape.startIndex
    // A backslash is never the last byte before the closing quote.
    let second = escape[start + 1]
    if second == UInt8(ascii: "\"") || second == UInt8(ascii: "\\") { return (second, 2) }
    guard second == UInt8(ascii: "u"), escape.count >= 6,
      escape[start + 2] == UInt8(ascii: "0"), escape[start + 3] == UInt8(ascii: "0"),
      escape[start + 4] == UInt8(ascii: "0") || escape[start + 4] == UInt8(ascii: "1"),
      let low = hexDigit(escape[start + 5])
    else { throw StatementCodecError(.unreadableText, at: start) }
    return ((escape[start + 4] - UInt8(ascii: "0")) << 4 | low, 6)
  }

  private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
