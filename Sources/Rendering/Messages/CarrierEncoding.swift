import Foundation
import Glibc

/// The carriers' encoding, CP949 (UHC): ASCII in one byte, Hangul and the signs of KS X 1001 in two.
///
/// A character that CP949 lacks is replaced by a fixed rule, in this order:
/// 1. decomposed Hangul (consonants and vowels of their own) is composed;
/// 2. the signs of `replacements`: `₩` is `￦`, `¥` is `￥`, dashes are `-`, special spaces are
///    spaces, `•` is `·`, `©` is `(C)`;
/// 3. a letter with a mark is the letter: `é` is `e`;
/// 4. marks of their own, joiners, variation selectors, controls other than line feed, and emoji
///    are left out;
/// 5. anything else is `?`.
package struct CarrierEncoding: Sendable {
  /// The bytes of each character of the basic plane, the first in the high byte; a single byte in
  /// the low one; 0 for what CP949 lacks.
  private let codes: [UInt16]

  /// `nil` when the C library's tables lack CP949 (Debian: package `libc6`, folder `gconv`).
  package static let cp949: CarrierEncoding? = CarrierEncoding()

  private init?() {
    guard var converter = IconvConverter(to: "CP949", from: "UTF-32LE") else { return nil }
    var codes = [UInt16](repeating: 0, count: 0x10000)
    for value in UInt32(0x20)..<0x10000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      codes[Int(value)] = converter.code(of: scalar)
    }
    codes[10] = 10
    self.codes = codes
  }

  // MARK: Encoding

  /// Appends a UTF-8 text.
  package func encode(utf8 text: some Collection<UInt8>, into output: inout [UInt8]) {
    var pending: Unicode.Scalar?
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      // Decomposed Hangul arrives as two or three scalars that follow each other.
      if let last = pending {
        if let composed = Self.composed(last, scalar) {
          pending = composed
          continue
        }
        append(last, to: &output)
      }
      pending = scalar
    }
    if let pending { append(pending, to: &output) }
  }

  package func encode(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    encode(utf8: text.utf8, into: &output)
    return output
  }

  private func append(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
    if append(known: scalar, to: &output) { return }
    if let replacement = Self.replacements[scalar] {
      for scalar in replacement.unicodeScalars { _ = append(known: scalar, to: &output) }
    } else if let base = Self.base(of: scalar), append(known: base, to: &output) {
      return
    } else if !Self.isLeftOut(scalar) {
      output.append(UInt8(ascii: "?"))
    }
  }

  private func append(known scalar: Unicode.Scalar, to output: inout [UInt8]) -> Bool {
    guard scalar.value < 0x10000 else { return false }
    let code = codes[Int(scalar.value)]
    guard code != 0 else { return false }
    if code > 0xFF { output.append(UInt8(code >> 8)) }
    output.append(UInt8(code & 0xFF))
    return true
  }

  // MARK: What CP949 lacks

  private static let replacements: [Unicode.Scalar: String] = {
    var table: [Unicode.Scalar: String] = [
      "₩": "￦", "¥": "￥", "£": "￡", "¢": "￠", "•": "·", "©": "(C)", "‹": "<", "›": ">",
      "«": "<<", "»": ">>",
    ]
    for dash in ["\u{2010}", "\u{2011}", "\u{2012}", "–", "—", "−"] as [Unicode.Scalar] {
      table[dash] = "-"
    }
    for space in ["\u{A0}", "\u{202F}", "\u{205F}", "\t"] as [Unicode.Scalar] {
      table[space] = " "
    }
    for space in UInt32(0x2000)...0x200A { table[Unicode.Scalar(space)!] = " " }  // no surrogates
    return table
  }()

  /// The letter under its marks; `nil` when there is none.
  private static func base(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
    let decomposed = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
    guard decomposed.count > 1, let first = decomposed.first else { return nil }
    return first
  }

  private static func isLeftOut(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isDefaultIgnorableCodePoint || properties.isEmojiPresentation { return true }
    if properties.isEmoji || properties.isEmojiModifier { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark, .control, .format: return true
    default: return false
    }
  }

  /// A leading consonant with a vowel, or such a syllable with a final consonant; `nil` for others.
  private static func composed(_ first: Unicode.Scalar, _ second: Unicode.Scalar)
    -> Unicode.Scalar?
  {
    let (a, b) = (first.value, second.value)
    if (0x1100...0x1112).contains(a), (0x1161...0x1175).contains(b) {
      return Unicode.Scalar(0xAC00 + ((a - 0x1100) * 21 + (b - 0x1161)) * 28)
    }
    if (0xAC00...0xD7A3).contains(a), (a - 0xAC00).isMultiple(of: 28),
      (0x11A8...0x11C2).contains(b)
    {
      return Unicode.Scalar(a + (b - 0x11A7))
    }
    return nil
  }

  // MARK: Cutting and reading

  /// The longest beginning of an encoded text that is at most `limit` bytes and ends between two
  /// characters.
  package static func prefix(of bytes: [UInt8], limit: Int) -> ArraySlice<UInt8> {
    guard bytes.count > limit else { return bytes[...] }
    var end = 0
    while end < limit {
      // A first byte of 0x81 and up has a second one.
      let width = bytes[end] > 0x80 ? 2 : 1
      guard end + width <= limit else { break }
      end += width
    }
    return bytes[..<end]
  }

  /// The text of encoded bytes, to show it; `nil` when they are not CP949.
  package static func decode(_ bytes: some Collection<UInt8>) -> String? {
    guard var converter = IconvConverter(to: "UTF-8", from: "CP949") else { return nil }
    return converter.converted(Array(bytes)).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Owns an `iconv_t`.
private struct IconvConverter: ~Copyable {
  private let descriptor: iconv_t

  /// `nil` when the C library does not know one of the encodings.
  init?(to target: String, from source: String) {
    guard let descriptor = iconv_open(target, source), Int(bitPattern: descriptor) != -1 else {
      return nil
    }
    self.descriptor = descriptor
  }

  deinit {
    iconv_close(descriptor)
  }

  /// One or two bytes as a number; 0 when the target has no such character.
  mutating func code(of scalar: Unicode.Scalar) -> UInt16 {
    let value = scalar.value
    let input = (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
    guard let bytes = converted(input) else { return 0 }
    switch bytes.count {
    case 1: return UInt16(bytes[0])
    case 2: return UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    default: return 0
    }
  }

  /// `nil` when the input is not of the source's encoding, or the target lacks a character.
  mutating func converted(_ input: [UInt8]) -> [UInt8]? {
    var input = input
    // No encoding used here makes more than three bytes of one.
    var output = [UInt8](repeating: 0, count: input.count * 3 + 4)
    var inputLeft = input.count
    var outputLeft = output.count
    let result = input.withUnsafeMutableBytes { input in
      output.withUnsafeMutableBytes { output in
        var from = input.baseAddress?.assumingMemoryBound(to: CChar.self)
        var to = output.baseAddress?.assumingMemoryBound(to: CChar.self)
        return iconv(descriptor, &from, &inputLeft, &to, &outputLeft)
      }
    }
    guard Int(result) != -1 else {
      // Back to the initial state, for the next input.
      _ = iconv(descriptor, nil, nil, nil, nil)
      return nil
    }
    return Array(output[..<(output.count - outputLeft)])
  }
}
