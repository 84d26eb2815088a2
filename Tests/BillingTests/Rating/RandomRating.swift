import Billing

/// Catalogs and customers from a seed: plan changes with gaps, entitlements that begin and end
/// anywhere around the month, two to the same add-on or discount, every kind of discount, refunds, both tax modes.
struct RandomRating {
  static let month = BillingMonth("2028-02")!

  var catalog: Catalog
  var input: RatingInput
  var sizes: BundleSizes

  init(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let catalog = Self.catalog(&random)
    let lines = (1...Int.random(in: 1...4, using: &random)).map { number in
      Self.line(Int64(number), catalog, &random)
    }
    let charges = (0..<Int.random(in: 0...3, using: &random)).map { number in
      OneOffCharge(
        id: "CH\(number)", chargedOn: Self.day(in: Self.month.period, &random), category: "refund",
        description: "환불", amount: .random(in: -50_000...50_000, using: &random),
        taxable: random.chance(50))
    }
    self.catalog = catalog
    input = RatingInput(
      customer: CustomerID(7), name: "홍길동", locale: .korean, lines: lines, charges: charges)
    let family = lines.flatMap { line in
      line.bundles.map { BundleMember(membership: $0, line: line.id, segments: line.segments) }
    }
    sizes = BundleSizes(members: family, month: Self.month)
  }

  var rater: Rater { Rater(catalog: catalog, month: Self.month) }

  func statement() throws(ParkingReason) -> Statement {
    try rater.statement(for: input, version: 1, bundleSizes: sizes)
  }

  private static func catalog(_ random: inout SeededRandom) -> Catalog {
    let metrics = ["data_mb", "voice_s", "sms"]
    let plans = (1...3).map { number in
      var allowances: [String: Allowance] = [:]
      var overage: [String: OverageRule] = [:]
      for metric in metrics {
        if random.chance(70) {
          allowances[metric] =
            random.chance(20) ? .unlimited : .limited(.random(in: 0...5000, using: &random))
        }
        if random.chance(70) {
          overage[metric] = OverageRule(
            rate: decimal(upTo: 50_000, scale: 3, &random),
            cap: random.chance(40) ? .random(in: 0...30_000, using: &random) : nil)
        }
      }
      return Plan(
        code: "P\(number)", name: "Plan \(number)",
        monthlyFee: .random(in: 0...100_000, using: &random), allowances: allowances,
        overage: overage)
    }
    let addOns = (1...3).map { number in
      AddOn(
        code: "A\(number)", name: "Add-on \(number)",
        monthlyFee: random.chance(20) ? 0 : .random(in: 0...20_000, using: &random))
    }
    let discounts = (1...6).map { number in discount(number, &random) }
    return Catalog(
      version: "seeded", effectiveFrom: month, currency: Currency(code: "KRW")!,
      timeZone: "Asia/Seoul",
      tax: TaxRule(
        mode: random.chance(50) ? .inclusive : .exclusive,
        rate: decimal(upTo: 3000, scale: 4, &random),
        appliesTo: Set(ChargeCategory.allCases.filter { _ in random.chance(70) })),
      rounding: RoundingRule(unit: random.pick([1, 10, 100])), plans: plans, addOns: addOns,
      discounts: discounts)
  }

  private static func discount(_ number: Int, _ random: inout SeededRandom) -> Discount {
    let kind: Discount.Kind =
      switch number {
      case 3: .bundle([BundleTier(lines: 2, amount: 2200), BundleTier(lines: 3, amount: 90_000)])
      case 1, 4: .rate(decimal(upTo: 100, scale: 2, &random))
      default: .amount(.random(in: 0...40_000, using: &random))
      }
    var basis = ChargeCategory.allCases.shuffled(using: &random)
    basis.removeLast(.random(in: 0...2, using: &random))
    return Discount(
      code: "D\(number)", name: "Discount \(number)", kind: kind, basis: basis,
      cap: random.chance(40) ? .random(in: 0...20_000, using: &random) : nil)
  }

  private static func line(
    _ number: Int64, _ catalog: Catalog, _ random: inout SeededRandom
  ) -> LineInput {
    var line = LineInput(id: LineID(number))
    let around = month.previous.firstDay..<month.next.next.firstDay
    var cuts = (0..<6).map { _ in day(in: around, &random) }.sorted()
    if random.chance(50) { cuts.removeLast(4) }
    for position in stride(from: 0, to: cuts.count, by: 2) {
      let last = position + 2 == cuts.count
      line.segments.append(
        PlanSegment(
          planCode: random.pick(["P1", "P2", "P3"]), activeFrom: cuts[position],
          activeTo: last && random.chance(50) ? nil : cuts[position + 1]))
    }
    let entitlement = { (code: String, random: inout SeededRandom) in
      let from = day(in: around, &random)
      return Entitlement(
        code: code, activeFrom: from,
        activeTo: random.chance(50) ? nil : from.advanced(by: .random(in: 0...60, using: &random)))
    }
    for code in ["A1", "A2", "A3", "A1"] where random.chance(60) {
      line.addOns.append(entitlement(code, &random))
    }
    for code in ["D1", "D2", "D4", "D5", "D1"] where random.chance(60) {
      line.discounts.append(entitlement(code, &random))
    }
    for metric in ["data_mb", "voice_s", "sms", "roaming"] where random.chance(70) {
      line.usage.append(
        UsageQuantity(metric: metric, quantity: decimal(upTo: 9_000_000, scale: 3, &random)))
    }
    if random.chance(60) {
      line.bundles.append(
        BundleMembership(bundle: "B1", activeFrom: around.lowerBound, activeTo: nil))
    }
    return line
  }

  private static func day(
    in range: Range<CalendarDay>, _ random: inout SeededRandom
  ) -> CalendarDay {
    let days = range.lowerBound.days(to: range.upperBound)
    return range.lowerBound.advanced(by: .random(in: 0..<days, using: &random))
  }

  private static func decimal(
    upTo coefficient: Int64, scale: Int, _ random: inout SeededRandom
  ) -> FixedDecimal {
    FixedDecimal(coefficient: .random(in: 0...coefficient, using: &random), scale: scale)!
  }
}
