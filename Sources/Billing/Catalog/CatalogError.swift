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
    case expectedMapping
    case expectedList
    case expectedText
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

extension CatalogError.Problem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .syntax(let text): "not YAML: \(text)"
    case .unknownKey: "unknown key"
    case .missingKey: "missing"
    case .duplicateKey: "the key is there twice"
    case .duplicate: "given before"
    case .expectedMapping: "expected a mapping of keys to values"
    case .expectedList: "expected a list"
    case .expectedText: "expected a text; what could be read as a number or a flag needs quotes"
    case .expectedInteger: "expected a whole number without quotes, within 64 bits"
    case .expectedQuotedDecimal:
      "expected a decimal in quotes, of at most 18 digits, 9 of them after the point"
    case .tooSmall(let minimum): "must be \(minimum) or more"
    case .rateOutOfRange: "out of range: a rate is 0 or more, a share at most 1"
    case .empty: "must not be empty"
    case .invalidMonth: "expected a month, YYYY-MM"
    case .unknownCurrency: "unknown currency"
    case .unknownTimeZone: "unknown time zone; expected a name such as Asia/Seoul"
    case .unknownCategory: "unknown category; expected plan, addOn or usage"
    case .unknownValue: "none of the words allowed here"
    }
  }
}
