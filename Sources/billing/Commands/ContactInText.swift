/// Finds what looks like somebody's contact in text that is to be kept for good.
///
/// It errs towards refusing: a false alarm costs another word, a contact in a log that nothing is
/// deleted from stays there.
enum ContactInText {
  /// As many digits make a telephone number.
  private static let shortestNumber = 7
  /// Between two digits of one, as in `(02) - 123`.
  private static let longestSeparator = 3

  static func isPresent(in text: String) -> Bool {
    hasAddress(Array(text)) || hasNumber(Array(withoutDates(text))[...])
  }

  /// In what another system calls something: digits that hang on Latin letters are no number.
  static func isPresent(inIdentifier text: String) -> Bool {
    let characters = Array(text)
    guard !characters.contains(where: \.isWhitespace) else { return isPresent(in: text) }
    if hasAddress(characters) { return true }
    let parts = characters.split { !isNumeric($0) && !isLatin($0) }
    return parts.contains { part in !part.contains(where: isLatin) && hasNumber(part) }
  }

  /// Something on both sides of an `@`, also of a full-width one.
  private static func hasAddress(_ characters: [Character]) -> Bool {
    characters.indices.dropFirst().dropLast().contains { position in
      ["@", "＠"].contains(characters[position])
        && !characters[position - 1].isWhitespace && !characters[position + 1].isWhitespace
    }
  }

  private static func hasNumber(_ characters: ArraySlice<Character>) -> Bool {
    var digits = 0
    var separators = 0
    for character in characters {
      if isDigit(character) {
        digits += 1
        separators = 0
        if digits == shortestNumber { return true }
      } else {
        separators += 1
        if !isSeparator(character) || separators > longestSeparator { digits = 0 }
      }
    }
    return false
  }

  /// Without `2026-10-05`: why something is done often says when.
  private static func withoutDates(_ text: String) -> String {
    text.replacing(/20[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])/, with: "…")
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.wholeNumberValue.map { (0...9).contains($0) } ?? false
  }

  private static func isLatin(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }

  private static func isNumeric(_ character: Character) -> Bool {
    isDigit(character) || isSeparator(character)
  }

  private static func isSeparator(_ character: Character) -> Bool {
    character.isWhitespace || "-.()/+‐‑–—－·".contains(character)
  }
}
