import Billing
import Testing

/// The rules one by one, on a 30-day month. `line` is a line on plan BASIC for all of it.
@Suite("Rules of rating")
struct RatingRuleTests {
  private let month = BillingMonth("2026-11")!

  @Test("A fee is prorated by days and cut down")
  func planFee() throws {
    let line = line([segment("BASIC", from: 11)])
    let statement = try rate([line])
    // 10,001 × 20 / 30 = 6,667.33
    #expect(
      statement.lines.first
        == StatementLine(
          line: LineID(1), name: "Basic", amount: 6667,
          source: .plan(
            code: "BASIC", days: DaysOfMonth(11...30), daysInMonth: 30, monthlyFee: 10_001)))
  }

  @Test("A plan is charged once for all its days, however many pieces they come in")
  func planInPieces() throws {
    let statement = try rate([
      line([
        segment("BASIC", from: 1, to: 4), segment("SMALL", from: 4, to: 8),
        segment("BASIC", from: 8, to: 9), segment("BASIC", from: 9, to: 11),
        segment("BASIC", from: 30),
      ])
    ])
    var days = DaysOfMonth(1...3)
    days.formUnion(DaysOfMonth(8...10))
    days.formUnion(DaysOfMonth(30...30))
    // 10,001 × 7 / 30 = 2,333.57; 5,000 × 4 / 30 = 666.67
    #expect(
      statement.lines.prefix(2).map(\.source) == [
        .plan(code: "BASIC", days: days, daysInMonth: 30, monthlyFee: 10_001),
        .plan(code: "SMALL", days: DaysOfMonth(4...7), daysInMonth: 30, monthlyFee: 5000),
      ])
    #expect(statement.lines.prefix(2).map(\.amount) == [2333, 666])
  }

  @Test("A fee near the largest amount is prorated exactly")
  func largestFee() throws {
    let refund = OneOffCharge(
      id: "R", chargedOn: day(1), category: "refund", description: "Refund",
      amount: -8_915_926_302_292_949_000, taxable: false)
    let statement = try rate(
      [line([segment("VAST", from: 1, to: 30)])], charges: [refund],
      catalog { $0.rounding.unit = 1 })
    // floor((2^63 − 1) × 29 / 30) is 8,915,926,302,292,949,946; the refund keeps the total small.
    #expect(statement.totals.charges == 946)
  }

  @Test("An add-on is charged for the active days on which any entitlement to it is active")
  func addOnDays() throws {
    var line = line([segment("BASIC", from: 1, to: 6), segment("BASIC", from: 11, to: 16)])
    line.addOns = [entitlement("TV", from: 4, to: 13), entitlement("FREE", from: 1)]
    line.addOns += [entitlement("TV", from: 6, to: 11), entitlement("TV", from: 12, to: 15)]
    let statement = try rate([line])
    let addOns = statement.lines.filter { if case .addOn = $0.source { true } else { false } }
    var active = DaysOfMonth(1...5)
    active.formUnion(DaysOfMonth(11...15))
    // The 4th and 5th, and from the 11th to the 14th; the 12th once.
    var entitled = DaysOfMonth(4...5)
    entitled.formUnion(DaysOfMonth(11...14))
    #expect(
      addOns.map(\.source) == [
        .addOn(code: "FREE", days: active, daysInMonth: 30, monthlyFee: 0),
        .addOn(code: "TV", days: entitled, daysInMonth: 30, monthlyFee: 3000),
      ])
    #expect(addOns.map(\.amount) == [0, 600])
  }

  @Test("Each plan charges its days' share of the usage beyond its days' share of the allowance")
  func overage() throws {
    var line = line([segment("BASIC", from: 1, to: 11), segment("SMALL", from: 21)])
    line.usage = [usage("data_mb", "1250.5")]
    let usages = try rate([line]).lines.filter(isUsage)
    func source(_ plan: String, _ allowance: Int64, _ cap: Int64?) -> UsageSource {
      UsageSource(
        metric: "data_mb", plan: plan, used: FixedDecimal("1250.5")!, allowance: allowance,
        days: 10, activeDays: 20, daysInMonth: 30, rate: FixedDecimal("22.528")!, cap: cap)
    }
    let (basic, small) = (source("BASIC", 1000, 27_500), source("SMALL", 101, nil))
    // 1250.5 × 10/20 = 625.25 each. Less 1000 × 10/30: 291.91… × 22.528 = 6,576.3; less 101 × 10/30:
    // 591.58… × 22.528 = 13,327.1. The cap of a third of 27,500 is 9,166.
    #expect(usages.map(\.source) == [.usage(basic), .usage(small)])
    #expect(usages.map(\.amount) == [6576, 13_327])
    #expect(basic.capOfDays == 9166 && small.capOfDays == nil)
    line.usage = [usage("data_mb", "2000")]
    #expect(try rate([line]).lines.first(where: isUsage)?.amount == 9166)
  }

  @Test("There is no overage without a rate, with an unlimited plan, or for an unknown metric")
  func noOverage() throws {
    func charged(_ segments: [PlanSegment]) throws -> [String] {
      var line = line(segments)
      line.usage = [usage("data_mb", "99999"), usage("roaming_mb", "5")]
      return try rate([line]).lines.compactMap { line in
        if case .usage(let usage) = line.source { usage.plan } else { nil }
      }
    }
    #expect(try charged([segment("NORATE", from: 1)]).isEmpty)
    #expect(try charged([segment("ENDLESS", from: 1)]).isEmpty)
    // For its share alone: what the other plan has is charged, before it or after it.
    #expect(
      try charged([segment("SMALL", from: 1, to: 16), segment("NORATE", from: 16)]) == ["SMALL"])
    #expect(
      try charged([segment("ENDLESS", from: 1, to: 2), segment("SMALL", from: 2)]) == ["SMALL"])
    var within = line([segment("SMALL", from: 1)])
    within.usage = [usage("data_mb", "101")]
    #expect(try rate([within]).lines.allSatisfy { !isUsage($0) })
  }

  @Test("A cap holds overage even where the uncapped amount is beyond 64 bits")
  func overageCap() throws {
    var line = line([segment("BASIC", from: 1)])
    line.usage = [usage("data_mb", "999999999999999999")]
    let statement = try rate([line])
    #expect(statement.lines.first(where: isUsage)?.amount == 27_500)
  }

  @Test("Discounts go in the catalog's order, each on what earlier ones left of its basis")
  func discountOrder() throws {
    var line = line([segment("BASIC", from: 1)])
    line.addOns = [entitlement("TV", from: 1)]
    // PROMO takes 4,000 off [addOn, plan]: 3,000 and 1,000. HALF then has 9,001 of plan left.
    line.discounts = [entitlement("HALF", from: 1), entitlement("PROMO", from: 1)]
    let statement = try rate([line])
    let discounts = statement.lines.filter(isDiscount)
    #expect(
      discounts.map(\.source) == [
        .discount(
          code: "PROMO", rule: .amount(4000, days: DaysOfMonth(1...30), daysInMonth: 30),
          basis: 13_001, cap: nil),
        .discount(
          code: "HALF",
          rule: .rate(FixedDecimal("0.5")!, days: DaysOfMonth(1...30), activeDays: 30),
          basis: 9001, cap: 4200),
      ])
    #expect(discounts.map(\.amount) == [-4000, -4200])
  }

  @Test("An amount goes by its covered days of the month, once however often it is entitled")
  func amountByDays() throws {
    func discounted(_ entitlements: [Entitlement]) throws -> Int64 {
      var line = line([segment("BASIC", from: 1, to: 21)])
      line.discounts = entitlements
      return try rate([line]).totals.discounts
    }
    // 4,000 × days / 30
    #expect(try discounted([entitlement("PROMO", from: 20)]) == 133)
    #expect(try discounted([entitlement("PROMO", from: 21)]) == 0)
    #expect(try discounted([entitlement("PROMO", from: 1, to: 20)]) == 2533)
    #expect(try discounted([entitlement("PROMO", from: 1)]) == 2666)
    #expect(
      try discounted([entitlement("PROMO", from: 1), entitlement("PROMO", from: 5)]) == 2666)
    #expect(
      try discounted([
        entitlement("PROMO", from: 1, to: 3), entitlement("PROMO", from: 19, to: 25),
      ]) == 533)
  }

  @Test("A rate goes by its covered days of the line's active days, its cap does not")
  func rateByDays() throws {
    func discount(_ entitlements: [Entitlement], to end: Int?) throws -> StatementLine? {
      var line = line([segment("BASIC", from: 1, to: end)])
      line.discounts = entitlements
      return try rate([line]).lines.first(where: isDiscount)
    }
    // The plan fee of 20 days is 6,667; half of it for all of them is 3,333, for 5 of the 20 833.
    #expect(try discount([entitlement("HALF", from: 1)], to: 21)?.amount == -3333)
    let fiveDays = try discount([entitlement("HALF", from: 16)], to: 21)
    #expect(fiveDays?.amount == -833)
    #expect(
      fiveDays?.source
        == .discount(
          code: "HALF",
          rule: .rate(FixedDecimal("0.5")!, days: DaysOfMonth(16...20), activeDays: 20),
          basis: 6667, cap: 4200))
    // 10,001 × 0.5 × 26/30 = 4,333 and the cap is 4,200 for any number of days.
    #expect(try discount([entitlement("HALF", from: 5)], to: nil)?.amount == -4200)
    #expect(try discount([entitlement("HALF", from: 7)], to: nil)?.amount == -4000)
    #expect(try discount([entitlement("HALF", from: 21)], to: 21) == nil)
  }

  @Test("A customer whom the month does not concern is billed the charges alone")
  func chargesAlone() throws {
    var gone = line([segment("GONE", from: 1)])
    gone.usage = [usage("data_mb", "99999")]
    let input = RatingInput(
      customer: CustomerID(1), name: "Jane Doe", locale: .english, isOfMonth: false,
      lines: [line([segment("BASIC", from: 1)]), gone], charges: [charge(-770, taxable: true)])
    let statement = try Rater(catalog: catalog(), month: month).statement(
      for: input, version: 1, bundleSizes: BundleSizes())
    #expect(statement.lines.map(\.amount) == [-770])
    #expect(statement.totals.total == -770 && statement.totals.tax == -70)
  }

  @Test("A bundle is as large as its lines whose membership covers their own last active day")
  func bundleSize() throws {
    let ends = [nil, 11, nil, nil, 6]  // line 2 ends on the 10th, line 5 on the 5th
    let lines = ends.enumerated().map { position, end in
      var line = line([segment("BASIC", from: 1, to: end)], id: Int64(position + 1))
      line.bundles = [BundleMembership(bundle: "B1", activeFrom: day(8), activeTo: nil)]
      return line
    }
    // Line 4 left before the month's end; line 1 is in it twice.
    var members = lines
    members[3].bundles[0].activeTo = day(20)
    members[0].bundles.append(
      BundleMembership(bundle: "B1", activeFrom: day(1), activeTo: day(1)))
    members[0].bundles.append(BundleMembership(bundle: "B1", activeFrom: day(2), activeTo: nil))
    let sizes = BundleSizes(members: members.flatMap(memberships), month: month)
    #expect(sizes["B1"] == 3)
    #expect(sizes["B2"] == nil)
    let statement = try rate(members, sizes: sizes)
    #expect(
      statement.lines.filter(isDiscount).map(\.line) == [LineID(1), LineID(2), LineID(3)])
    #expect(
      statement.lines.first(where: isDiscount)?.source
        == .discount(
          code: "FAMILY", rule: .bundle(lines: 3, amount: 2200), basis: 10_001, cap: nil))
  }

  @Test("A bundle below the smallest tier takes nothing off")
  func smallBundle() throws {
    var line = line([segment("BASIC", from: 1)])
    line.bundles = [BundleMembership(bundle: "B1", activeFrom: day(1), activeTo: nil)]
    let sizes = BundleSizes(members: memberships(line), month: month)
    #expect(try rate([line], sizes: sizes).totals.discounts == 0)
  }

  @Test(
    "An exclusive tax is rounded half away from zero and added",
    arguments: [(5, 1), (4, 0), (-5, -1), (-4, 0), (14, 1), (15, 2)] as [(Int64, Int64)])
  func exclusiveTax(taxable: Int64, tax: Int64) throws {
    let statement = try rate(
      [], charges: [charge(taxable, taxable: true), charge(100, taxable: false)],
      catalog {
        $0.tax = TaxRule(mode: .exclusive, rate: FixedDecimal("0.1")!, appliesTo: [])
        $0.rounding.unit = 1
      })
    #expect(statement.totals.tax == tax)
    #expect(statement.totals.total == taxable + 100 + tax)
    #expect(statement.lines.contains { $0.source == .tax } == (tax != 0))
  }

  @Test(
    "An inclusive tax is truncated toward zero and not added",
    arguments: [(21, 1), (22, 2), (-21, -1), (-22, -2)] as [(Int64, Int64)])
  func inclusiveTax(taxable: Int64, tax: Int64) throws {
    let statement = try rate([], charges: [charge(taxable, taxable: true)])
    #expect(statement.totals.tax == tax)
    #expect(statement.tax.taxable == taxable)
    #expect(statement.lines.allSatisfy { $0.source != .tax })
  }

  @Test("A positive total is cut down to the unit; zero and credits are not rounded")
  func rounding() throws {
    #expect(try rate([], charges: [charge(19)]).totals.total == 10)
    #expect(try rate([], charges: [charge(9)]).totals.total == 0)
    #expect(try rate([], charges: [charge(20)]).lines.count == 1)
    #expect(try rate([], charges: [charge(-19)]).totals.total == -19)
    let nothing = try rate([])
    #expect(nothing.totals.total == 0 && nothing.lines.isEmpty)
  }

  @Test("One-off charges stand as they are, by day, after the lines, and are not discounted")
  func oneOffs() throws {
    var line = line([segment("BASIC", from: 1)])
    line.discounts = [entitlement("PROMO", from: 1)]
    let late = OneOffCharge(
      id: "CH0", chargedOn: CalendarDay("2026-09-30")!, category: "content",
      description: "Late", amount: 700, taxable: false)
    let statement = try rate([line], charges: [charge(-500), late])
    #expect(statement.lines.map(\.name).suffix(3) == ["Late", "Charge -500", ""])
    #expect(statement.totals.charges == 10_001 - 500 + 700)
    #expect(statement.totals.discounts == 4000)
  }
}

