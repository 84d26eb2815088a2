/// What is wrong with the form of a row, and where.
package struct CSVFault: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// A quoted field is not closed before the file's end or the longest row's.
    case unclosedQuote
    /// A quote inside a field that does not begin with one.
    case strayQuote
    /// Something other than a comma or a line's end after a closing quote.
    case textAfterQuote
    /// A carriage return that no line feed follows.
    case strayCarriageReturn
    case rowTooLong(maximumBytes: Int)
    case invalidUTF8
  }

  package var kind: Kind
  /// The physical line, from 1.
  package var line: Int
  /// The character in that line, from 1, as an editor counts.
  package var character: Int

  package init(_ kind: Kind, line: Int, character: Int) {
    self.kind = kind
    self.line = line
    self.character = character
  }
}
