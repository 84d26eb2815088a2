/// A piece of a template's source.
struct TemplateToken {
  enum Kind: Hashable {
    /// Bytes of the source, as they stand.
    case literal(Range<Int>)
    case variable(name: String, escaped: Bool)
    case open(name: String, inverted: Bool)
    case close(name: String)
    case comment
  }

  var kind: Kind
  /// Where in the source it begins.
  var offset: Int
}

/// Cuts a Mustache source into tokens, with the white space of standalone lines taken out as the
/// Mustache specification says: a section's tag, or a comment, alone on its line leaves no line.
struct TemplateScanner {
  private let source: [UInt8]
  private let name: String
  private var position = 0
  private var tokens: [TemplateToken] = []
  /// A tag's bytes in the source, by its token.
  private var extents: [Range<Int>] = []

  static func tokens(of source: [UInt8], name: String) throws(TemplateError) -> [TemplateToken] {
    var scanner = TemplateScanner(source: source, name: name)
    try scanner.scan()
    return scanner.withoutStandaloneSpace()
  }

  private init(source: [UInt8], name: String) {
    self.source = source
    self.name = name
  }

  // MARK: Tags

  private mutating func scan() throws(TemplateError) {
    while position < source.count {
      let start = position
      while position < source.count, !starts(with: "{{", at: position) { position += 1 }
      if position > start { append(.literal(start..<position), start..<position) }
      if position < source.count { try scanTag() }
    }
  }

  private mutating func scanTag() throws(TemplateError) {
    let start = position
    let isTriple = starts(with: "{{{", at: start)
    let inner = start + (isTriple ? 3 : 2)
    let closing = isTriple ? "}}}" : "}}"
    var end = inner
    while end < source.count, !starts(with: closing, at: end) { end += 1 }
    guard end < source.count else { throw error(.unclosedTag, at: start) }
    position = end + closing.utf8.count
    let kind = try kind(of: inner..<end, isTriple: isTriple, at: start)
    append(kind, start..<position)
  }

  private func kind(
    of content: Range<Int>, isTriple: Bool, at start: Int
  ) throws(TemplateError) -> TemplateToken.Kind {
    if isTriple { return .variable(name: try tagName(content, at: start), escaped: false) }
    let rest = content.dropFirst()
    switch source[content].first.map({ Unicode.Scalar($0) }) {
    case "!": return .comment
    case "#": return .open(name: try tagName(rest, at: start), inverted: false)
    case "^": return .open(name: try tagName(rest, at: start), inverted: true)
    case "/": return .close(name: try tagName(rest, at: start))
    case "&": return .variable(name: try tagName(rest, at: start), escaped: false)
    case ">": throw error(.notSupported("partials"), at: start)
    case "<", "$": throw error(.notSupported("parents and blocks"), at: start)
    case "=": throw error(.notSupported("set delimiters"), at: start)
    case "%": throw error(.notSupported("pragmas"), at: start)
    default: return .variable(name: try tagName(content, at: start), escaped: true)
    }
  }

  private func tagName(_ content: Range<Int>, at start: Int) throws(TemplateError) -> String {
    let text = String(decoding: source[content], as: UTF8.self).drop(while: \.isWhitespace)
    let trimmed = String(text.reversed().drop(while: \.isWhitespace).reversed())
    if trimmed == "." { throw error(.notSupported("lists of plain texts"), at: start) }
    let isName =
      trimmed.utf8.first.map(Self.isLetter) == true
      && trimmed.utf8.allSatisfy { Self.isLetter($0) || (48...57).contains($0) || $0 == 95 }
    guard isName else { throw error(.badName(trimmed), at: start) }
    return trimmed
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte)
  }

  private func starts(with text: String, at position: Int) -> Bool {
    source[position...].starts(with: text.utf8)
  }

  private mutating func append(_ kind: TemplateToken.Kind, _ extent: Range<Int>) {
    tokens.append(TemplateToken(kind: kind, offset: extent.lowerBound))
    extents.append(extent)
  }

  // MARK: Standalone lines

  private func withoutStandaloneSpace() -> [TemplateToken] {
    // What is cut off the start and the end of each literal.
    var cutFront = [Int](repeating: 0, count: tokens.count)
    var cutBack = [Int](repeating: 0, count: tokens.count)
    for (position, token) in tokens.enumerated() {
      switch token.kind {
      case .literal, .variable: continue
      case .open, .close, .comment: break
      }
      guard let before = spaceBefore(position), let after = spaceAfter(position) else { continue }
      if before > 0 { cutBack[position - 1] = before }
      if after > 0 { cutFront[position + 1] = after }
    }
    var result: [TemplateToken] = []
    for (position, token) in tokens.enumerated() {
      guard case .literal(let range) = token.kind else {
        result.append(token)
        continue
      }
      let lower = range.lowerBound + cutFront[position]
      let upper = range.upperBound - cutBack[position]
      if lower < upper {
        result.append(TemplateToken(kind: .literal(lower..<upper), offset: lower))
      }
    }
    return result
  }

  /// The blanks between the line's start and a tag; `nil` when there is something else.
  private func spaceBefore(_ position: Int) -> Int? {
    var at = extents[position].lowerBound
    let end = at
    while at > 0, Self.isBlank(source[at - 1]) { at -= 1 }
    guard at == 0 || source[at - 1] == 10 else { return nil }
    return end - at
  }

  /// The blanks and the line end after a tag; `nil` when there is something else before it.
  private func spaceAfter(_ position: Int) -> Int? {
    let start = extents[position].upperBound
    var at = start
    while at < source.count, Self.isBlank(source[at]) { at += 1 }
    if at == source.count { return at - start }
    if source[at] == 10 { return at + 1 - start }
    if source[at] == 13, at + 1 < source.count, source[at + 1] == 10 { return at + 2 - start }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  private func error(_ problem: TemplateError.Problem, at offset: Int) -> TemplateError {
    TemplateError(template: name, source: source, offset: offset, problem: problem)
  }
}

extension TemplateError {
  /// Works out line and column of a byte of the source.
  init(template: String, source: [UInt8], offset: Int, problem: Problem) {
    let before = source[..<offset]
    let lineStart = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
    self.init(
      template: template, line: before.count { $0 == 10 } + 1,
      column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1, problem: problem)
  }
}