// What the tests speak of.
extension RatingRuleTests {
  private func catalog(_ change: (inout Catalog) -> Void = { _ in }) -> Catalog {
    let rate = OverageRule(rate: FixedDecimal("22.528")!, cap: nil)
    func plan(
      _ code: String, _ fee: Int64, _ data: Allowance?, _ overage: OverageRule?
    ) -> Plan {
      Plan(
        code: code, name: code.prefix(1) + code.dropFirst().lowercased(), monthlyFee: fee,
        allowances: data.map { ["data_mb": $0] } ?? [:],
        overage: overage.map { ["data_mb": $0] } ?? [:])
    }
    var catalog = Catalog(
      version: "1", effectiveFrom: month, currency: Currency(code: "KRW")!,
      timeZone: "Asia/Seoul",
      tax: TaxRule(
        mode: .inclusive, rate: FixedDecimal("0.1")!, appliesTo: [.plan, .addOn, .usage]),
      rounding: RoundingRule(unit: 10),
      plans: [
        plan("BASIC", 10_001, .limited(1000), OverageRule(rate: rate.rate, cap: 27_500)),
        plan("SMALL", 5000, .limited(101), rate),
        plan("NORATE", 5000, .limited(101), nil),
        plan("ENDLESS", 5000, .unlimited, rate),
        plan("VAST", .max, nil, nil),
      ],
      addOns: [
        AddOn(code: "TV", name: "TV", monthlyFee: 3000),
        AddOn(code: "FREE", name: "Free", monthlyFee: 0),
      ],
      discounts: [
        Discount(
          code: "PROMO", name: "Promo", kind: .amount(4000), basis: [.addOn, .plan], cap: nil),
        Discount(
          code: "HALF", name: "Half", kind: .rate(FixedDecimal("0.50")!), basis: [.plan],
          cap: 4200),
        Discount(
          code: "FAMILY", name: "Family",
          kind: .bundle([BundleTier(lines: 2, amount: 2200), BundleTier(lines: 4, amount: 9900)]),
          basis: [.plan], cap: nil),
      ])
    change(&catalog)
    return catalog
  }

