import Billing
import Rendering
import Testing

@Suite("Formats")
struct FormatTests {
  private let korean = BillFormats(locale: .korean)
  private let english = BillFormats(locale: .english)

  private func text(_ write: (inout [UInt8]) -> Void) -> String {
    var output: [UInt8] = []
    write(&output)
    return String(decoding: output, as: UTF8.self)
  }

  private func currency(_ code: String) throws -> Currency { try #require(Currency(code: code)) }

  @Test(
    arguments: [
      (123_450, "KRW", "123,450원", "₩123,450"),
      (0, "KRW", "0원", "₩0"),
      (-1_000, "KRW", "-1,000원", "-₩1,000"),
      (999, "KRW", "999원", "₩999"),
      (4_550, "USD", "US$45.50", "$45.50"),
      (5, "USD", "US$0.05", "$0.05"),
      (-300, "USD", "-US$3.00", "-$3.00"),
      (123_456_789, "USD", "US$1,234,567.89", "$1,234,567.89"),
      (1_234, "KWD", "KWD\u{A0}1.234", "KWD\u{A0}1.234"),
      (100, "CHF", "CHF\u{A0}1.00", "CHF\u{A0}1.00"),
      (1_000, "JPY", "JP¥1,000", "¥1,000"),
      (100, "EUR", "€1.00", "€1.00"),
      (Int64.max, "KRW", "9,223,372,036,854,775,807원", "₩9,223,372,036,854,775,807"),
      (Int64.min, "USD", "-US$92,233,720,368,547,758.08", "-$92,233,720,368,547,758.08"),
    ] as [(Int64, String, String, String)])
  func `amounts are written as each locale writes them`(
    amount: Int64, code: String, inKorean: String, inEnglish: String
  ) throws {
    let currency = try currency(code)
    #expect(text { korean.amount(amount, currency, into: &$0) } == inKorean)
    #expect(text { english.amount(amount, currency, into: &$0) } == inEnglish)
  }

  @Test func `an amount's digits are its own whatever the grouping`() throws {
    var random = Seeded(7)
    let currency = try currency("USD")
    for _ in 0..<2000 {
      let amount = Int64(bitPattern: random.next()) >> Int64(random.one(of: 63))
      let written = text { english.amount(amount, currency, into: &$0) }
      let digits = written.filter { $0.isNumber || $0 == "-" }
      #expect(Int64(digits) == amount)
      let whole = written.split(separator: ".")[0].drop { !$0.isNumber }
      for group in whole.split(separator: ",").dropFirst() { #expect(group.count == 3) }
    }
  }

  @Test func `prices of a unit keep every digit`() throws {
    let price = try #require(FixedDecimal("22.528"))
    let fine = try #require(FixedDecimal("0.25"))
    #expect(text { korean.unitPrice(price, SampleStatements.won, into: &$0) } == "22.528원")
    #expect(text { english.unitPrice(price, SampleStatements.dollars, into: &$0) } == "$0.22528")
    #expect(text { english.unitPrice(fine, SampleStatements.dollars, into: &$0) } == "$0.0025")
  }

  @Test func `days and months`() throws {
    let day = SampleStatements.day("2026-03-05")
    let month = SampleStatements.month
    #expect(text { korean.longDay(day, into: &$0) } == "2026년 3월 5일")
    #expect(text { english.longDay(day, into: &$0) } == "March 5, 2026")
    #expect(text { korean.day(day, into: &$0) } == "2026.03.05")
    #expect(text { english.day(day, into: &$0) } == "Mar 5, 2026")
    #expect(text { korean.shortDay(day, into: &$0) } == "03.05")
    #expect(text { english.shortDay(day, into: &$0) } == "Mar 5")
    #expect(text { korean.month(month, into: &$0) } == "2026년 10월")
    #expect(text { english.month(month, into: &$0) } == "October 2026")
    #expect(text { korean.shortMonth(month, into: &$0) } == "10월")
    #expect(text { english.shortMonth(month, into: &$0) } == "October")
  }

  @Test(arguments: [
    ("0.10", "10%"), ("0.0825", "8.25%"), ("1", "100%"), ("0", "0%"), ("-0.5", "-50%"),
    ("0.125", "12.5%"), ("0.000000001", "0.0000001%"), ("12", "1,200%"),
  ])
  func `shares as percentages`(share: String, expected: String) throws {
    let share = try #require(FixedDecimal(share))
    #expect(text { english.percent(share, into: &$0) } == expected)
  }

  @Test(arguments: [
    ("data_mb", "1536.25", "1,536.25MB", "1,536.25 MB"),
    ("voice_s", "6100", "101분 40초", "101 min 40 s"),
    ("voice_s", "45", "45초", "45 s"), ("voice_s", "60", "1분", "1 min"),
    ("voice_s", "0", "0분", "0 min"), ("voice_s", "1.5", "1.5초", "1.5 s"),
    ("sms", "120", "120건", "120"), ("api_calls", "1000000", "1,000,000", "1,000,000"),
  ])
  func `quantities with their unit`(
    metric: String, number: String, inKorean: String, inEnglish: String
  ) throws {
    let number = try #require(FixedDecimal(number))
    #expect(text { korean.quantity(number, of: metric, into: &$0) } == inKorean)
    #expect(text { english.quantity(number, of: metric, into: &$0) } == inEnglish)
  }
}
