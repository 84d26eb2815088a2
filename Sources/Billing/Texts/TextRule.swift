/// What a text from outside may hold, by what it is for.
package enum TextRule: Sendable {
  /// A key or a code: compared by its bytes everywhere behind the door.
  case code
  /// A person's name or address: what it looks like has to be what it is.
  case name
  /// What a customer reads on a bill: as a name, but emoji may join and choose their form.
  case prose

  /// The first thing in a text that it must not hold; `nil` where it is fine. An empty text holds
  /// nothing.
  package func fault(in text: String) -> TextFault? {
    let scalars = text.unicodeScalars
    for scalar in scalars where !scalar.isPlain {
      if let fault = fault(of: scalar) { return fault }
    }
    guard let first = scalars.first, let last = scalars.last else { return nil }
    if scalars.allSatisfy(\.properties.isWhitespace) { return .blank(NamedCharacter(first)) }
    guard self == .code else { return nil }
    let edge = [first, last].first(where: \.properties.isWhitespace)
    return edge.map { .blankAtEdge(NamedCharacter($0)) }
  }

  private func fault(of scalar: Unicode.Scalar) -> TextFault? {
    let named = NamedCharacter(scalar)
    switch scalar.value {
    case 0x0A...0x0D, 0x85, 0x2028, 0x2029: return .lineBreak(named)
    case 0..<0x20, 0x7F..<0xA0: return .controlCharacter(named)
    default: break
    }
    let properties = scalar.properties
    if properties.isBidiControl { return .turnsDirection(named) }
    if self == .prose, Self.shapesEmoji(scalar) { return nil }
    if properties.isDefaultIgnorableCodePoint || Self.isUnseen(scalar) { return .invisible(named) }
    if self == .code, properties.generalCategory == .unassigned { return .noCharacter(named) }
    return nil
  }

  /// The joiner, and what chooses between a sign's form as text and as emoji.
  private static func shapesEmoji(_ scalar: Unicode.Scalar) -> Bool {
    [0x200D, 0xFE0E, 0xFE0F].contains(scalar.value)
  }

  /// Not ignorable by Unicode's list, and not to be seen either: marks around annotations, the place
  /// of an object, and Braille without dots.
  private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xFFF9...0xFFFC, 0x2800: true
    default: false
    }
  }
}

extension Unicode.Scalar {
  /// Fine in every text: nearly every character is told by its number alone.
  fileprivate var isPlain: Bool {
    switch value {
    case 0x20..<0x7F, 0xAE..<0x300, 0x3400..<0x4DC0, 0x4E00..<0xA000, 0xAC00..<0xD7A4: true
    default: false
    }
  }
}

extension String {
  /// A key or a code as it is kept: checked, and in normal form, so that comparing its bytes and
  /// comparing it as text come to the same.
  package init(code text: String) throws(TextFault) {
    if text.isEmpty { throw .empty }
    if let fault = TextRule.code.fault(in: text) { throw fault }
    self = text.inNormalForm
  }
}