  private func rate(
    _ lines: [LineInput], charges: [OneOffCharge] = [], sizes: BundleSizes = BundleSizes(),
    _ catalog: Catalog? = nil
  ) throws -> Statement {
    let statement = try Rater(catalog: catalog ?? self.catalog(), month: month).statement(
      for: RatingInput(
        customer: CustomerID(1), name: "Jane Doe", locale: .english, lines: lines,
        charges: charges),
      version: 1, bundleSizes: sizes)
    expectConsistent(
      statement, rounding: (catalog ?? self.catalog()).rounding.unit, "every rule's statement")
    return statement
  }

  private func day(_ number: Int) -> CalendarDay { month.firstDay.advanced(by: number - 1) }

  private func line(_ segments: [PlanSegment], id: Int64 = 1) -> LineInput {
    LineInput(id: LineID(id), segments: segments)
  }

  private func segment(_ plan: String, from: Int, to: Int? = nil) -> PlanSegment {
    PlanSegment(planCode: plan, activeFrom: day(from), activeTo: to.map(day))
  }

  private func entitlement(_ code: String, from: Int, to: Int? = nil) -> Entitlement {
    Entitlement(code: code, activeFrom: day(from), activeTo: to.map(day))
  }

  private func usage(_ metric: String, _ quantity: String) -> UsageQuantity {
    UsageQuantity(metric: metric, quantity: FixedDecimal(quantity)!)
  }

  private func charge(_ amount: Int64, taxable: Bool = false) -> OneOffCharge {
    OneOffCharge(
      id: "CH\(amount)", chargedOn: day(5), category: "fee", description: "Charge \(amount)",
      amount: amount, taxable: taxable)
  }

  private func memberships(_ line: LineInput) -> [BundleMember] {
    line.bundles.map { BundleMember(membership: $0, line: line.id, segments: line.segments) }
  }

  private func isUsage(_ line: StatementLine) -> Bool {
    if case .usage = line.source { true } else { false }
  }

  private func isDiscount(_ line: StatementLine) -> Bool {
    if case .discount = line.source { true } else { false }
  }
}
