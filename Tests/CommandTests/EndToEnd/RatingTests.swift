import BillingTestKit
import Foundation
import Testing

/// What is charged, from the import to the export, the bill and the explanation.
@Suite("Rating, as a user types it")
struct RatingEndToEndTests {
  @Test(
    "a rating fixture's totals come out of the export, customer by customer",
    arguments: [
      ("rating", "2026-10"), ("rating-february", "2026-02"), ("rating-by-hand/october", "2026-10"),
      ("rating-by-hand/february", "2026-02"),
    ])
  func fixture(name: String, month: String) async throws {
    let folder = Fixture.folder("BillingTests/Fixtures/" + name)
    let platform = try await PlatformFolder()
    try await billing("import", folder, in: platform.folder, expecting: 0)
    let report = try await settle(month, in: platform)
    #expect(try number("0.parked.count", in: report) == 0)
    let expected = try Fixture.text(folder + "/expected.csv")
      .split(whereSeparator: \.isNewline).map(String.init)
    let exported = try await platform.export(month)
    #expect(exported.count > 1)
    #expect(exported.sorted() == expected.sorted())
  }

  @Test("an add-on over a gap is charged and named for the days on both sides of it")
  func addOnOverAGap() async throws {
    let platform = try await settled("add-on-over-a-gap")
    #expect(try await platform.export()[1...] == ["1,23100,0,2100,0,23100"])
    let explained = try await billing(
      "explain", "customer", "1", "--json", in: platform.folder, expecting: 0)
    let addOn = "statements.0.lines.1"
    #expect(try text("\(addOn).category", in: explained.output) == "addOn")
    #expect(try number("\(addOn).amount", in: explained.output) == 2100)
    #expect(
      try text("\(addOn).why", in: explained.output) == "⌊3,100 KRW × 21/31⌋, days 1–10, 21–31")
    #expect(try number("\(addOn).days", in: explained.output) == 21)
    #expect(try text("\(addOn).spans.0.from", in: explained.output) == "2026-10-01")
    #expect(try number("\(addOn).spans.0.days", in: explained.output) == 10)
    #expect(try text("\(addOn).spans.1.from", in: explained.output) == "2026-10-21")
    #expect(try number("\(addOn).spans.1.days", in: explained.output) == 11)
    let bill = try await billing(
      "render", "preview", "1", "2026-10", in: platform.folder, expecting: 0)
    let named = "Oct 1 – Oct 10, Oct 21 – Oct 31 · 21 of 31 days"
    #expect(bill.output.components(separatedBy: named).count == 1 + 2)  // the plan, and the add-on
  }

  @Test("what two plans include for their days is enough for what was used on them")
  func allowanceInPieces() async throws {
    let platform = try await settled("allowance-in-pieces")
    #expect(try await platform.export()[1...] == ["1,31000,0,2818,0,31000"])
    let explained = try await billing(
      "explain", "customer", "1", "--json", in: platform.folder, expecting: 0)
    let lines = try #require(try value("statements.0.lines", in: explained.output) as? [Any])
    #expect(lines.count == 2)
  }

  @Test("each figure is explained with how it came to be, in both languages")
  func explained() async throws {
    let platform = try await PlatformFolder()
    let folder = Fixture.folder("BillingTests/Fixtures/rating-by-hand/october")
    try await billing("import", folder, in: platform.folder, expecting: 0)
    try await platform.settle()
    let english = try await billing("explain", "customer", "1", in: platform.folder, expecting: 0)
    for text in [
      "⌊33,000 KRW × 15/31⌋, days 1–15", "⌊12,100 KRW × 11/31⌋, days 21–31",
      "LTE-33: ⌊(2000 × 15/26 − 1536 × 15/31) × 22.528⌋, "
        + "≤ ⌊27,500 KRW × 15/31⌋ = 13,306 KRW",
      "STANDARD: ⌊(2000 × 11/26 − 0 × 11/31) × 22.528⌋, ≤ ⌊27,500 KRW × 11/31⌋ = 9,758 KRW",
      "cut down to a multiple of 10 KRW",
      "tax in the taxable sum: 3,837 KRW = 42,212 KRW × 0.1 / (1 + 0.1)",
    ] { #expect(english.output.contains(text), "\(text)") }
    let korean = try await billing(
      "explain", "customer", "3", "--locale", "ko", in: platform.folder, expecting: 0)
    for text in [
      "⌊12,100 KRW × 0.25 × 1/31⌋, 31일", "⌊3,000 KRW × 1/31⌋, 31일, ≤ 12,003 KRW", "요금제", "할인",
      "10 KRW 미만 절사", "과세 대상에 든 세금",
    ] { #expect(korean.output.contains(text), "\(text)") }
    for word in ["days", "plan", "discount", "rounding", "tax"] {
      #expect(!korean.output.contains(word), "\(word)")
    }
    let json = try await billing(
      "explain", "customer", "1", "--json", in: platform.folder, expecting: 0)
    let usage = "statements.0.lines.3"
    #expect(try text("\(usage).plan", in: json.output) == "STANDARD")
    #expect(try text("\(usage).used", in: json.output) == "2000")
    #expect(try number("\(usage).days", in: json.output) == 11)
    #expect(try number("\(usage).activeDays", in: json.output) == 26)
    #expect(try number("\(usage).capOfDays", in: json.output) == 9758)
    #expect(try number("\(usage).amount", in: json.output) == 9758)
  }

  @Test("a former customer's line that was never ended is on no bill, and listed")
  func formerCustomer() async throws {
    let platform = try await PlatformFolder()
    let folder = Fixture.folder("BillingTests/Fixtures/rating-by-hand/october")
    try await billing("import", folder, in: platform.folder, expecting: 0)
    try await platform.settle()
    let explained = try await billing(
      "explain", "customer", "13", "--json", in: platform.folder, expecting: 0)
    #expect(try number("statements.0.total", in: explained.output) == -1234, "the refund alone")
    #expect(try text("unbilled.entries.0.kind", in: explained.output) == "lineOutsideCohort")
    #expect(try number("unbilled.entries.0.line", in: explained.output) == 130)
    let status = try await billing("status", in: platform.folder, expecting: 0)
    #expect(
      status.output.contains(
        "active lines of customers whose own dates do not reach into the month (2026-10): 1"))
  }

  /// `docs/RATING.md` shows commands and what they print: they are run, on the set that it names.
  @Test("what the documentation shows is what the command says")
  func documented() async throws {
    let text = try Fixture.text(Fixture.folder("../docs/RATING.md"))
    let platform = try await PlatformFolder()
    let folder = Fixture.folder("BillingTests/Fixtures/rating-by-hand/october")
    try await billing("import", folder, in: platform.folder, expecting: 0)
    try await platform.settle()
    var shown = 0
    for block in text.components(separatedBy: "```console\n$ billing ").dropFirst() {
      let body = try #require(block.components(separatedBy: "\n```").first)
      let lines = body.split(separator: "\n", maxSplits: 1).map(String.init)
      try #require(lines.count == 2)
      let arguments = lines[0].split(separator: " ").map(String.init)
      let ending = try await BillingProcess(arguments, in: platform.folder).ending()
      #expect(ending.status == 0)
      #expect(ending.output == lines[1] + "\n", "billing \(lines[0])")
      shown += 1
    }
    #expect(shown >= 6)
  }

  private func settled(_ found: String) async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    let folder = Fixture.folder("CommandTests/Fixtures/found/" + found)
    try await billing("import", folder, in: platform.folder, expecting: 0)
    try await platform.settle()
    return platform
  }

  private func settle(_ month: String, in platform: PlatformFolder) async throws -> String {
    try await billing(
      "settle", month, "--at", "2026-11-02T00:00:00Z", "--json", in: platform.folder, expecting: 0
    ).output
  }
}
