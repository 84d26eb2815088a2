import Foundation
import Testing

@testable import Assembly
@testable import billing

@Suite("Korean without English in it")
struct KoreanTests {
  @Test("no phrase has English words in its Korean")
  func phrases() throws {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    let terminal = folder.appendingPathComponent("Sources/billing/Terminal")
    let files = try FileManager.default.contentsOfDirectory(atPath: terminal.path)
      .filter { $0.hasPrefix("PhrasesOf") }
    #expect(files.count > 10)
    var looked = 0
    for file in files {
      let source = try String(
        contentsOf: terminal.appendingPathComponent(file), encoding: .utf8)
      for literal in source.matches(of: #/"((?:[^"\\\n]|\\.)*)"/#) where isKorean(literal.1) {
        looked += 1
        let words = EnglishWords.runs(in: withoutInterpolations(String(literal.1)))
        #expect(words.isEmpty, "\(file): \(words) in \(literal.1)")
      }
    }
    #expect(looked > 200)
  }

  @Test(
    "the parser's words are in the reader's language",
    arguments: [
      ("Error: Unknown option '--x'", "오류: 알 수 없는 옵션 '--x'."),
      (
        "Error: Unknown option '--jsn'. Did you mean '--json'?",
        "오류: 알 수 없는 옵션 '--jsn'. '--json'을(를) 뜻하셨습니까?"
      ),
      (
        "Error: Missing expected argument '<month>'\nHelp:  <month>  The month.\n"
          + "Usage: billing run <month>\n  See 'billing run --help' for more information.",
        "오류: '<month>'을(를) 지정해야 합니다.\n사용법: billing run <month>\n  자세한 내용: billing run --help"
      ),
      (
        "Error: The value 'x' is invalid for '--channel <channel>'. Please provide one of 'email' "
          + "and 'sms'.",
        "오류: '--channel <channel>'에 쓸 수 없는 값입니다: 'x'. 다음 중 하나를 지정하십시오: email, sms."
      ),
      ("Error: Something new", "오류: 명령을 이해할 수 없습니다. (원문: Something new)"),
    ])
  func usage(said: String, korean: String) {
    #expect(UsageText(said).text(in: .korean) == korean)
    #expect(UsageText(said).text(in: .english) == said)
  }

  @Test("a command's own check carries both languages through the parser")
  func ownChecks() {
    let said = "Error: " + UsageText.joined(.yesNeedsWhy) + "\nUsage: billing deliveries retry"
    #expect(UsageText(said).text(in: .english).hasPrefix("Error: --yes needs --why \"…\".\nUsage"))
    #expect(UsageText(said).text(in: .korean).hasPrefix("오류: --yes에는 --why \"…\"가 필요합니다.\n사용법"))
  }

  @Test("what may stand there may: codes, options, commands, settings, names of files")
  func words() {
    #expect(EnglishWords.runs(in: "먼저 `billing settle` 실행, --expect x y.z").isEmpty)
    #expect(
      EnglishWords.runs(in: "실패: no such file. (원문: connection was lost)") == ["no such file"])
  }

  private func isKorean(_ text: Substring) -> Bool {
    text.unicodeScalars.contains { (0xAC00...0xD7A3).contains($0.value) }
  }

  /// Without `\(…)`, however deep.
  private func withoutInterpolations(_ literal: String) -> String {
    var text = ""
    var depth = 0
    var rest = literal[...]
    while let character = rest.first {
      if depth == 0, rest.hasPrefix("\\(") {
        depth = 1
        rest = rest.dropFirst(2)
        text += "…"
        continue
      }
      if depth > 0 {
        if character == "(" { depth += 1 }
        if character == ")" { depth -= 1 }
      } else {
        text.append(character)
      }
      rest = rest.dropFirst()
    }
    return text
  }
}

/// English in a Korean text.
enum EnglishWords {
  /// Two or more words in a row, but for what is quoted: commands in backquotes, what somebody else
  /// said, options, settings, places.
  static func runs(in text: String) -> [String] {
    let plain = text.replacing(#/`[^`]*`/#, with: "…").replacing(#/\(원문: .*\)/#, with: "…")
      .replacing(#/"[^"]*"/#, with: "…").replacing(#/'[^']*'/#, with: "…")
      .replacing(#/--[a-z-]+( [a-z]+)?/#, with: "…")
      .replacing(#/billing( [a-z-]+)+/#, with: "…")
    return plain.matches(of: #/\b[A-Za-z][a-z]+(?: [A-Za-z][a-z]+)+\b/#).map { String($0.0) }
  }
}
