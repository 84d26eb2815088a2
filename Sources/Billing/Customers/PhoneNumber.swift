/// What a phone number looks like.
package enum PhoneNumber {
  package enum Fault: Hashable, Sendable {
    case notANumber
    /// Long enough, and neither with a plus nor with a zero before it: a spreadsheet that takes it for
    /// a number leaves the zero out.
    case noLeadingZero
  }

  /// Digits with spaces, hyphens, points and brackets between them: with a plus before them 8 to 15,
  /// the first of them not 0 (E.164); without one 8 to 12, the first of them 0. `nil` for such a
  /// number.
  package static func fault(in text: String) -> Fault? {
    var digits = 0
    var first: UInt8?
    var isInternational = false
    for (position, byte) in text.utf8.enumerated() {
      switch byte {
      case 48...57:
        digits += 1
        first = first ?? byte
      case UInt8(ascii: "+") where position == 0: isInternational = true
      case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("),
        UInt8(ascii: ")"):
        break
      default: return .notANumber
      }
    }
    let beginsWithZero = first == UInt8(ascii: "0")
    if isInternational { return (8...15).contains(digits) && !beginsWithZero ? nil : .notANumber }
    if beginsWithZero { return (8...12).contains(digits) ? nil : .notANumber }
    return (7...11).contains(digits) ? .noLeadingZero : .notANumber
  }
}
