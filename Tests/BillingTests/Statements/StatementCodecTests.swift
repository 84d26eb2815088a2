import Billing
import Foundation
import Testing

@Suite("Canonical bytes of a statement")
struct StatementCodecTests {
  @Test("The form is fixed: these are the bytes")
  func golden() {
    let lines = [
      #"{"l":1,"n":"5G 슬림+","a":47000,"plan":["5G-SLIM",[[1,31]],31,47000]}"#,
      #"{"l":1,"n":"TV","a":0,"addOn":["TV",[[2,9],[12,20]],31,0]}"#,
      #"{"l":1,"n":"data_mb","a":27500,"usage":["data_mb","5G-SLIM","12000.5",9216,31,31,31,"22.528",27500]}"#,
      #"{"l":1,"n":"Quarter","a":-11750,"rate":["Q","0.25",[[1,31]],31,47000,null]}"#,
      #"{"l":1,"n":"Promo","a":-3000,"amount":["P",3000,[[1,31]],31,35250,null]}"#,
      #"{"l":1,"n":"Family","a":-3300,"bundle":["F",3,3300,32250,9000]}"#,
      #"{"n":"\"Fee\" \\ \u000a\u001f","a":-770,"oneOff":["CH3","refund","2026-10-26",false]}"#,
      #"{"a":5568,"tax":[]}"#,
      #"{"a":-8,"rounding":[10]}"#,
    ]
    let text =
      #"{"format":2,"month":"2026-10","customer":1001,"version":2,"name":"홍길동","#
      + #""locale":"ko-KR","currency":"KRW","catalog":"2026-10","lines":["#
      + lines.joined(separator: ",") + #"],"tax":["exclusive","0.1",55680],"#
      + #""totals":[73730,18050,5568,-8,61240]}"#
    #expect(String(decoding: StatementCodec.encode(sample), as: UTF8.self) == text)
  }

  @Test("What is read is what was written, and any JSON reader can read it")
  func roundTrip() throws {
    var statements = [sample]
    for seed in 0..<300 as Range<UInt64> {
      var statement = try RandomRating(seed: seed).statement()
      var random = SeededRandom(seed: seed)
      statement.customerName = text(&random)
      statement.totals.total = random.pick([.min, -1, 0, .max])
      for position in statement.lines.indices { statement.lines[position].name = text(&random) }
      statements.append(statement)
    }
    for statement in statements {
      let bytes = StatementCodec.encode(statement)
      let read = try StatementCodec.decode(bytes)
      #expect(read == statement)
      #expect(StatementCodec.encode(read) == bytes)
      let json = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
      #expect(json?["name"] as? String == statement.customerName)
      #expect((json?["lines"] as? [Any])?.count == statement.lines.count)
    }
  }

  @Test("Encoding appends")
  func appends() {
    var bytes: [UInt8] = [1, 2]
    StatementCodec.encode(sample, into: &bytes)
    #expect(bytes == [1, 2] + StatementCodec.encode(sample))
  }

  @Test("Cut off anywhere, it is refused")
  func truncation() {
    let bytes = StatementCodec.encode(sample)
    for length in 0..<bytes.count {
      let error = failure(Array(bytes[..<length]))
      #expect(error != nil, "\(length) bytes")
      #expect((error?.offset ?? .max) <= length)
    }
    #expect(failure([])?.code == .truncated)
  }

