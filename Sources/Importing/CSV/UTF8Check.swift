/// Strict UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Check {
  /// Where the first byte lies that no valid sequence begins with; `nil` when all is valid.
  static func firstInvalid(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let count = bytes.count
    var at = 0
    while at < count {
      at = endOfASCII(bytes, from: at)
      guard at < count else { return nil }
      guard let length = sequenceLength(bytes, at: at) else { return at }
      at += length
    }
    return nil
  }

  /// Skips ASCII, eight bytes at a time.
  private static func endOfASCII(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let raw = UnsafeRawBufferPointer(bytes)
    var at = start
    while at + 8 <= raw.count,
      raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      at += 8
    }
    while at < raw.count, raw[at] < 0x80 { at += 1 }
    return at
  }

  /// The length of the sequence that begins there; `nil` when it is not one.
  private static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, at: Int) -> Int? {
    let first = bytes[at]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0x00...0x7F: return 1
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    case 0xF1...0xF3: length = 4
    default: return nil
    }
    guard at + length <= bytes.count, second.contains(bytes[at + 1]) else { return nil }
    for next in 2..<max(2, length) where bytes[at + next] & 0xC0 != 0x80 { return nil }
    return length
  }
}
