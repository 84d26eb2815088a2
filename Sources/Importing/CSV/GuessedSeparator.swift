/// What stands between the columns of a file that is not separated by commas.
package enum GuessedSeparator: Character, CaseIterable, Hashable, Sendable {
  case semicolon = ";"
  case tab = "\t"
  case bar = "|"

  var byte: UInt8 { rawValue.asciiValue ?? 0 }  // all are ASCII

  /// What columns are separated by.
  var texts: (english: String, korean: String) {
    switch self {
    case .semicolon: ("semicolons (;)", "세미콜론(;)으로")
    case .tab: ("tabs", "탭으로")
    case .bar: ("bars (|)", "세로줄(|)로")
    }
  }

  /// By which a line comes apart into names of these columns; `nil` where none does.
  static func inHeader(_ line: ArraySlice<UInt8>, of columns: [String]) -> GuessedSeparator? {
    allCases.first { separator in
      let names = line.split(separator: separator.byte).map { name in
        String(decoding: name.filter { $0 != Byte.quote && $0 != 0x20 }, as: UTF8.self)
      }
      return names.count(where: columns.contains) >= 2
    }
  }

  /// By which a row of one field comes apart into as many as there should be.
  static func inRow(_ line: ArraySlice<UInt8>, fields: Int) -> GuessedSeparator? {
    allCases.first { separator in line.count { $0 == separator.byte } >= fields - 1 }
  }
}