  @Test("With any byte changed, it is refused or is the canonical form of something else")
  func mutation() throws {
    let bytes = StatementCodec.encode(sample)
    let replacements = Array(#"0159-+.eE,:"\/u{}[] abnlt"#.utf8) + [0, 10, 127, 128, 195, 255]
    var refused = 0
    for position in bytes.indices {
      for replacement in replacements where replacement != bytes[position] {
        var changed = bytes
        changed[position] = replacement
        do throws(StatementCodecError) {
          #expect(StatementCodec.encode(try StatementCodec.decode(changed)) == changed)
        } catch {
          refused += 1
          #expect(error.offset <= bytes.count)
        }
      }
    }
    #expect(refused > bytes.count * replacements.count / 2)
  }

  @Test(
    "Every other spelling of the same is refused",
    arguments: [
      Other("{\"format\"", "{ \"format\"", .unexpectedByte, at: 1),
      Other("\"format\":2", "\"format\":1", .unknownFormat, at: 10),
      Other("\"format\":2", "\"format\":3", .unknownFormat, at: 10),
      Other(
        "\"format\":2,\"month\":\"2026-10\"", "\"month\":\"2026-10\",\"format\":2",
        .unexpectedByte, at: 2),
      Other("2026-10\",\"customer\"", "2026-13\",\"customer\"", .unreadableNumber),
      Other(":1001,", ":01001,", .unreadableNumber), Other(":1001,", ":+1001,", .unexpectedByte),
      Other(":1001,", ":-0,", .unreadableNumber), Other(":1001,", ":,", .unexpectedByte),
      Other(":1001,", ":1001.0,", .unexpectedByte), Other(":1001,", ":1e3,", .unexpectedByte),
      Other(":1001,", ":9223372036854775808,", .unreadableNumber),
      Other(":1001,", ":-9223372036854775809,", .unreadableNumber),
      Other(":1001,", ":\"1001\",", .unexpectedByte),
      Other("ko-KR", "ko-KP", .unknownValue), Other("KRW", "XXX", .unknownValue),
      Other("exclusive", "none", .unknownValue),
      Other("\\u000a", "\\n", .unreadableText), Other("\\u000a", "\\u000A", .unreadableText),
      Other("\\u000a", "\\u00e9", .unreadableText), Other("\\u000a", "\\u0041", .unreadableText),
      Other("\\u000a", "\n", .unreadableText), Other("\\u000a", "\\/", .unreadableText),
      Other("\\u000a", "\\u00", .unreadableText),
      Other("\"22.528\"", "\"22.5280\"", .unreadableNumber),
      Other("\"22.528\"", "\"022.528\"", .unreadableNumber),
      Other("\"22.528\"", "\"-0\"", .unreadableNumber),
      Other("\"22.528\"", "22.528", .unexpectedByte),
      Other("2026-10-26", "2026-02-30", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[2,9],[11,21]]", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[12,20],[2,9]]", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[2,9],[12,21]]", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[0,9],[12,20]]", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[2,0],[12,20]]", .unreadableNumber),
      Other("[[2,9],[12,20]]", "[[2,9],[12,20],]", .unexpectedByte),
      Other("[[2,9],[12,20]],31", "[[2,9],[12,20]],28", .unreadableNumber),
      Other("9216,31,31,31,", "9216,31,30,31,", .unreadableNumber),
      Other("9216,31,31,31,", "9216,0,31,31,", .unreadableNumber),
      Other("9216,31,31,31,", "9216,31,31,32,", .unreadableNumber),
      Other(",false", ",0", .unexpectedByte), Other("47000,null", "47000,nil", .unexpectedByte),
      Other("\"n\":\"Promo\"", "\"n\":\"\"", .unreadableText),
      Other("\"l\":1,\"n\":\"Promo\"", "\"n\":\"Promo\",\"l\":1", .unexpectedByte),
      Other("\"rounding\"", "\"rebate\"", .unexpectedByte),
      Other("61240]}", "61240]} ", .trailingBytes), Other("61240]}", "61240]", .truncated),
    ])
  func otherSpellings(_ other: Other) throws {
    let text = String(decoding: StatementCodec.encode(sample), as: UTF8.self)
    let changed = text.replacing(other.canonical, with: other.spelling, maxReplacements: 1)
    #expect(changed != text)
    let error = try #require(failure(Array(changed.utf8)))
    #expect(error.code == other.code)
    if let offset = other.offset { #expect(error.offset == offset) }
  }

  @Test("Bytes that are not UTF-8 are refused where the text begins")
  func notUTF8() throws {
    var bytes = StatementCodec.encode(sample)
    let name = try #require(bytes.firstRange(of: Array("홍길동".utf8)))
    bytes[name.lowerBound + 1] = UInt8(ascii: "x")
    #expect(failure(bytes) == StatementCodecError(.unreadableText, at: name.lowerBound))
    // A surrogate half, and an overlong slash.
    for wrong in [[0xED, 0xA0, 0x80], [0xC0, 0xAF, 0x61]] as [[UInt8]] {
      bytes.replaceSubrange(name.lowerBound..<name.lowerBound + 3, with: wrong)
      #expect(failure(bytes)?.code == .unreadableText)
    }
  }

  @Test("What is stored is the bytes, their hash, the key and the total")
  func stored() {
    let stored = StoredStatement(sample)
    #expect(stored.bytes == StatementCodec.encode(sample))
    #expect(stored.hash == ContentHash(of: stored.bytes))
    #expect(stored.key.description == "2026-10:1001:v2")
    #expect(stored.total == 61_240)
  }

  @Test("An error says where and what, and nothing of the text")
  func noPersonalData() {
    let error = StatementCodecError(.unexpectedByte, at: 17)
    #expect("\(error)" == "statement bytes: unexpectedByte at offset 17")
  }

  /// A piece of the sample's text and another spelling of it.
  struct Other: Sendable {
    var canonical: String
    var spelling: String
    var code: StatementCodecError.Code
    var offset: Int?

    init(
      _ canonical: String, _ spelling: String, _ code: StatementCodecError.Code,
      at offset: Int? = nil
    ) {
      self.canonical = canonical
      self.spelling = spelling
      self.code = code
      self.offset = offset
    }
  }

  private func failure(_ bytes: [UInt8]) -> StatementCodecError? {
    do throws(StatementCodecError) {
      _ = try StatementCodec.decode(bytes)
      return nil
    } catch {
      return error
    }
  }

  private func text(_ random: inout SeededRandom) -> String {
    let pieces = [
      "a", "\"", "\\", "\n", "\0", "\u{1F}", "\u{7F}", "é", "e\u{301}", "홍", "👩‍👧", "/", "",
    ]
    return (0..<Int.random(in: 0...8, using: &random)).map { _ in random.pick(pieces) }.joined()
  }

  private var sample: Statement {
    let line = LineID(1)
    var inPieces = DaysOfMonth(2...10)
    inPieces.formUnion(DaysOfMonth(12...31))
    func day(_ number: Int) -> CalendarDay {
      RatingFixture.october.month.firstDay.advanced(by: number - 1)
    }
    return Statement(
      month: RatingFixture.october.month, customer: CustomerID(1001), version: 2,
      customerName: "홍길동",
      locale: .korean, currency: Currency(code: "KRW")!, catalogVersion: "2026-10",
      lines: [
        StatementLine(
          line: line, name: "5G 슬림+", amount: 47_000,
          source: .plan(
            code: "5G-SLIM", days: DaysOfMonth(1...31), daysInMonth: 31, monthlyFee: 47_000)),
        StatementLine(
          line: line, name: "TV", amount: 0,
          source: .addOn(code: "TV", days: inPieces, daysInMonth: 31, monthlyFee: 0)),
        StatementLine(
          line: line, name: "data_mb", amount: 27_500,
          source: .usage(
            UsageSource(
              metric: "data_mb", plan: "5G-SLIM", used: FixedDecimal("12000.5")!, allowance: 9216,
              days: 31, activeDays: 31, daysInMonth: 31, rate: FixedDecimal("22.528")!,
              cap: 27_500))),
        StatementLine(
          line: line, name: "Quarter", amount: -11_750,
          source: .discount(
            code: "Q",
            rule: .rate(FixedDecimal("0.25")!, days: DaysOfMonth(1...31), activeDays: 31),
            basis: 47_000, cap: nil)),
        StatementLine(
          line: line, name: "Promo", amount: -3000,
          source: .discount(
            code: "P", rule: .amount(3000, days: DaysOfMonth(1...31), daysInMonth: 31),
            basis: 35_250, cap: nil)),
        StatementLine(
          line: line, name: "Family", amount: -3300,
          source: .discount(
            code: "F", rule: .bundle(lines: 3, amount: 3300), basis: 32_250, cap: 9000)),
        StatementLine(
          line: nil, name: "\"Fee\" \\ \n\u{1F}", amount: -770,
          source: .oneOff(id: "CH3", category: "refund", chargedOn: day(26), taxable: false)),
        StatementLine(line: nil, name: "", amount: 5568, source: .tax),
        StatementLine(line: nil, name: "", amount: -8, source: .rounding(unit: 10)),
      ],
      tax: StatementTax(mode: .exclusive, rate: FixedDecimal("0.10")!, taxable: 55_680),
      totals: StatementTotals(
        charges: 73_730, discounts: 18_050, tax: 5568, rounding: -8, total: 61_240))
  }
}
