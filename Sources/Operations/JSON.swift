/// A JSON text that is about to be written; its keys stay in the order given.
package indirect enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number already written out, such as `0.250`: exact, never through binary floating point.
  case decimal(String)
  case string(String)
  case array([JSON])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package let key: String
    package let value: JSON

    package init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  package static func number(_ value: some BinaryInteger) -> JSON { .integer(Int64(value)) }

  package static func optional(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

  /// Indented by two spaces, a line break at the end.
  package var text: String {
    var text = ""
    write(to: &text, indentation: "")
    return text + "\n"
  }

  /// On one line, without a line break.
  package var line: String {
    var text = ""
    write(to: &text, indentation: nil)
    return text
  }

  private func write(to text: inout String, indentation: String?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .decimal(let digits): text += digits
    case .string(let value): text += Self.quoted(value)
    case .array(let values):
      write(values, between: ("[", "]"), to: &text, indentation: indentation) {
        $0.write(to: &$1, indentation: $2)
      }
    case .object(let members):
      write(members, between: ("{", "}"), to: &text, indentation: indentation) {
        $1 += Self.quoted($0.key) + ": "
        $0.value.write(to: &$1, indentation: $2)
      }
    }
  }

  private func write<Item>(
    _ items: [Item], between brackets: (String, String), to text: inout String,
    indentation: String?, item: (Item, inout String, String?) -> Void
  ) {
    text += brackets.0
    let inner = indentation.map { $0 + "  " }
    for (position, value) in items.enumerated() {
      if position > 0 { text += inner == nil ? ", " : "," }
      if let inner { text += "\n" + inner }
      item(value, &text, inner)
    }
    if let indentation, !items.isEmpty { text += "\n" + indentation }
    text += brackets.1
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

extension JSON: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map(Member.init))
  }
}

extension JSON: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) {
    self = .string(value)
  }
}
