// `==` on texts goes by the standard library's own tables, and Foundation brings others: with those,
// two texts that are equal here could be left with different bytes. So the library's normal form is
// taken, which is not public yet; a test compares the two over all of Unicode.
@_spi(_Unicode) import Swift

extension String {
  /// The text in Unicode's normalization form C: texts that are canonically equivalent, which `==`
  /// takes for equal, have the same bytes in it.
  package var inNormalForm: String {
    if unicodeScalars.allSatisfy(\.isAlwaysNormal) { return self }
    var scalars = String.UnicodeScalarView()
    for scalar in _nfc { scalars.append(scalar) }
    return String(scalars)
  }

  /// Whether two texts are the same byte for byte; for `==` two are also the same when they only
  /// compose their letters differently, and such a change would be taken for none.
  package func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension Unicode.Scalar {
  /// Whether a text of such characters alone is in the form already: none of them is ever composed
  /// with another, taken apart or moved.
  fileprivate var isAlwaysNormal: Bool {
    switch value {
    case 0..<0x300, 0x3400..<0x4DC0, 0x4E00..<0xA000, 0xAC00..<0xD7A4: true
    default: false
    }
  }
}
