/// What is wrong with a first line that is no header, as far as it can be told.
enum FirstLook {
  static func reason(for line: ArraySlice<UInt8>, columns: [String]) -> RefusalReason? {
    if let encoding = guessedEncoding(line) { return .otherEncoding(encoding) }
    if let separator = GuessedSeparator.inHeader(line, of: columns) {
      return .otherSeparator(separator)
    }
    return isKoreanHeader(line) ? .koreanHeader(columns: columns) : nil
  }

  /// Only of what is not UTF-8, or holds bytes that no text holds.
  private static func guessedEncoding(_ line: ArraySlice<UInt8>) -> GuessedEncoding? {
    let isUTF8 = Array(line).withUnsafeBufferPointer { UTF8Check.firstInvalid($0) == nil }
    return isUTF8 && !line.contains(0) ? nil : GuessedEncoding(of: line)
  }

  /// Names in Hangul and nothing that a row holds: every row has a number.
  private static func isKoreanHeader(_ line: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: line, as: UTF8.self)
    return text.unicodeScalars.contains { (0xAC00...0xD7A3).contains($0.value) }
      && !text.unicodeScalars.contains { ("0"..."9").contains($0) || $0 == "@" }
  }
}
