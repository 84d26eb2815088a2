/// A character that somebody has to be told about because it cannot be seen: its number and its name.
package struct NamedCharacter: Hashable, Sendable {
  package let scalar: Unicode.Scalar

  package init(_ scalar: Unicode.Scalar) {
    self.scalar = scalar
  }

  /// `U+202E (right-to-left override)`.
  package func text(in locale: BillLocale) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    let name =
      switch locale {
      case .english: englishName
      case .korean: koreanName
      }
    return "U+\(number) (\(name))"
  }

  private var englishName: String {
    let properties = scalar.properties
    return (properties.name ?? properties.nameAlias)?.lowercased() ?? "a character without a name"
  }

  private var koreanName: String {
    if let name = Self.koreanNames[scalar] { return name }
    let properties = scalar.properties
    if properties.isVariationSelector { return "글자 변형 선택자" }
    if properties.isWhitespace { return "공백 문자" }
    return properties.generalCategory == .control ? "제어 문자" : "보이지 않는 문자"
  }

  /// Unicode has no Korean names; these are the ones that are met.
  private static let koreanNames: [Unicode.Scalar: String] = [
    "\u{09}": "탭", "\u{0A}": "줄바꿈", "\u{0D}": "캐리지 리턴", "\u{20}": "공백", "\u{85}": "다음 줄",
    "\u{A0}": "줄바꿈 없는 공백", "\u{AD}": "소프트 하이픈", "\u{61C}": "아랍 문자 방향 표시",
    "\u{115F}": "한글 초성 채움 문자", "\u{1160}": "한글 중성 채움 문자", "\u{200B}": "폭 없는 공백",
    "\u{200C}": "폭 없는 비결합 문자", "\u{200D}": "폭 없는 결합 문자",
    "\u{200E}": "왼쪽에서 오른쪽 방향 표시", "\u{200F}": "오른쪽에서 왼쪽 방향 표시",
    "\u{2028}": "줄 구분 문자", "\u{2029}": "문단 구분 문자", "\u{202A}": "왼쪽에서 오른쪽 방향 삽입",
    "\u{202B}": "오른쪽에서 왼쪽 방향 삽입", "\u{202C}": "방향 지정 끝",
    "\u{202D}": "왼쪽에서 오른쪽 방향 강제", "\u{202E}": "오른쪽에서 왼쪽 방향 강제",
    "\u{202F}": "줄바꿈 없는 좁은 공백", "\u{2060}": "단어 결합 문자",
    "\u{2066}": "왼쪽에서 오른쪽 방향 분리", "\u{2067}": "오른쪽에서 왼쪽 방향 분리",
    "\u{2068}": "첫 글자 방향 분리", "\u{2069}": "방향 분리 끝", "\u{3000}": "전각 공백",
    "\u{3164}": "한글 채움 문자", "\u{FEFF}": "바이트 순서 표시", "\u{FFA0}": "반각 한글 채움 문자",
  ]
}
