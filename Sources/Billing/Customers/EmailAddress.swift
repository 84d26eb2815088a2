/// What an e-mail address looks like. Whether somebody reads what is sent there, only sending tells.
package enum EmailAddress {
  /// RFC 5321's longest address, in bytes.
  package static let maximumLength = 254
  private static let maximumMailboxLength = 64
  private static let maximumLabelLength = 63

  /// `mailbox@domain`: the mailbox without spaces, quotes and points in the wrong place, the domain of
  /// two labels or more.
  package static func isPlausible(_ text: String) -> Bool {
    var text = text
    let (isPlausible, isASCII) = text.withUTF8 { bytes in
      guard bytes.count <= maximumLength,
        let at = bytes.firstIndex(of: UInt8(ascii: "@"))
      else { return (false, true) }
      let isPlausible =
        isMailbox(UnsafeBufferPointer(rebasing: bytes[..<at]))
        && isDomain(UnsafeBufferPointer(rebasing: bytes[(at + 1)...]))
      return (isPlausible, bytes.allSatisfy { $0 < 0x80 })
    }
    guard isPlausible, !isASCII else { return isPlausible }
    return !text.unicodeScalars.contains(where: \.properties.isWhitespace)
  }

  private static func isMailbox(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard (1...maximumMailboxLength).contains(bytes.count) else { return false }
    var before = UInt8(ascii: ".")
    for byte in bytes {
      switch byte {
      case UInt8(ascii: ".") where before == byte: return false
      case 0...0x20, 0x7F: return false
      case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","),
        UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"),
        UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"):
        return false
      default: before = byte
      }
    }
    return before != UInt8(ascii: ".")
  }

  /// Labels of letters, also those beyond ASCII, digits, and hyphens between them; the last is no
  /// number, as in an address of four of them.
  private static func isDomain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var labels = 1
    var length = 0
    var isNumber = true
    var before = UInt8(ascii: ".")
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "."):
        guard length > 0, before != UInt8(ascii: "-") else { return false }
        labels += 1
        (length, isNumber) = (-1, true)
      case UInt8(ascii: "-"):
        guard length > 0 else { return false }
        isNumber = false
      case 48...57: break
      case 65...90, 97...122, 0x80...: isNumber = false
      default: return false
      }
      length += 1
      guard length <= maximumLabelLength else { return false }
      before = byte
    }
    return labels >= 2 && length > 0 && before != UInt8(ascii: "-") && !isNumber
  }
}
