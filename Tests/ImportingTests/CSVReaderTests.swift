import Importing
import Testing

@Suite("Reading CSV")
struct CSVReaderTests {
  /// What a reader makes of some bytes: a row as `line: [field][field]`, a fault as
  /// `line:character kind`.
  static func read(
    _ bytes: [UInt8], blockBytes: Int = 4096, maximumRowBytes: Int = 65_536
  ) throws -> [String] {
    let reader = CSVReader(
      source: MemoryBytes(bytes), blockBytes: blockBytes, maximumRowBytes: maximumRowBytes)
    var seen: [String] = []
    while true {
      switch try reader.next() {
      case .end:
        #expect(reader.bytesConsumed == Int64(bytes.count))
        return seen
      case .fault(let fault):
        let raw = String(decoding: reader.rawRow, as: UTF8.self)
        seen.append("\(fault.line):\(fault.character) \(fault.kind) <\(raw)>")
      case .row:
        let fields = (0..<reader.fieldCount).map {
          "[" + String(decoding: reader.field($0), as: UTF8.self) + "]"
        }
        seen.append("\(reader.line): " + fields.joined())
      }
    }
  }

  @Test(
    arguments: [
      ("a,b\nc,d\n", ["1: [a][b]", "2: [c][d]"]),
      ("a,b\r\nc,d", ["1: [a][b]", "2: [c][d]"]),
      ("\u{FEFF}a,b\n", ["1: [a][b]"]),
      ("", []),
      ("\n\r\n", []),
      ("\na\n\nb\n", ["2: [a]", "4: [b]"]),
      (",\n", ["1: [][]"]),
      ("a,", ["1: [a][]"]),
      ("\"a\",\"\"\n", ["1: [a][]"]),
      ("\"\"\n", ["1: []"]),
      ("\"a\"\"b\",\"\"\"\"", ["1: [a\"b][\"]"]),
      ("\"a,b\",c\n", ["1: [a,b][c]"]),
      ("\"a\nb\r\nc\",d\ne\n", ["1: [a\nb\r\nc][d]", "4: [e]"]),
      ("뮒,별\n한\n", ["1: [뮒][별]", "2: [한]"]),
      (" a , b \n", ["1: [ a ][ b ]"]),
    ])
  func `rows are read whatever the size of a block`(_ text: String, _ expected: [String]) throws {
    for blockBytes in [1, 2, 3, 5, 4096] {
      #expect(try Self.read(Array(text.utf8), blockBytes: blockBytes) == expected)
    }
  }

  @Test(
    arguments: [
      // The quoted field begins on line 2, at the third character.
      ("x\na,\"b\nc\n", ["1: [x]", "2:3 unclosedQuote <a,\"b>", "3: [c]"]),
      ("뮒뮒,b\"\nc\n", ["1:5 strayQuote <뮒뮒,b\">", "2: [c]"]),
      ("\"a\"b,c\nd\n", ["1:4 textAfterQuote <\"a\"b,c>", "2: [d]"]),
      ("a\rb\nc\n", ["1:2 strayCarriageReturn <a\rb>", "2: [c]"]),
      ("a\r", ["1:2 strayCarriageReturn <a\r>"]),
      // A field of two lines; what is wrong stands on the second. The line after the first is tried.
      ("\"a\nb\"c\nd\n", ["2:3 textAfterQuote <\"a>", "2:2 strayQuote <b\"c>", "3: [d]"]),
    ])
  func `a fault names its line and character, and the next line is read`(
    _ text: String, _ expected: [String]
  ) throws {
    for blockBytes in [1, 2, 3, 5, 4096] {
      #expect(try Self.read(Array(text.utf8), blockBytes: blockBytes) == expected)
    }
  }

