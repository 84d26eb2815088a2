package import Billing

/// One thing in an import set that is refused: where it stands and why.
///
/// Holds no name, e-mail address, phone number or free text of a customer.
package struct Refusal: Hashable, Sendable {
  package var file: InputFile
  /// The physical line, from 1; the line on which the row begins where the row is meant.
  package var line: Int
  package var column: RefusalColumn?
  package var reason: RefusalReason

  package init(file: InputFile, line: Int, column: RefusalColumn?, reason: RefusalReason) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }

  init(file: InputFile, fault: CSVFault) {
    self.init(
      file: file, line: fault.line, column: .character(fault.character),
      reason: .form(fault.kind))
  }

  /// - Parameter line: where it is, without its end.
  init(file: InputFile, fault: CSVFault, in line: ArraySlice<UInt8>) {
    self.init(file: file, fault: fault)
    guard fault.kind == .invalidUTF8, let encoding = GuessedEncoding(of: line) else { return }
    reason = .otherEncoding(encoding)
    // Two bytes of another encoding may pass for one of UTF-8: the first of them is meant.
    if !line.contains(Byte.lineFeed), let first = line.firstIndex(where: { $0 >= 0x80 }) {
      column = .character(first - line.startIndex + 1)
    }
  }

  /// `customers.csv:12:send_day`.
  package var place: String {
    "\(file.rawValue):\(line)" + (column.map { ":\($0)" } ?? "")
  }
}

extension Refusal: CustomStringConvertible {
  /// `customers.csv:12:send_day: 32 is not a day from 1 to 31`.
  package var description: String { "\(place): \(reason.text(in: .english))" }
}

/// A column by its name where a field is meant, by its character where the form of a row is.
package enum RefusalColumn: Hashable, Sendable, CustomStringConvertible {
  case named(String)
  /// From 1.
  case character(Int)

  package var description: String {
    switch self {
    case .named(let name): name
    case .character(let character): String(character)
    }
  }
}

/// Why something is refused. A value is quoted only where it is a code, an id or a date.
package enum RefusalReason: Hashable, Sendable {
  case form(CSVFault.Kind)
  /// Not UTF-8, but what looks like this.
  case otherEncoding(GuessedEncoding)
  /// Columns are separated by something else than commas.
  case otherSeparator(GuessedSeparator)
  // The header
  /// The first line names none of these columns.
  case noHeader(columns: [String])
  /// It names columns in Korean.
  case koreanHeader(columns: [String])
  case missingColumn
  case unknownColumn(String?)
  case columnTwice(String)
  // The row
  case tooFewFields(expected: Int, found: Int)
  case tooManyFields(expected: Int, found: Int)
  /// As `tooManyFields`, and nothing is in those that are too many.
  case surplusCommas(expected: Int, found: Int)
  // A field
  case empty
  case notAnID(String?)
  case notADay(String?)
  case noSuchDay(String?)
  case notAMonth(String?)
  case notASendDay(String?)
  case notASlot(String?)
  case slotTwice(String?)
  case allSlotsQuiet
  case unknownZone(String?)
  case unknownLocale(String?)
  case unknownChannel(String?)
  case channelTwice(String?)
  case unknownStatus(String?)
  case text(TextFault)
  case tooLong(maximumCharacters: Int)
  case notAnEmail
  case notAPhone
  /// Neither a plus nor a zero is before it.
  case phoneWithoutZero
  case notAnAmount(String?)
  case amountOutOfRange(String?)
  case notTrueOrFalse(String?)
  case notAQuantity(String?)
  case negativeQuantity(String?)
  case quantityOutOfRange(String?)
  case endsBeforeItBegins
  // What the ledger holds
  case ledger(LedgerRefusal)
  // The catalog
  case notACatalog(CatalogError)
  case catalogTooLarge(maximumBytes: Int)
}

/// Decides what of a field may be repeated to the user.
enum Quotable {
  /// A code, id, date or number, shortened: plain characters only, so that what landed in the
  /// wrong column (an address has an `@`, a person's name a space or letters beyond ASCII) is not
  /// repeated.
  static func value(_ bytes: ArraySlice<UInt8>) -> String? {
    guard !bytes.isEmpty, bytes.allSatisfy(isPlain) else { return nil }
    let shown = String(decoding: bytes.prefix(40), as: UTF8.self)
    return bytes.count > 40 ? shown + "…" : shown
  }

  /// As `value`, but nothing as long as a phone number: for the columns beside one.
  static func besideContact(_ bytes: ArraySlice<UInt8>) -> String? {
    bytes.count { isDigit($0) } > 8 ? nil : value(bytes)
  }

  static func columnName(_ name: String) -> String? {
    let bytes = Array(name.utf8)
    guard (1...32).contains(bytes.count),
      bytes.allSatisfy({ isPlain($0) && !isDigit($0) })
    else { return nil }
    return name
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"),
      UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "+"):
      true
    default: false
    }
  }
}
