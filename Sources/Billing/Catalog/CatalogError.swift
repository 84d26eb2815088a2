/// What is wrong with a catalog's text, and where.
package struct CatalogError: Error, Hashable, Sendable {
  package enum Problem: Hashable, Sendable {
    /// Not YAML at all; what the parser says.
    case syntax(String)
    case unknownKey
    case missingKey
    case duplicateKey
    /// A code, a category or a tier that was given before.
    case duplicate
    /// A second discount of kind `bundle`.
    case secondBundle
    case expectedMapping
    case expectedList
    case expectedText
    /// A text or a code with something in it that must not be.
    case text(TextFault)
    /// A whole number without quotes.
    case expectedInteger
    /// A decimal in quotes with at most 18 digits, 9 of them after the point.
    case expectedQuotedDecimal
    /// Below the smallest number allowed here.
    case tooSmall(minimum: Int64)
    /// A rate below 0, or a share above 1.
    case rateOutOfRange
    case empty
    case invalidMonth
    case unknownCurrency
    case unknownTimeZone
    case unknownCategory
    /// None of the words that are allowed here.
    case unknownValue
  }

  package var problem: Problem
  /// The key path, `plans[3].overage.data_mb.rate`, counted from 0; empty for the whole text.
  package var path: String
  /// From 1, where the parser gives it.
  package var line: Int?
  package var column: Int?

  package init(_ problem: Problem, path: String, line: Int?, column: Int?) {
    self.problem = problem
    self.path = path
    self.line = line
    self.column = column
  }
}

extension CatalogError: CustomStringConvertible {
  /// `12:34: plans[3].overage.data_mb.rate: expected a decimal in quotes`.
  package var description: String {
    var parts: [String] = []
    if let line { parts.append(column.map { "\(line):\($0)" } ?? "\(line)") }
    if !path.isEmpty { parts.append(path) }
    parts.append(problem.description)
    return parts.joined(separator: ": ")
  }
}

extension CatalogError {
  /// `plans[3].overage.data_mb.rate: expected a decimal in quotes`; the place goes by itself.
  package func text(in locale: BillLocale) -> String {
    let what = problem.text(in: locale)
    return path.isEmpty ? what : "\(path): \(what)"
  }
}

extension CatalogError.Problem: CustomStringConvertible {
  package var description: String { text(in: .english) }

  /// What the problem is, without a full stop.
  package func text(in locale: BillLocale) -> String {
    let (english, korean) = texts
    return switch locale {
    case .english: english
    case .korean: korean
    }
  }

  private var texts: (english: String, korean: String) {
    switch self {
    // The parser speaks English alone, and the place says where to look.
    case .syntax(let text): ("not YAML: \(text)", "YAML 문법에 맞지 않습니다")
    case .unknownKey: ("unknown key", "알 수 없는 키입니다")
    case .missingKey: ("missing", "빠져 있습니다")
    case .duplicateKey: ("the key is there twice", "키가 두 번 나옵니다")
    case .duplicate: ("given before", "앞에서 이미 나왔습니다")
    case .secondBundle:
      (
        "a catalog has one discount of kind bundle at most",
        "bundle 종류의 할인은 요금제·정책표에 하나만 둘 수 있습니다"
      )
    case .expectedMapping: ("expected a mapping of keys to values", "키와 값의 묶음이어야 합니다")
    case .expectedList: ("expected a list", "목록이어야 합니다")
    case .text(let fault): (fault.text(in: .english), fault.text(in: .korean))
    case .empty: ("must not be empty", "비어 있으면 안 됩니다")
    default: valueTexts
    }
  }

  private var valueTexts: (english: String, korean: String) {
    switch self {
    case .expectedText:
      (
        "expected a text; what could be read as a number or a flag needs quotes",
        "텍스트여야 합니다. 숫자나 참·거짓으로 읽힐 수 있는 값은 따옴표로 감싸야 합니다"
      )
    case .expectedInteger:
      (
        "expected a whole number without quotes, within 64 bits",
        "따옴표 없는 정수(64비트)여야 합니다"
      )
    case .expectedQuotedDecimal:
      (
        "expected a decimal in quotes, of at most 18 digits, 9 of them after the point",
        "따옴표로 감싼 십진수여야 합니다. 18자리 이하, 소수점 아래 9자리 이하입니다"
      )
    case .tooSmall(let minimum): ("must be \(minimum) or more", "\(minimum) 이상이어야 합니다")
    case .rateOutOfRange:
      (
        "out of range: a rate is 0 or more, a share at most 1",
        "범위를 벗어났습니다. 단가는 0 이상, 비율은 1 이하입니다"
      )
    case .invalidMonth: ("expected a month, YYYY-MM", "YYYY-MM 월이어야 합니다")
    case .unknownCurrency: ("unknown currency", "알 수 없는 통화입니다")
    case .unknownTimeZone:
      (
        "unknown time zone; expected a name such as Asia/Seoul",
        "알 수 없는 시간대입니다. Asia/Seoul 같은 이름이어야 합니다"
      )
    case .unknownCategory:
      (
        "unknown category; expected plan, addOn or usage",
        "알 수 없는 분류입니다. plan, addOn, usage 중 하나여야 합니다"
      )
    default: ("none of the words allowed here", "여기에 쓸 수 없는 값입니다")
    }
  }
}