  @Test(
    arguments: [
      [0xFF], [0xC0, 0xAF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0x80], [0xE2, 0x82],
      [0xF8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are refused where they stand`(_ bytes: [UInt8]) throws {
    for prefix in ["한,", "1234567,", "12345678901,"] {
      let row = Array("x\n\(prefix)".utf8) + bytes + Array(",b\nc\n".utf8)
      for blockBytes in [1, 3, 4096] {
        let seen = try Self.read(row, blockBytes: blockBytes)
        #expect(seen.count == 3)
        #expect(seen[1].hasPrefix("2:\(prefix.count + 1) invalidUTF8"))
        #expect(seen[2] == "3: [c]")
      }
    }
  }

  @Test func `the whole of UTF-8 is accepted`() throws {
    let text = "\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10000}\u{10FFFF}"
    #expect(try Self.read(Array(text.utf8)) == ["1: [\(text)]"])
  }

  @Test func `an endless row is a fault, and memory does not grow with it`() throws {
    let long = String(repeating: "x", count: 1000)
    for blockBytes in [1, 7, 4096] {
      let seen = try Self.read(
        Array("a\n\(long)\nb\n\"\(long)\nc\n".utf8), blockBytes: blockBytes, maximumRowBytes: 20)
      #expect(
        seen == [
          "1: [a]", "2:1 rowTooLong(maximumBytes: 20) <\(long.prefix(20))>", "3: [b]",
          "4:1 unclosedQuote <\"\(long.prefix(19))>", "5: [c]",
        ])
    }
  }

  @Test func `a row may be exactly as long as the limit`() throws {
    for ending in ["", "\n", "\r\n"] {
      let text = "a,\"bcd\",e"
      for blockBytes in [1, 2, 4096] {
        let seen = try Self.read(
          Array((text + ending).utf8), blockBytes: blockBytes, maximumRowBytes: text.utf8.count + 2)
        #expect(seen == ["1: [a][bcd][e]"])
      }
    }
  }

  @Test(arguments: 0..<400)
  func `random bytes are read alike in blocks of every size`(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    let alphabet: [[UInt8]] = [
      [0x22], [0x22], [0x2C], [0x2C], [0x0A], [0x0D], [0x0D, 0x0A], [0x61], Array("뮒".utf8),
      [0xFF], [0xEB], [0x22, 0x22], [0xEF, 0xBB, 0xBF],
    ]
    let bytes = (0..<random.below(120)).flatMap { _ in alphabet[random.below(alphabet.count)] }
    for maximum in [9, 65_536] {
      let whole = try Self.read(bytes, maximumRowBytes: maximum)
      for blockBytes in [1, 2, 3, 7, 16] {
        let pieces = try Self.read(bytes, blockBytes: blockBytes, maximumRowBytes: maximum)
        #expect(pieces == whole, "seed \(seed), blocks of \(blockBytes)")
      }
    }
  }

  @Test(arguments: 0..<200)
  func `what is quoted comes back`(seed: Int) throws {
    var random = TestRandom(seed: UInt64(seed))
    let pieces = ["\"", ",", "\n", "\r\n", "\r", "a", "뮒", " ", ""]
    var text = ""
    var expected: [String] = []
    var line = 1
    for _ in 0..<random.below(8) {
      let fields = (0..<(1 + random.below(5))).map { _ in
        (0..<random.below(6)).map { _ in pieces[random.below(pieces.count)] }.joined()
      }
      let row = fields.map { "\"" + $0.doublingQuotes + "\"" }.joined(separator: ",") + "\r\n"
      expected.append("\(line): " + fields.map { "[\($0)]" }.joined())
      line += row.utf8.count { $0 == 0x0A }
      text += row
    }
    for blockBytes in [1, 5, 4096] {
      #expect(try Self.read(Array(text.utf8), blockBytes: blockBytes) == expected, "seed \(seed)")
    }
  }
}

extension String {
  fileprivate var doublingQuotes: String {
    var doubled = ""
    for scalar in unicodeScalars {
      doubled.unicodeScalars.append(scalar)
      if scalar == "\"" { doubled.unicodeScalars.append(scalar) }
    }
    return doubled
  }
}

/// The same numbers for the same seed.
struct TestRandom {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
  }

  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(limit))
  }
}
