import Yams

/// A value of a catalog's text with its key path, read by the type that is asked for.
struct CatalogNode {
  private let node: Node
  private let path: String

  private init(_ node: Node, path: String) {
    self.node = node
    self.path = path
  }

  init(yaml: String) throws(CatalogError) {
    let root: Node?
    do {
      // Without the resolver's rules, which would read 0.10 as a float: types are decided here.
      // A byte order mark, as some editors write it, is no part of the text.
      let text = yaml.unicodeScalars.first == "\u{FEFF}" ? yaml.unicodeScalars.dropFirst() : nil
      root = try Yams.compose(yaml: text.map { String($0) } ?? yaml, .basic)
    } catch let error as YamlError {
      throw CatalogError(error)
    } catch {
      throw CatalogError(.syntax("unreadable"), path: "", line: nil, column: nil)
    }
    guard let root else { throw CatalogError(.empty, path: "", line: nil, column: nil) }
    self.init(root, path: "")
  }

  func error(_ problem: CatalogError.Problem) -> CatalogError {
    CatalogError(problem, path: path, line: node.mark?.line, column: node.mark?.column)
  }

  /// Any keys, in their order.
  func entries() throws(CatalogError) -> [(key: String, value: CatalogNode)] {
    guard case .mapping(let mapping) = node else { throw error(.expectedMapping) }
    var entries: [(key: String, value: CatalogNode)] = []
    var keys: Set<String> = []
    for (keyNode, valueNode) in mapping {
      // A metric, or one of the words that are known: both are compared by their bytes.
      let key = try CatalogNode(keyNode, path: path).code()
      let value = CatalogNode(valueNode, path: path.isEmpty ? key : "\(path).\(key)")
      guard keys.insert(key).inserted else { throw value.error(.duplicateKey) }
      entries.append((key, value))
    }
    return entries
  }

  /// Exactly these keys.
  func fields(
    required: [String], optional: [String] = []
  ) throws(CatalogError) -> Fields {
    var values: [String: CatalogNode] = [:]
    for (key, value) in try entries() {
      guard required.contains(key) || optional.contains(key) else {
        throw value.error(.unknownKey)
      }
      values[key] = value
    }
    for key in required where values[key] == nil {
      let missing = CatalogNode(node, path: path.isEmpty ? key : "\(path).\(key)")
      throw missing.error(.missingKey)
    }
    return Fields(values: values)
  }

  /// The values of a mapping whose keys were checked.
  struct Fields {
    fileprivate let values: [String: CatalogNode]

    /// A required one.
    subscript(key: String) -> CatalogNode {
      guard let value = values[key] else { preconditionFailure("\(key) is not a required key") }
      return value
    }

    func optional(_ key: String) -> CatalogNode? { values[key] }
  }

  func list<Value>(
    _ value: (CatalogNode) throws(CatalogError) -> Value
  ) throws(CatalogError) -> [Value] {
    guard case .sequence(let sequence) = node else { throw error(.expectedList) }
    var values: [Value] = []
    for (position, element) in sequence.enumerated() {
      values.append(try value(CatalogNode(element, path: "\(path)[\(position)]")))
    }
    return values
  }

  /// An element of a list that was read.
  func element(_ position: Int) -> CatalogNode {
    CatalogNode(node.sequence?[position] ?? node, path: "\(path)[\(position)]")
  }

  /// Refuses a list in which two elements have the same text under a key, or are the same text.
  func refuseDuplicates(of key: String?, _ texts: [String]) throws(CatalogError) {
    var seen: Set<String> = []
    for (position, text) in texts.enumerated() where !seen.insert(text).inserted {
      let element = element(position)
      let suffix = key.map { ".\($0)" } ?? ""
      throw CatalogNode(element.node, path: element.path + suffix).error(.duplicate)
    }
  }

  /// A text that customers read.
  func text() throws(CatalogError) -> String {
    let text = try scalarText()
    if let fault = TextRule.prose.fault(in: text) { throw error(.text(fault)) }
    return text
  }

  /// A key or a code, in normal form.
  func code() throws(CatalogError) -> String {
    let text = try scalarText()
    do {
      return try String(code: text)
    } catch {
      throw self.error(.text(error))
    }
  }

  /// Not empty.
  private func scalarText() throws(CatalogError) -> String {
    guard case .scalar(let scalar) = node, scalar.style != .plain || !isAmbiguous(scalar.string)
    else { throw error(.expectedText) }
    if scalar.string.isEmpty { throw error(.empty) }
    return scalar.string
  }

  func isText(_ text: String) -> Bool {
    if case .scalar(let scalar) = node { scalar.string == text } else { false }
  }

  /// A text that stands for a value; `nil` from the closure is the problem.
  func value<Value>(
    _ problem: CatalogError.Problem, _ value: (String) -> Value?
  ) throws(CatalogError) -> Value {
    guard let value = value(try code()) else { throw error(problem) }
    return value
  }

  /// A whole number in plain decimal digits.
  func integer(from minimum: Int64) throws(CatalogError) -> Int64 {
    guard case .scalar(let scalar) = node, scalar.style == .plain,
      let number = Int64(scalar.string), String(number) == scalar.string
    else { throw error(.expectedInteger) }
    guard number >= minimum else { throw error(.tooSmall(minimum: minimum)) }
    return number
  }

  /// A decimal of 0 or more in quotes.
  func decimal() throws(CatalogError) -> FixedDecimal {
    guard case .scalar(let scalar) = node,
      scalar.style == .doubleQuoted || scalar.style == .singleQuoted,
      let decimal = FixedDecimal(scalar.string)
    else { throw error(.expectedQuotedDecimal) }
    if decimal.isNegative { throw error(.rateOutOfRange) }
    return decimal
  }

  /// Whether some YAML reader takes a text without quotes for nothing, a flag, a number or a date.
  private func isAmbiguous(_ plain: String) -> Bool {
    let words = [
      "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf",
      "-.inf", "+.inf", ".nan", "<<", "=",
    ]
    let lowercased = plain.lowercased()
    return words.contains(lowercased) || ["0x", "0o", "0b"].contains(lowercased.prefix(2))
      || lowercased.utf8.allSatisfy("0123456789+-._:,e".utf8.contains)
  }
}

extension CatalogError {
  /// The parser's own errors, whose texts quote the whole document.
  fileprivate init(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(.syntax(problem), path: "", line: mark.line, column: mark.column)
    case .reader(let problem, _, _, _):
      self.init(.syntax(problem), path: "", line: nil, column: nil)
    case .duplicatedKeysInMapping(let keys, let context):
      self.init(
        .duplicateKey, path: keys.first ?? "", line: context.mark.line,
        column: context.mark.column)
    default: self.init(.syntax("unreadable"), path: "", line: nil, column: nil)
    }
  }
}
