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

  static let maximumCodeLength = 64

  /// A code, or the id of a source system: 1…64 characters, in normal form.
  mutating func code() throws(FieldFault) -> String {
    let bytes = next()
    let code: String
    if !bytes.isEmpty, Self.isPlain(bytes) {
      code = String(decoding: bytes, as: UTF8.self)
    } else {
      do {
        code = try String(code: String(decoding: bytes, as: UTF8.self))
      } catch {
        throw fault(error == .empty ? .empty : .text(error))
      }
    }
    guard !Self.isLonger(code.utf8, than: Self.maximumCodeLength) else {
      throw fault(.tooLong(maximumCharacters: Self.maximumCodeLength))
    }
    return code
  }

  /// A text as it stands in the file.
  mutating func text(
    _ lengths: ClosedRange<Int>, _ rule: TextRule
  ) throws(FieldFault) -> String {
    let bytes = next()
    guard !bytes.isEmpty || lengths.contains(0) else { throw fault(.empty) }
    let text = String(decoding: bytes, as: UTF8.self)
    if !Self.isPlain(bytes), let fault = rule.fault(in: text) { throw self.fault(.text(fault)) }
    guard !Self.isLonger(bytes, than: lengths.upperBound) else {
      throw fault(.tooLong(maximumCharacters: lengths.upperBound))
    }
    return text
  }

  /// Printable ASCII without spaces, as nearly every code and address is: fine by every rule.
  private static func isPlain(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private static func isLonger(_ bytes: some Collection<UInt8>, than limit: Int) -> Bool {
    // Continuation bytes aside, a byte is a character.
    bytes.count > limit && bytes.count { $0 & 0xC0 != 0x80 } > limit
  }

  mutating func flag() throws(FieldFault) -> Bool {
    let bytes = next()
    if bytes.elementsEqual("true".utf8) { return true }
    if bytes.elementsEqual("false".utf8) { return false }
    throw fault(.notTrueOrFalse(Quotable.value(bytes)))
  }
}
