/// What a text that is not UTF-8 looks like. A guess, for a message: nothing is read by it.
package enum GuessedEncoding: Hashable, Sendable {
  /// What Korean systems wrote before Unicode, and what spreadsheets in Korea still write as "CSV".
  case cp949
  /// What spreadsheets write as "Unicode text".
  case utf16

  package var name: String {
    switch self {
    case .cp949: "CP949 (EUC-KR)"
    case .utf16: "UTF-16"
    }
  }

  /// Of one line, or the beginning of a file; `nil` where nothing speaks for any.
  init?(of bytes: ArraySlice<UInt8>) {
    if Self.looksLikeUTF16(bytes) {
      self = .utf16
    } else if Self.looksLikeCP949(bytes) {
      self = .cp949
    } else {
      return nil
    }
  }

  /// A byte order mark, or every second byte 0, as in what is mostly ASCII.
  private static func looksLikeUTF16(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
    return bytes.count >= 4 && bytes.count { $0 == 0 } * 3 >= bytes.count
  }

  /// Every byte beyond ASCII begins a pair of CP949, and at least half of the pairs are Hangul of
  /// KS X 1001: Latin-1 hardly ever pairs up, Chinese and Japanese rarely as that.
  private static func looksLikeCP949(_ bytes: ArraySlice<UInt8>) -> Bool {
    var pairs = 0
    var hangul = 0
    var rest = bytes.makeIterator()
    while let lead = rest.next() {
      guard lead >= 0x80 else { continue }
      guard let trail = rest.next(), isPair(lead, trail) else { return false }
      pairs += 1
      if (0xB0...0xC8).contains(lead), trail >= 0xA1 { hangul += 1 }
    }
    return hangul > 0 && hangul * 2 >= pairs
  }

  /// The rows of KS X 1001, or those that UHC added before and between them.
  private static func isPair(_ lead: UInt8, _ trail: UInt8) -> Bool {
    switch (lead, trail) {
    case (0xA1...0xFE, 0xA1...0xFE): true
    case (0x81...0xA0, 0x81...0xFE), (0xA1...0xC6, 0x81...0xA0): true
    case (0x81...0xC6, 0x41...0x5A), (0x81...0xC6, 0x61...0x7A): true
    default: false
    }
  }
}
