/// Why a text from outside is not taken as it is.
package enum TextFault: Error, Hashable, Sendable {
  case empty
  /// Nothing but white space, of which this is the first.
  case blank(NamedCharacter)
  /// White space before or behind a code.
  case blankAtEdge(NamedCharacter)
  case lineBreak(NamedCharacter)
  case controlCharacter(NamedCharacter)
  /// It turns the direction of what is around it, so that a text reads as something else.
  case turnsDirection(NamedCharacter)
  case invisible(NamedCharacter)
  /// Nothing that Unicode knows; what it is brought to in normal form may change.
  case noCharacter(NamedCharacter)

  /// What is wrong, without a full stop.
  package func text(in locale: BillLocale) -> String {
    func shown(_ character: NamedCharacter) -> String { character.text(in: locale) }
    let (english, korean) =
      switch self {
      case .empty: ("it is empty", "비어 있습니다")
      case .blank(let first):
        (
          "it holds nothing but white space: \(shown(first))",
          "공백뿐입니다: \(shown(first))"
        )
      case .blankAtEdge(let blank):
        (
          "it begins or ends with white space: \(shown(blank))",
          "앞이나 뒤에 공백이 있습니다: \(shown(blank))"
        )
      case .lineBreak(let character):
        ("it contains a line break: \(shown(character))", "줄바꿈이 들어 있습니다: \(shown(character))")
      case .controlCharacter(let character):
        (
          "it contains a control character: \(shown(character))",
          "제어 문자가 들어 있습니다: \(shown(character))"
        )
      case .turnsDirection(let character):
        (
          "it contains a character that turns the direction of text: \(shown(character))",
          "글의 방향을 바꾸는 문자가 들어 있습니다: \(shown(character))"
        )
      case .invisible(let character):
        (
          "it contains an invisible character: \(shown(character))",
          "보이지 않는 문자가 들어 있습니다: \(shown(character))"
        )
      case .noCharacter(let character):
        (
          "it contains what is no character of Unicode: \(shown(character))",
          "유니코드에 없는 문자가 들어 있습니다: \(shown(character))"
        )
      }
    return switch locale {
    case .english: english
    case .korean: korean
    }
  }
}
