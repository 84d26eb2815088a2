import Billing
import Testing

@Suite("A catalog's text")
struct CatalogYAMLTests {
  @Test("The fixture's catalog is read whole")
  func fixture() throws {
    let catalog = try Catalog(yaml: RatingFixture.text("catalog.yaml"))
    #expect(catalog.version == "2026-10")
    #expect(catalog.effectiveFrom == BillingMonth("2026-01"))
    #expect(catalog.currency.code == "KRW" && catalog.timeZone == "Asia/Seoul")
    #expect(catalog.tax.mode == .inclusive && catalog.tax.rate == FixedDecimal("0.1"))
    #expect(catalog.tax.appliesTo == [.plan, .addOn, .usage])
    #expect(catalog.rounding.unit == 10)
    #expect(catalog.plans.count == 5 && catalog.addOns.count == 4)
    let slim = try #require(catalog.plans["5G-SLIM"])
    #expect(slim.name == "5G 슬림+" && slim.monthlyFee == 47_000)
    #expect(
      slim.allowances == ["data_mb": .limited(9216), "voice_s": .unlimited, "sms": .unlimited])
    #expect(
      slim.overage == ["data_mb": OverageRule(rate: FixedDecimal("22.528")!, cap: 27_500)])
    #expect(
      catalog.discounts.map(\.code) == [
        "CONTRACT25", "BUNDLE", "MILITARY", "DISABLED", "VETERAN", "PENSION", "PROMO3000",
      ])
    #expect(catalog.discounts[4].cap == 28_600 && catalog.discounts[6].basis == [.addOn, .plan])
    #expect(catalog.discounts[6].kind == .amount(3000))
  }

  @Test("The small catalog that the refusals start from is fine")
  func small() throws {
    let catalog = try Catalog(yaml: Self.text)
    #expect(catalog.plans["PHONE"]?.allowances == [:])
    let tiers = [BundleTier(lines: 2, amount: 100), BundleTier(lines: 3, amount: 200)]
    #expect(catalog.discounts.map(\.kind) == [.rate(FixedDecimal("0.5")!), .bundle(tiers)])
  }

  @Test("What is wrong is refused with its key path and line", arguments: wrong)
  func refused(_ wrong: Wrong) throws {
    let changed = Self.text.replacing(wrong.text, with: wrong.by, maxReplacements: 1)
    #expect(changed != Self.text)
    let error = #expect(throws: CatalogError.self) { try Catalog(yaml: changed) }
    #expect(error?.problem == wrong.problem)
    #expect(error?.path == wrong.path)
    if let line = wrong.line { #expect(error?.line == line) }
  }

  @Test("What is not one YAML document is refused with the parser's line")
  func syntax() {
    let open = #expect(throws: CatalogError.self) { try Catalog(yaml: "version: \"1\"\nplans: [") }
    if case .syntax? = open?.problem {} else { Issue.record("expected a syntax error") }
    #expect(open?.line != nil)
    let two = #expect(throws: CatalogError.self) {
      try Catalog(yaml: Self.text + "\n---\n" + Self.text)
    }
    if case .syntax? = two?.problem {} else { Issue.record("expected a syntax error") }
    #expect(throws: CatalogError.self) { try Catalog(yaml: "") }
    #expect(throws: CatalogError.self) { try Catalog(yaml: "[]") }
  }

  @Test("An error reads as position, path and problem")
  func description() {
    let error = CatalogError(
      .expectedQuotedDecimal, path: "plans[3].overage.data_mb.rate", line: 12, column: 5)
    #expect(
      error.description == "12:5: plans[3].overage.data_mb.rate: expected a decimal in quotes,"
        + " of at most 18 digits, 9 of them after the point")
  }

  private static let text = """
    version: "1"
    effectiveFrom: "2026-01"
    currency: USD
    timeZone: America/Los_Angeles
    tax: { mode: exclusive, rate: "0.07", appliesTo: [plan] }
    rounding: { unit: 1, mode: down }
    plans:
      - { code: PHONE, name: "Phone", monthlyFee: 2000 }
      - code: DATA
        name: Data
        monthlyFee: 3000
        allowances: { data_mb: 100 }
        overage: { data_mb: { rate: "1.5", cap: 9000 } }
    addOns:
      - { code: TV, name: "TV", monthlyFee: 500 }
    discounts:
      - { code: HALF, name: "Half", kind: rate, value: "0.5", basis: [plan] }
      - { code: FAMILY, name: "Family", kind: bundle, basis: [plan], tiers: [ { lines: 3, amount: 200 }, { lines: 2, amount: 100 } ] }
    """

  /// A piece of the text, what stands there instead, and what that is.
  struct Wrong: Sendable {
    var text: String
    var by: String
    var problem: CatalogError.Problem
    var path: String
    var line: Int?

    init(
      _ text: String, _ by: String, _ problem: CatalogError.Problem, _ path: String,
      line: Int? = nil
    ) {
      self.text = text
      self.by = by
      self.problem = problem
      self.path = path
      self.line = line
    }
  }

  private static let wrong = wrongHead + wrongPlans + wrongDiscounts

  private static let wrongHead = [
    Wrong("version: \"1\"", "version: 1", .expectedText, "version", line: 1),
    Wrong("version: \"1\"", "version: \"\"", .empty, "version"),
    Wrong("version: \"1\"", "version: [a]", .expectedText, "version"),
    Wrong("version: \"1\"\n", "", .missingKey, "version"),
    Wrong("version: \"1\"", "version: \"1\"\nversion: \"2\"", .duplicateKey, "version"),
    Wrong("version: \"1\"", "version: \"1\"\nowner: me", .unknownKey, "owner", line: 2),
    Wrong("2026-01", "2026-13", .invalidMonth, "effectiveFrom", line: 2),
    Wrong("USD", "XXX", .unknownCurrency, "currency"),
    Wrong("America/Los_Angeles", "PST", .unknownTimeZone, "timeZone", line: 4),
    Wrong("America/Los_Angeles", "America/Nowhere", .unknownTimeZone, "timeZone"),
    Wrong("exclusive", "included", .unknownValue, "tax.mode", line: 5),
    Wrong("\"0.07\"", "0.07", .expectedQuotedDecimal, "tax.rate"),
    Wrong("\"0.07\"", "\"7%\"", .expectedQuotedDecimal, "tax.rate"),
    Wrong("\"0.07\"", "\"-0.07\"", .rateOutOfRange, "tax.rate"),
    Wrong("\"0.07\"", "\"7\"", .rateOutOfRange, "tax.rate"),
    Wrong("appliesTo: [plan]", "appliesTo: plan", .expectedList, "tax.appliesTo"),
    Wrong("appliesTo: [plan]", "appliesTo: [fee]", .unknownCategory, "tax.appliesTo[0]"),
    Wrong("appliesTo: [plan]", "appliesTo: [plan, plan]", .duplicate, "tax.appliesTo[1]"),
    Wrong("{ unit: 1,", "{ unit: 0,", .tooSmall(minimum: 1), "rounding.unit", line: 6),
    Wrong("mode: down", "mode: up", .unknownValue, "rounding.mode"),
    Wrong(", mode: down", "", .missingKey, "rounding.mode", line: 6),
    Wrong("rounding: { unit: 1, mode: down }", "rounding: 1", .expectedMapping, "rounding"),
  ]

  private static let wrongPlans = [
    Wrong("code: DATA", "code: PHONE", .duplicate, "plans[1].code", line: 9),
    Wrong("code: TV", "code: no", .expectedText, "addOns[0].code", line: 15),
    Wrong(
      "name: Data", "name: \"a\\nb\"", .text(.lineBreak(.init("\n"))), "plans[1].name", line: 10),
    Wrong(
      "name: Data", "name: \"a\u{202E}b\"", .text(.turnsDirection(.init("\u{202E}"))),
      "plans[1].name", line: 10),
    Wrong(
      "code: DATA", "code: \"DATA \"", .text(.blankAtEdge(.init(" "))), "plans[1].code", line: 9),
    Wrong(
      "code: DATA", "code: \"DA\u{200B}TA\"", .text(.invisible(.init("\u{200B}"))), "plans[1].code"),
    // One key in two forms.
    Wrong(
      "data_mb: 100", "\u{AC00}: 100, \u{1100}\u{1161}: 200", .duplicateKey,
      "\u{AC00}"),
    Wrong("2000", "-1", .tooSmall(minimum: 0), "plans[0].monthlyFee", line: 8),
    Wrong("2000", "20.00", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "\"2000\"", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "2_000", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "02000", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "0x7d0", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "2e3", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "9223372036854775808", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000", "null", .expectedInteger, "plans[0].monthlyFee"),
    Wrong("2000 }", "2000, fee: 1 }", .unknownKey, "plans[0].fee", line: 8),
    Wrong("2000 }", "2000, overage: }", .expectedMapping, "plans[0].overage"),
    Wrong("data_mb: 100", "data_mb: endless", .expectedInteger, "plans[1].allowances.data_mb"),
    Wrong(
      "data_mb: 100", "data_mb: -1", .tooSmall(minimum: 0), "plans[1].allowances.data_mb",
      line: 12),
    Wrong(
      "\"1.5\"", "1.5", .expectedQuotedDecimal, "plans[1].overage.data_mb.rate", line: 13),
    Wrong(
      "\"1.5\"", "\"1.0000000001\"", .expectedQuotedDecimal, "plans[1].overage.data_mb.rate"),
    Wrong("\"1.5\"", "\"-1.5\"", .rateOutOfRange, "plans[1].overage.data_mb.rate"),
    Wrong("rate: \"1.5\", ", "", .missingKey, "plans[1].overage.data_mb.rate"),
    Wrong("cap: 9000", "cap: -1", .tooSmall(minimum: 0), "plans[1].overage.data_mb.cap"),
    Wrong("cap: 9000", "limit: 9000", .unknownKey, "plans[1].overage.data_mb.limit"),
    Wrong(", monthlyFee: 500", "", .missingKey, "addOns[0].monthlyFee", line: 15),
  ]

  private static let wrongDiscounts = [
    Wrong(
      "kind: rate, value: \"0.5\", basis: [plan]",
      "kind: bundle, basis: [plan], tiers: [ { lines: 2, amount: 1 } ]", .secondBundle,
      "discounts[1]", line: 18),
    Wrong("code: FAMILY", "code: HALF", .duplicate, "discounts[1].code", line: 18),
    Wrong("kind: rate", "kind: share", .unknownValue, "discounts[0].kind", line: 17),
    Wrong("kind: rate", "kind: amount", .expectedInteger, "discounts[0].value"),
    Wrong("kind: rate", "kind: bundle", .unknownKey, "discounts[0].value"),
    Wrong("kind: bundle", "kind: rate", .unknownKey, "discounts[1].tiers"),
    Wrong("\"0.5\"", "\"1.01\"", .rateOutOfRange, "discounts[0].value"),
    Wrong("value: \"0.5\", ", "", .missingKey, "discounts[0].value"),
    Wrong("basis: [plan] }", "basis: [] }", .empty, "discounts[0].basis"),
    Wrong("basis: [plan] }", "basis: [tax] }", .unknownCategory, "discounts[0].basis[0]"),
    Wrong(
      "{ lines: 3, amount: 200 }, { lines: 2, amount: 100 }", "", .empty,
      "discounts[1].tiers"),
    Wrong("lines: 2", "lines: 3", .duplicate, "discounts[1].tiers[1].lines"),
    Wrong("lines: 2", "lines: 0", .tooSmall(minimum: 1), "discounts[1].tiers[1].lines"),
    Wrong("amount: 100", "amount: -5", .tooSmall(minimum: 0), "discounts[1].tiers[1].amount"),
    Wrong("amount: 100", "value: 100", .unknownKey, "discounts[1].tiers[1].value"),
  ]
}
