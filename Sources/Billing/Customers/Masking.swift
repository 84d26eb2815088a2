/// Personal data as it may be shown: enough to recognise one's own, too little to learn another's.
package enum Masking {
  /// Word by word. Hangul, Han and kana names keep their first and last character (홍길동 → 홍*동,
  /// 홍동 → 홍*), others their first letter (Jane Doe → J*** D**). A word of one character is
  /// hidden.
  package static func name(_ name: String) -> String {
    name.split(separator: " ", omittingEmptySubsequences: false).map(word)
      .joined(separator: " ")
  }

  /// The first character before the `@`, and the domain: `j*******@example.com`. Hides everything
  /// where there is no `@`.
  package static func email(_ address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return stars(address.count) }
    let mailbox = address[..<at]
    let shown = mailbox.count > 1 ? mailbox.prefix(1) : ""
    return shown + stars(mailbox.count - shown.count) + address[at...]
  }

  /// The last four digits, and of a full number the first three: `010-****-5678`. A short number
  /// keeps its last two, a very short one none. What is no digit stays.
  package static func phone(_ number: String) -> String {
    let digits = number.count(where: \.isWholeNumber)
    let (first, last) =
      switch digits {
      case 10...: (3, 4)
      case 8...: (0, 4)
      case 5...: (0, 2)
      default: (0, 0)
      }
    var position = 0
    return String(
      number.map { character -> Character in
        guard character.isWholeNumber else { return character }
        position += 1
        return position <= first || position > digits - last ? character : "*"
      })
  }

  private static func word(_ word: Substring) -> String {
    guard word.count > 1 else { return stars(word.count) }
    if word.count > 2, word.unicodeScalars.allSatisfy(isSyllabic) {
      return word.prefix(1) + stars(word.count - 2) + word.suffix(1)
    }
    return word.prefix(1) + stars(word.count - 1)
  }

  /// Hangul, Han and kana: names of a few characters, each a syllable or a word.
  private static func isSyllabic(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x11FF, 0x3040...0x30FF, 0x3130...0x318F, 0x3400...0x4DBF, 0x4E00...0x9FFF,
      0xAC00...0xD7AF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }

  private static func stars(_ count: Int) -> String { String(repeating: "*", count: count) }
}
