/// A template that cannot be used, with the place where it goes wrong.
package struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Problem: Hashable, Sendable {
    /// A `{{` without its `}}`.
    case unclosedTag
    /// Not letters, digits and underscores, beginning with a letter.
    case badName(String)
    /// No such name here.
    case unknownName(String)
    /// `{{name}}` of a list or a flag.
    case notText(String)
    /// A section of a text.
    case notSection(String)
    /// A section that is never closed.
    case unclosedSection(String)
    /// `{{/name}}` where another section, or none, is open.
    case strayEnd(String, open: String?)
    /// Partials, inheritance, set delimiters, the implicit iterator: what bills do without.
    case notSupported(String)
    /// Sections deeper than `TemplateProgram.maximumDepth` lists.
    case tooDeep
    /// Even the shortest message made with it is longer than the carriers take, bytes.
    case doesNotFit(bytes: Int, limit: Int)
  }

  /// Which template, such as `sms.ko-KR body`.
  package var template: String
  /// From 1.
  package var line: Int
  /// From 1, in characters (Unicode scalars).
  package var column: Int
  package var problem: Problem

  package var description: String { "\(template):\(line):\(column): \(explanation)" }

  private var explanation: String {
    switch problem {
    case .unclosedTag: "the tag that begins here is never closed"
    case .badName(let name): "'\(name)' is not a name"
    case .unknownName(let name): "there is no '\(name)' here"
    case .notText(let name): "'\(name)' is not a text; use it as a section: {{#\(name)}}"
    case .notSection(let name): "'\(name)' is a text, not a list or a flag"
    case .unclosedSection(let name): "the section '\(name)' that begins here is never closed"
    case .strayEnd(let name, nil): "'\(name)' ends here, but no section is open"
    case .strayEnd(let name, let open?): "'\(name)' ends here, but '\(open)' is open"
    case .notSupported(let what): "\(what) are not supported"
    case .tooDeep: "lists lie more than \(TemplateProgram.maximumDepth) deep"
    case .doesNotFit(let bytes, let limit):
      "even the shortest message takes \(bytes) bytes, the carriers take \(limit)"
    }
  }
}
