import Assembly

/// What is said of a command line that is wrong. The parser speaks English: what it says is put into
/// the reader's language here, and what is not known is quoted.
struct UsageText {
  /// Between the languages of a text that the parser carries.
  private static let separator: Character = "\u{1F}"

  private let full: String

  /// - Parameter full: the parser's whole message: `Error: …`, help, usage.
  init(_ full: String) {
    self.full = full
  }

  static func joined(_ phrase: Phrase) -> String {
    phrase.english + String(separator) + phrase.korean
  }

  func text(in language: Language) -> String {
    switch language {
    case .english: said(in: language)
    case .korean:
      said(in: language)
        .replacing("Error: ", with: "오류: ", maxReplacements: 1)
        .replacing("\nUsage: ", with: "\n사용법: ", maxReplacements: 1)
        .replacing(#/\n  See '(.+)' for more information\./#, maxReplacements: 1) {
          "\n  자세한 내용: \($0.1)"
        }
        // What an argument means is said by --help, in English.
        .replacing(#/\nHelp:  .*/#, with: "", maxReplacements: 1)
    }
  }

  /// The message with its error in one language.
  private func said(in language: Language) -> String {
    guard full.hasPrefix("Error: ") else { return full }
    let body = full.dropFirst("Error: ".count)
    let end = ["\nHelp:", "\nUsage:"].compactMap { body.firstRange(of: $0)?.lowerBound }.min()
    let said = String(body[..<(end ?? body.endIndex)])
    let own = said.split(separator: Self.separator, maxSplits: 1).map(String.init)
    let phrase =
      own.count == 2 ? Phrase(own[0], ko: own[1]) : Phrase(said, ko: Self.korean(of: said))
    return "Error: " + phrase.text(in: language) + body[(end ?? body.endIndex)...]
  }

  private static func korean(of error: String) -> String {
    if let match = error.wholeMatch(of: #/Unknown option '(.+)'\. Did you mean '(.+)'\?/#) {
      return "알 수 없는 옵션 '\(match.1)'. '\(match.2)'을(를) 뜻하셨습니까?"
    }
    if let match = error.wholeMatch(of: #/Unknown option '(.+)'/#) {
      return "알 수 없는 옵션 '\(match.1)'."
    }
    if let match = error.wholeMatch(of: #/Missing value for '(.+)'/#) {
      return "'\(match.1)'에 값이 없습니다."
    }
    if let match = error.wholeMatch(of: #/Missing expected argument '(.+)'/#) {
      return "'\(match.1)'을(를) 지정해야 합니다."
    }
    if let match = error.wholeMatch(of: #/Unexpected argument '(.+)'/#) {
      return "쓸 수 없는 인자 '\(match.1)'."
    }
    if let match = error.wholeMatch(of: #/[0-9]+ unexpected arguments: (.+)/#) {
      return "쓸 수 없는 인자: \(match.1)."
    }
    if let match = error.wholeMatch(
      of: #/The option '(.+)' does not take any value, but '(.*)' was specified\./#)
    {
      return "'\(match.1)' 옵션은 값을 받지 않습니다: '\(match.2)'."
    }
    if let match = error.prefixMatch(of: #/The value '(.*)' is invalid for '(.+?)'/#) {
      let rest = error[match.range.upperBound...].matches(of: #/'([^']+)'/#).map(\.1)
      let choices = rest.isEmpty ? "" : " 다음 중 하나를 지정하십시오: \(rest.joined(separator: ", "))."
      return "'\(match.2)'에 쓸 수 없는 값입니다: '\(match.1)'.\(choices)"
    }
    if error == "Missing required subcommand." { return "하위 명령을 지정해야 합니다." }
    return "명령을 이해할 수 없습니다. (원문: \(error))"
  }
}
