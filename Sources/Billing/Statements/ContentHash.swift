import Crypto

/// A SHA-256 digest: 32 bytes.
package struct ContentHash: Hashable, Comparable, Sendable {
  // Four words instead of an array: no allocation, and comparing is comparing numbers.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// The digest of some bytes.
  package init(of bytes: some Sequence<UInt8>) {
    var hasher = ContentHasher()
    hasher.update(bytes)
    self = hasher.finish()
  }

  /// `nil` unless there are exactly 32 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var rest = bytes.makeIterator()
    func word() -> UInt64 {
      var word: UInt64 = 0
      for _ in 0..<8 { word = word << 8 | UInt64(rest.next() ?? 0) }
      return word
    }
    words = (word(), word(), word(), word())
  }

  /// `nil` unless the text is 64 hexadecimal digits.
  package init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for position in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.value(of: digits[position]),
        let low = Self.value(of: digits[position + 1])
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.init(bytes: bytes)
  }

  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(32)
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return result
  }

  /// Writes the 32 bytes where a C library or a hasher reads them.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    var big = (
      words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian
    )
    return try withUnsafeBytes(of: &big) { try body($0) }
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 64) { buffer in
      var position = 0
      for byte in bytes {
        buffer[position] = digits[Int(byte >> 4)]
        buffer[position + 1] = digits[Int(byte & 15)]
        position += 2
      }
      return 64
    }
  }

  package static func == (left: ContentHash, right: ContentHash) -> Bool {
    left.words == right.words
  }

  package static func < (left: ContentHash, right: ContentHash) -> Bool {
    left.words < right.words
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 97...102: digit - 87
    case 65...70: digit - 55
    default: nil
    }
  }
}

extension ContentHash: CustomStringConvertible {
  package var description: String { hex }
}

/// Digests bytes piece by piece.
package struct ContentHasher {
  private var sha = SHA256()

  package init() {}

  package mutating func update(_ bytes: some Sequence<UInt8>) {
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable {
      sha.update(bufferPointer: UnsafeRawBufferPointer($0))
    }
    if contiguous == nil { sha.update(data: Array(bytes)) }
  }

  /// The number as 8 big-endian bytes.
  package mutating func update(_ number: Int64) {
    withUnsafeBytes(of: number.bigEndian) { sha.update(bufferPointer: $0) }
  }

  package mutating func update(_ hash: ContentHash) {
    hash.withBytes { sha.update(bufferPointer: $0) }
  }

  package func finish() -> ContentHash {
    let digest = sha.finalize()
    return digest.withUnsafeBytes { ContentHash(bytes: $0)! }  // SHA-256 is 32 bytes
  }
}
