import Billing

/// What is wrong with one field.
struct FieldFault: Error {
  /// The column's position in `InputFile.columns`.
  var column: Int
  var reason: RefusalReason
}

/// Reads the fields of a row one after the other, in the order of `InputFile.columns`, as what they
/// should be.
struct RowFields {
  private let reader: CSVReader
  private let positions: [Int]
  /// The column read last; −1 before the first.
  private(set) var column = -1

  init(reader: CSVReader, header: CSVHeader) {
    self.reader = reader
    positions = header.positions
  }

  mutating func next() -> ArraySlice<UInt8> {
    column += 1
    return reader.field(positions[column])
  }

  func fault(_ reason: RefusalReason) -> FieldFault { FieldFault(column: column, reason: reason) }

  // MARK: Numbers

  /// A whole number from 1.
  mutating func id() throws(FieldFault) -> Int64 {
    let bytes = next()
    guard case .number(let number) = Self.wholeNumber(bytes), number > 0,
      bytes.first != UInt8(ascii: "-")
    else { throw fault(.notAnID(Quotable.value(bytes))) }
    return number
  }

  mutating func customer() throws(FieldFault) -> CustomerID { CustomerID(try id()) }

  mutating func line() throws(FieldFault) -> LineID { LineID(try id()) }

  /// Minor units.
  mutating func amount() throws(FieldFault) -> Int64 {
    let bytes = next()
    switch Self.wholeNumber(bytes) {
    case .number(let number): return number
    case .outOfRange: throw fault(.amountOutOfRange(Quotable.value(bytes)))
    case .notANumber: throw fault(.notAnAmount(Quotable.value(bytes)))
    }
  }

  mutating func quantity() throws(FieldFault) -> FixedDecimal {
    let bytes = next()
    guard let quantity = FixedDecimal(ascii: bytes) else {
      throw fault(
        Self.looksDecimal(bytes)
          ? .quantityOutOfRange(Quotable.value(bytes)) : .notAQuantity(Quotable.value(bytes)))
    }
    guard !quantity.isNegative else { throw fault(.negativeQuantity(Quotable.value(bytes))) }
    return quantity
  }

  private enum WholeNumber {
    case number(Int64)
    case outOfRange
    case notANumber
  }

  /// `[-]digits`.
  private static func wholeNumber(_ bytes: ArraySlice<UInt8>) -> WholeNumber {
    let negative = bytes.first == UInt8(ascii: "-")
    let digits = negative ? bytes.dropFirst() : bytes
    guard !digits.isEmpty else { return .notANumber }
    var number: Int64 = 0
    var overflow = false
    for byte in digits {
      guard (48...57).contains(byte) else { return .notANumber }
      // Counted down, since the smallest number has no positive counterpart.
      let (shifted, overShifted) = number.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = shifted.subtractingReportingOverflow(Int64(byte - 48))
      overflow = overflow || overShifted || overSum
      number = sum
    }
    if overflow || (!negative && number == .min) { return .outOfRange }
    return .number(negative ? number : -number)
  }

  private static func looksDecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
    var digits = bytes
    if digits.first == UInt8(ascii: "-") { digits = digits.dropFirst() }
    let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return (1...2).contains(parts.count)
      && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { (48...57).contains($0) } }
  }

  // MARK: Days

  mutating func day() throws(FieldFault) -> CalendarDay {
    let bytes = next()
    return try day(bytes)
  }

  /// `nil` for an empty field.
  mutating func optionalDay() throws(FieldFault) -> CalendarDay? {
    let bytes = next()
    return bytes.isEmpty ? nil : try day(bytes)
  }

  /// `[from, to)`; equal days withdraw a row.
  mutating func period() throws(FieldFault) -> (from: CalendarDay, to: CalendarDay?) {
    let from = try day()
    return (from, try end(notBefore: from))
  }

  /// `nil` for an empty field.
  mutating func end(notBefore beginning: CalendarDay) throws(FieldFault) -> CalendarDay? {
    let end = try optionalDay()
    if let end, end < beginning { throw fault(.endsBeforeItBegins) }
    return end
  }

  mutating func month() throws(FieldFault) -> BillingMonth {
    let bytes = next()
    guard let month = BillingMonth(ascii: bytes) else {
      throw fault(.notAMonth(Quotable.value(bytes)))
    }
    return month
  }

  private func day(_ bytes: ArraySlice<UInt8>) throws(FieldFault) -> CalendarDay {
    if let day = CalendarDay(ascii: bytes) { return day }
    let digits = bytes.enumerated().allSatisfy { offset, byte in
      offset == 4 || offset == 7 ? byte == UInt8(ascii: "-") : (48...57).contains(byte)
    }
    let shown = Quotable.besideContact(bytes)
    throw fault(bytes.count == 10 && digits ? .noSuchDay(shown) : .notADay(shown))
  }

  // MARK: Texts

  /// 1…64 characters without control characters: a code or the id of a source system.
  mutating func code() throws(FieldFault) -> String { try text(1...64) }

  mutating func text(_ lengths: ClosedRange<Int>) throws(FieldFault) -> String {
    let bytes = next()
    guard !bytes.isEmpty || lengths.contains(0) else { throw fault(.empty) }
    if let reason = Self.unprintable(bytes) { throw fault(reason) }
    // Continuation bytes aside, a byte is a character.
    if bytes.count > lengths.upperBound,
      bytes.count(where: { $0 & 0xC0 != 0x80 }) > lengths.upperBound
    {
      throw fault(.tooLong(maximumCharacters: lengths.upperBound))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func flag() throws(FieldFault) -> Bool {
    let bytes = next()
    if bytes.elementsEqual("true".utf8) { return true }
    if bytes.elementsEqual("false".utf8) { return false }
    throw fault(.notTrueOrFalse(Quotable.value(bytes)))
  }

  /// A line break or a control character: C0, DEL, C1, and the separators U+2028 and U+2029.
  private static func unprintable(_ bytes: ArraySlice<UInt8>) -> RefusalReason? {
    var before: UInt8 = 0
    var beforeThat: UInt8 = 0
    for byte in bytes {
      switch byte {
      case 0x0A...0x0D: return .lineBreak
      case 0x00..<0x20, 0x7F: return .controlCharacter
      case 0x85 where before == 0xC2: return .lineBreak
      case 0x80...0x9F where before == 0xC2: return .controlCharacter
      case 0xA8...0xA9 where before == 0x80 && beforeThat == 0xE2: return .lineBreak
      default: break
      }
      (beforeThat, before) = (before, byte)
    }
    return nil
  }
}
