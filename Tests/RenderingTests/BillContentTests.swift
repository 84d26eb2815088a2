import Billing
import Foundation
import Rendering
import Testing

/// What a bill says, and how safely.
@Suite("What a bill says")
struct BillContentTests {
  private func html(_ statement: Statement) throws -> String {
    let maker = BillMaker(
      policy: .first, templates: try CompiledTemplates(BillTemplate.first, for: .first))
    let bill = try #require(maker.bill(of: statement, channel: .email))
    return String(decoding: try #require(Gzip.decompress(bill.content)), as: UTF8.self)
  }

  @Test func `a bill names the spans that were charged, and not the gap between them`() throws {
    let english = try html(SampleStatements.pieces(locale: .english))
    for text in [
      "Oct 1 – Oct 10, Oct 21 – Oct 25 · 15 of 31 days", "Oct 26 – Oct 31 · 6 of 31 days",
      "Oct 1 – Oct 5, Oct 21 – Oct 31 · 16 of 31 days", "Oct 31 · 1 of 21 days",
      "₩3,000 a month", "Oct 25 – Oct 31 · 7 of 31 days",
    ] { #expect(english.contains(text), "\(text)") }
    let korean = try html(SampleStatements.pieces(locale: .korean))
    for text in [
      "10.01 – 10.10, 10.21 – 10.25 · 15/31일", "10.31 · 1/21일", "한 달 3,000원",
    ] { #expect(korean.contains(text), "\(text)") }
    for html in [english, korean] { #expect(!html.contains("10.15") && !html.contains("Oct 15")) }
  }

  @Test func `usage of several plans is told plan by plan, with each one's share`() throws {
    let english = try html(SampleStatements.pieces(locale: .english))
    for text in [
      "<bdi>Data</bdi> · <bdi>LTE 33</bdi>", "<bdi>Data</bdi> · <bdi>표준요금제</bdi>",
      "15/21 of 2,000 MB used, 15/31 of 1,536 MB included, then ₩22.528 per <bdi>MB</bdi> "
        + "(at most ₩13,306)",
      "6/21 of 2,000 MB used, 0 MB included, then ₩22.528 per <bdi>MB</bdi> (at most ₩5,322)",
      "6/21 of 200 used, 6/31 of 50 included, then ₩22 per <bdi>message</bdi>",
    ] { #expect(english.contains(text), "\(text)") }
    let korean = try html(SampleStatements.pieces(locale: .korean))
    #expect(
      korean.contains(
        "2,000MB 이용 중 15/21, 1,536MB 제공 중 15/31, 초과분 22.528원/<bdi>MB</bdi> (최대 13,306원)"))
    // One plan for the whole month: no name of a plan, and no fractions.
    let whole = try html(SampleStatements.family(locale: .english))
    #expect(whole.contains("4,211.25 MB used, 1,536 MB included, then ₩22.528 per <bdi>MB</bdi>"))
    #expect(!whole.contains("<bdi>Data</bdi> · "))
  }

  @Test func `a category of several rows has its subtotal, one of a single row has none`() throws {
    let html = try html(SampleStatements.pieces(locale: .english))
    let parts = html.components(separatedBy: "<tr><td class=\"group\"").dropFirst()
    #expect(parts.count == 4)
    for part in parts {
      let rows = part.components(separatedBy: "<tr class=\"item\">").count - 1
      let subtotals = part.components(separatedBy: "<tr class=\"sub\">").count - 1
      #expect(subtotals == (rows > 1 ? 1 : 0), "\(rows) rows")
    }
  }

  // MARK: Tax

  @Test(
    "a contained tax is spoken of where the total can contain it",
    arguments: [
      (3000, 33_000, "includes ₩3,000 of tax"), (-718, -7955, "credit includes ₩718 of tax"),
      // No tax; a total of 0 with a taxed refund or charge; a taxed refund in a positive total; a
      // taxed charge in a credit; more tax than the total.
      (0, 33_000, nil), (-500, 0, nil), (500, 0, nil), (-500, 10_000, nil), (500, -10_000, nil),
      (909, 100, nil), (-909, -100, nil), (0, 0, nil),
    ] as [(Int64, Int64, String?)])
  func containedTax(tax: Int64, total: Int64, says: String?) throws {
    var statement = SampleStatements.zero(locale: .english)
    statement.currency = SampleStatements.won
    statement.tax.taxable = tax * 11
    statement.totals = StatementTotals(
      charges: total, discounts: 0, tax: tax, rounding: 0, total: total)
    let html = try html(statement)
    if let says {
      #expect(html.contains(says))
    } else {
      #expect(!html.contains(" tax"))
    }
    statement.locale = .korean
    #expect(try self.html(statement).contains("부가가치세") == (says != nil))
  }

  @Test(
    "an added tax has its line, also where it is taken back", arguments: [774, -774] as [Int64])
  func addedTax(tax: Int64) throws {
    var statement = SampleStatements.american()
    statement.totals.tax = tax
    let html = try html(statement)
    #expect(html.contains("Tax (8.25%)"))
    #expect(html.contains(tax > 0 ? ">$7.74<" : ">-$7.74<"))
    #expect(!html.contains("of tax"))
  }

  // MARK: Data in a page

  /// What the platform writes itself, in digits, signs and words of its own. Every other name of a
  /// template may hold what somebody typed.
  private static let written: Set<String> = [
    "month", "periodStart", "periodEnd", "dueDay", "total", "credit", "charges", "discounts", "tax",
    "taxRate", "taxable", "rounding", "roundingUnit", "oneOffsTotal", "lineTotal", "subtotal",
    "amount", "spans", "days", "ofDays", "activeDays", "monthDays", "used", "allowance", "price",
    "cap", "rate", "basis", "value", "bundleLines", "day",
  ]

  @Test(
    "data stands in <bdi> in every shipped page, and is escaped", arguments: BillLocale.allCases)
  func isolated(locale: BillLocale) throws {
    let template = try #require(
      BillTemplate.first.first { $0.channel == .email && $0.locale == locale })
    #expect(!template.body.contains("{{{") && !template.body.contains("{{&"))
    let halves = template.body.components(separatedBy: "<body>")
    try #require(halves.count == 2)
    // A title holds text alone, and is isolated by where it is shown.
    #expect(halves[0].components(separatedBy: "{{").count == 2)
    #expect(halves[0].contains("<title>{{subject}}</title>"))

    let pieces = halves[1].components(separatedBy: "{{")
    var isolated: Set<String> = []
    for (before, piece) in zip(pieces, pieces.dropFirst()) {
      let parts = piece.components(separatedBy: "}}")
      let name = parts[0]
      guard name.first?.isLetter == true, !Self.written.contains(name) else { continue }
      #expect(before.hasSuffix("<bdi>") && parts[1].hasPrefix("</bdi>"), "{{\(name)}}")
      isolated.insert(name)
    }
    #expect(
      isolated == [
        "customerName", "customerNumber", "billNumber", "lineNumber", "name", "planName", "unit",
      ])
  }

  @Test func `a name that runs the other way stays by itself`() throws {
    var statement = SampleStatements.hostile()
    statement.customerName = "שלום"
    statement.lines[0].name = "عرض"
    let html = try html(statement)
    #expect(html.contains("<td><bdi>عرض</bdi></td>"))
    #expect(html.contains("<bdi>ש***</bdi>님"))
  }
}
