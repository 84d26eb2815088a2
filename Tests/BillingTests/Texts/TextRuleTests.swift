import Billing
import Testing

@Suite("What a text from outside may hold")
struct TextRuleTests {
  private static let all: [TextRule] = [.code, .name, .prose]

  @Test(
    "what people and systems write is fine",
    arguments: [
      "홍길동", "조뮒", "O'Brien", "Jane van der Berg-Ünal", "金 哲洙", "さくら", "محمد", "ראובן", "Ω",
      "5G-SLIM",
      "단말기 할부금 3/24", "콘텐츠 <이용료>, \"기타\"", "a\u{A0}b", "뮒\u{1100}\u{1161}",
    ])
  func fine(text: String) {
    for rule in Self.all { #expect(rule.fault(in: text) == nil) }
  }

  @Test("every character that turns the direction of text is refused everywhere")
  func direction() {
    let characters =
      [0x61C, 0x200E, 0x200F] + Array(0x202A...0x202E) + Array(0x2066...0x2069) as [UInt32]
    for scalar in characters.compactMap(Unicode.Scalar.init) {
      for rule in Self.all {
        #expect(rule.fault(in: "a\(scalar)b") == .turnsDirection(NamedCharacter(scalar)))
      }
    }
  }

  @Test("every invisible character is refused; emoji may join and choose their form in prose")
  func invisible() {
    let characters: [UInt32] =
      [
        0xAD, 0x34F, 0x115F, 0x1160, 0x17B4, 0x180E, 0x200B, 0x200C, 0x2060, 0x2064, 0x2800, 0x3164,
        0xFE00, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFC, 0xE0001, 0xE0041, 0xE0100,
      ]
    for scalar in characters.compactMap(Unicode.Scalar.init) {
      for rule in Self.all {
        #expect(rule.fault(in: "a\(scalar)b") == .invisible(NamedCharacter(scalar)))
      }
    }
    for text in ["👩\u{200D}🚀", "❤\u{FE0F}"] {
      #expect(TextRule.prose.fault(in: text) == nil)
      #expect(TextRule.name.fault(in: text) != nil)
      #expect(TextRule.code.fault(in: text) != nil)
    }
  }

  @Test("white space alone is no text; around a code it is refused, around others left as it is")
  func blanks() {
    for blank in ["\u{20}", "\u{A0}", "\u{1680}", "\u{2003}", "\u{202F}", "\u{205F}", "\u{3000}"]
      as [Unicode.Scalar]
    {
      let named = NamedCharacter(blank)
      for rule in Self.all { #expect(rule.fault(in: "\(blank) \(blank)") == .blank(named)) }
      #expect(TextRule.code.fault(in: "\(blank)B1") == .blankAtEdge(named))
      #expect(TextRule.code.fault(in: "B1\(blank)") == .blankAtEdge(named))
      #expect(TextRule.code.fault(in: "B\(blank)1") == nil)
      #expect(TextRule.name.fault(in: "\(blank)김별\(blank)") == nil)
    }
  }

  @Test("line breaks and control characters are refused everywhere")
  func controls() {
    for rule in Self.all {
      for text in ["a\nb", "a\u{B}b", "a\u{85}b", "a\u{2028}b", "a\u{2029}b"] {
        guard case .lineBreak = rule.fault(in: text) else {
          Issue.record("\(text.unicodeScalars.map(\.value))")
          continue
        }
      }
      for text in ["a\u{0}b", "a\tb", "a\u{1B}b", "a\u{7F}b", "a\u{9B}b"] {
        guard case .controlCharacter = rule.fault(in: text) else {
          Issue.record("\(text.unicodeScalars.map(\.value))")
          continue
        }
      }
    }
  }

  @Test("a code is kept in normal form; what Unicode does not know has none")
  func codes() throws {
    #expect(try String(code: "\u{1100}\u{1161}-1").hasBytes(of: "가-1"))
    #expect(throws: TextFault.empty) { try String(code: "") }
    #expect(throws: TextFault.noCharacter(.init("\u{378}"))) { try String(code: "a\u{378}") }
    #expect(TextRule.name.fault(in: "a\u{378}") == nil)
  }

  @Test("a character is named by number and name, in both languages")
  func names() {
    let override = TextFault.turnsDirection(.init("\u{202E}"))
    #expect(
      override.text(in: .english)
        == "it contains a character that turns the direction of text: "
        + "U+202E (right-to-left override)")
    #expect(
      override.text(in: .korean) == "글의 방향을 바꾸는 문자가 들어 있습니다: U+202E (오른쪽에서 왼쪽 방향 강제)")
    #expect(NamedCharacter("\u{200B}").text(in: .english) == "U+200B (zero width space)")
    #expect(NamedCharacter("\u{A0}").text(in: .english) == "U+00A0 (no-break space)")
    #expect(NamedCharacter("\u{E0041}").text(in: .english).hasPrefix("U+E0041 (tag "))
    // No Korean text holds a word of English.
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value),
        scalar.properties.generalCategory != .unassigned,
        !scalar.properties.isUnifiedIdeograph, TextRule.code.fault(in: "a\(scalar)b") != nil
      else { continue }
      let name = NamedCharacter(scalar).text(in: .korean).split(separator: " ").dropFirst()
      #expect(!name.joined().contains { $0.isASCII && $0.isLetter })
    }
  }
}
