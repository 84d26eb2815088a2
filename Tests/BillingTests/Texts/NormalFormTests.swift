import Billing
import Testing

@Suite("The normal form of a text")
struct NormalFormTests {
  @Test(
    "known texts are brought to it",
    arguments: [
      // A syllable of its letters; one with a final letter; a syllable and a final letter.
      ("\u{1100}\u{1161}\u{110C}\u{1169}\u{11A8}", "가족"), ("a\u{AC00}\u{11A8}", "a각"),
      // Old letters that no syllable is made of.
      ("\u{1140}\u{1161}", "\u{1140}\u{1161}"), ("\u{1100}\u{1176}", "\u{1100}\u{1176}"),
      ("e\u{301}", "é"), ("a\u{301}\u{323}", "ạ\u{301}"), ("\u{212B}", "Å"), ("\u{212A}", "K"),
      // What is never composed, and what stays what it is although it looks like something else.
      ("\u{915}\u{93C}", "\u{915}\u{93C}"), ("\u{958}", "\u{915}\u{93C}"),
      ("ｶﾞ", "ｶﾞ"), ("ﬁ", "ﬁ"), ("①", "①"), ("\u{F90A}", "金"), ("5G-슬림", "5G-슬림"), ("", ""),
    ] as [(String, String)])
  func known(text: String, normal: String) {
    #expect(text.inNormalForm.hasBytes(of: normal))
    #expect(normal.inNormalForm.hasBytes(of: normal))
  }

  /// The promise that keys rest on, over the characters of Unicode, among others and taken apart.
  @Test("texts that are equal have the same bytes in it, and it is equal to what it was made of")
  func equalTextsHaveTheSameBytes() {
    var wrong: [UInt32] = []
    for value in UInt32(0)...0x10FFFF {
      // Ideographs and syllables are many and all alike; a few of them do.
      guard let scalar = Unicode.Scalar(value), scalar.isAssigned,
        !scalar.properties.isUnifiedIdeograph && !(0xAC00...0xD7A3).contains(value)
          || value.isMultiple(of: 97)
      else { continue }
      let plain = String(scalar)
      for text in [plain, "a\(plain)\u{301}\u{323}", "가\(plain)", "\(plain)\u{11A8}"] {
        let normal = text.inNormalForm
        let apart = text.apart
        if normal != text || !normal.inNormalForm.hasBytes(of: normal)
          || !(apart == text && apart.inNormalForm.hasBytes(of: normal))
        {
          wrong.append(value)
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(10).map { String($0, radix: 16) })")
  }

  @Test("normal texts are ordered as their bytes are")
  func order() {
    let texts = [
      "A", "Z", "a", "가", "가족", "각", "힣", "é", "é1", "ạ\u{301}", "\u{1100}\u{1176}", "金", "😀",
      "\u{E000}", "\u{FFFD}", "B1", "B10", "B2",
    ].map(\.inNormalForm)
    for left in texts {
      for right in texts {
        #expect((left < right) == left.utf8.lexicographicallyPrecedes(right.utf8))
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isAssigned: Bool {
    switch properties.generalCategory {
    case .unassigned, .privateUse, .surrogate: false
    default: true
    }
  }
}

extension String {
  /// Taken apart as far as it goes, by another way than its normal form: one character at a time, by
  /// what the composed ones of a range are equal to.
  fileprivate var apart: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      let syllable = Int(scalar.value) - 0xAC00
      if (0..<11_172).contains(syllable) {
        result.append(Unicode.Scalar(UInt32(0x1100 + syllable / 588))!)
        result.append(Unicode.Scalar(UInt32(0x1161 + syllable % 588 / 28))!)
        if syllable % 28 > 0 { result.append(Unicode.Scalar(UInt32(0x11A7 + syllable % 28))!) }
      } else if let letter = Self.letters[scalar] {
        result.append(contentsOf: letter.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  private static let letters: [Unicode.Scalar: String] = [
    "é": "e\u{301}", "Å": "A\u{30A}", "ạ": "a\u{323}", "ñ": "n\u{303}", "が": "か\u{3099}",
  ]
}
