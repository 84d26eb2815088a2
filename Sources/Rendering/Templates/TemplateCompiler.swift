extension TemplateProgram {
  package enum Escaping: Sendable {
    /// `{{name}}` escapes what HTML gives a meaning.
    case html
    /// `{{name}}` writes the value as it is.
    case none
  }

  /// Compiles a Mustache source: variables (`{{name}}`, unescaped `{{{name}}}` and `{{&name}}`),
  /// sections, inverted sections, comments.
  ///
  /// - Parameter name: how an error names the template.
  /// - Throws: `TemplateError` for a source that does not parse, uses a name that the scope does not
  ///   have, or uses one as what it is not.
  package init(
    _ source: String, scope: TemplateScope, escaping: Escaping, name: String
  ) throws(TemplateError) {
    let source = Array(source.utf8)
    var compiler = TemplateCompiler(source: source, scope: scope, escaping: escaping, name: name)
    for token in try TemplateScanner.tokens(of: source, name: name) {
      try compiler.compile(token)
    }
    self = try compiler.finish()
  }
}

private struct TemplateCompiler {
  private struct Section {
    var name: String
    var offset: Int
    /// The instruction that begins it, whose target is known when it ends.
    var start: Int
    /// The cells of an item when the section goes through a list.
    var itemCells: Int?
  }

  private let source: [UInt8]
  private let escaping: TemplateProgram.Escaping
  private let name: String
  /// The scopes that names are looked for in, the bill's first.
  private var scopes: [TemplateScope]
  private var sections: [Section] = []
  private var instructions: [TemplateProgram.Instruction] = []
  private var literals: [UInt8] = []

  init(
    source: [UInt8], scope: TemplateScope, escaping: TemplateProgram.Escaping, name: String
  ) {
    self.source = source
    self.escaping = escaping
    self.name = name
    scopes = [scope]
  }

  mutating func compile(_ token: TemplateToken) throws(TemplateError) {
    switch token.kind {
    case .literal(let range): addLiteral(source[range])
    case .variable(let name, let escaped): try addVariable(name, escaped, at: token.offset)
    case .open(let name, let inverted): try open(name, inverted, at: token.offset)
    case .close(let name): try close(name, at: token.offset)
    case .comment: break
    }
  }

  consuming func finish() throws(TemplateError) -> TemplateProgram {
    if let section = sections.last {
      throw error(.unclosedSection(section.name), at: section.offset)
    }
    return TemplateProgram(instructions: instructions, literals: literals)
  }

  private mutating func addLiteral(_ bytes: ArraySlice<UInt8>) {
    // Literals that follow each other, where a standalone tag's line went, are one.
    if let last = instructions.last, last.operation == .literal, !isTarget(instructions.count) {
      instructions[instructions.count - 1].count += Int32(bytes.count)
    } else {
      instructions.append(
        .init(operation: .literal, target: Int32(literals.count), count: Int32(bytes.count)))
    }
    literals.append(contentsOf: bytes)
  }

  private mutating func addVariable(
    _ name: String, _ escaped: Bool, at offset: Int
  ) throws(TemplateError) {
    let (member, depth) = try find(name, at: offset)
    guard case .text(let cell) = member else { throw error(.notText(name), at: offset) }
    instructions.append(
      .init(
        operation: escaped && escaping == .html ? .escapedText : .text, depth: UInt8(depth),
        cell: UInt16(cell)))
  }

  private mutating func open(
    _ name: String, _ inverted: Bool, at offset: Int
  ) throws(TemplateError) {
    let (member, depth) = try find(name, at: offset)
    var section = Section(name: name, offset: offset, start: instructions.count)
    let cell: Int
    var operation: TemplateProgram.Instruction.Operation =
      inverted ? .skipIfAny : .skipUnlessAny
    switch member {
    case .text: throw error(.notSection(name), at: offset)
    case .flag(let flag): cell = flag
    case .list(let list, let item):
      cell = list
      if !inverted {
        guard scopes.count <= TemplateProgram.maximumDepth else {
          throw error(.tooDeep, at: offset)
        }
        operation = .enterList
        section.itemCells = item.cellCount
        scopes.append(item)
      }
    }
    instructions.append(
      .init(operation: operation, depth: UInt8(depth), cell: UInt16(cell)))
    sections.append(section)
  }

  private mutating func close(_ name: String, at offset: Int) throws(TemplateError) {
    guard let section = sections.last, section.name == name else {
      throw error(.strayEnd(name, open: sections.last?.name), at: offset)
    }
    sections.removeLast()
    if let itemCells = section.itemCells {
      scopes.removeLast()
      instructions.append(
        .init(
          operation: .nextItem, target: Int32(section.start + 1), count: Int32(itemCells)))
    }
    instructions[section.start].target = Int32(instructions.count)
  }

  /// Whether some section goes on at that instruction: then it begins a literal of its own.
  private func isTarget(_ position: Int) -> Bool {
    instructions.contains { $0.operation != .literal && Int($0.target) == position }
  }

  private func find(
    _ name: String, at offset: Int
  ) throws(TemplateError) -> (TemplateScope.Member, depth: Int) {
    for depth in scopes.indices.reversed() {
      if let member = scopes[depth].members[name] { return (member, depth) }
    }
    throw error(.unknownName(name), at: offset)
  }

  private func error(_ problem: TemplateError.Problem, at offset: Int) -> TemplateError {
    TemplateError(template: name, source: source, offset: offset, problem: problem)
  }
}
