import Billing

/// Makes up one customer after the other and writes their rows.
struct SampleWriter {
  var random: SampleRandom
  let month: BillingMonth
  let files: SampleFiles
  var days = SampleDays()

  private var customer = 1000
  private var line = 0
  private var charges = 0
  private var bundles = 0
  private var family: Family?

  /// A bundle that the next customers join too.
  private struct Family {
    let bundle: String
    var customersLeft: Int
  }

  init(random: SampleRandom, month: BillingMonth, files: SampleFiles) {
    self.random = random
    self.month = month
    self.files = files
  }

  mutating func writeCustomer(isPoisoned: Bool) throws {
    customer += random.chance(perMille: 900) ? 1 : random.from(2...100)
    let life = isPoisoned ? .whole(before: month) : SampleLife(&random, month: month)
    try writeCustomerRow(life)
    if isPoisoned { return try writePoison(life) }
    let count = random.pick(weighted: [(1, 780), (2, 140), (3, 50), (4, 20), (5, 10)])
    let bundle = nextBundle(lines: count)
    for _ in 0..<count { try writeLine(life, bundle: bundle) }
    if random.chance(perMille: 180) {
      for _ in 0..<random.from(1...2) { try writeCharge(life) }
    }
  }

  // MARK: The customer

  private mutating func writeCustomerRow(_ life: SampleLife) throws {
    let isKorean = random.chance(perMille: 962)
    let name = isKorean ? SampleNames.korean(&random) : SampleNames.english(&random)
    let zone = random.pick(weighted: Self.zones)
    let channels = random.pick(weighted: Self.channels)
    let hasEmail = channels.hasPrefix("email") || random.chance(perMille: 400)
    let fields = [
      "\(customer)", name, hasEmail ? "c\(customer)@example.com" : "",
      SampleNames.phone(&random), "\(random.from(1...31))", quietSlots(), zone,
      isKorean ? "ko-KR" : "en-US", channels, life.status.rawValue, days.text(life.activatedOn),
      days.text(life.terminatedOn),
    ]
    try files.customers.append(fields.joined(separator: ",") + "\n")
  }

  private static let zones: [(String, weight: Int)] = [
    ("Asia/Seoul", 965), ("America/New_York", 8), ("America/Los_Angeles", 8), ("Asia/Tokyo", 7),
    ("Europe/London", 5), ("Australia/Sydney", 4), ("Asia/Kolkata", 3),
  ]
  private static let channels: [(String, weight: Int)] = [
    ("email;sms", 620), ("sms", 180), ("email", 120), ("sms;email", 60), ("", 20),
  ]

  private mutating func quietSlots() -> String {
    switch random.below(100) {
    case ..<45: return ""
    // From ten at night, or midnight, to six or eight in the morning.
    case ..<65: return "0;1;2;11"
    case ..<80: return "0;1;2;3"
    case ..<97:
      let mask = random.below(1 << 12) & random.below(1 << 12)
      return (0...11).filter { mask >> $0 & 1 == 1 && mask != 0xFFF }.map { "\($0)" }
        .joined(separator: ";")
    default:
      let open = random.below(12)
      return (0...11).filter { $0 != open }.map { "\($0)" }.joined(separator: ";")
    }
  }

  // MARK: Lines

  /// The bundle that the customer's lines join: their own, their family's, or none.
  private mutating func nextBundle(lines: Int) -> String? {
    if var family {
      family.customersLeft -= 1
      self.family = family.customersLeft > 0 ? family : nil
      return family.bundle
    }
    if random.chance(perMille: 80) {
      bundles += 1
      family = Family(bundle: "B\(bundles)", customersLeft: random.from(1...3))
      return "B\(bundles)"
    }
    guard lines > 1, random.chance(perMille: 500) else { return nil }
    bundles += 1
    return "B\(bundles)"
  }

  private mutating func nextLine() -> Int {
    line += random.chance(perMille: 950) ? 1 : random.from(2...20)
    return line
  }

  private mutating func writeLine(_ life: SampleLife, bundle: String?) throws {
    let line = nextLine()
    var from = life.activatedOn
    let end = life.terminatedOn
    var plan = random.pick(weighted: SampleCatalog.plans)
    // A change in the past, and one in the month: mostly none.
    for day in [change(in: life, perMille: 100), changeInMonth(life)] {
      guard let day, from < day else { continue }
      try writeSegment(line, plan.code, from, day)
      from = day
      plan = random.pick(weighted: SampleCatalog.plans)
    }
    try writeSegment(line, plan.code, from, end)
    try writeEntitlements(line, life, bundle: bundle)
    try writeUsage(line, plan.metrics)
  }

  private mutating func change(in life: SampleLife, perMille: Int) -> CalendarDay? {
    guard random.chance(perMille: perMille) else { return nil }
    let span = life.activatedOn.days(to: min(life.terminatedOn ?? month.firstDay, month.firstDay))
    return span > 1 ? life.activatedOn.advanced(by: random.from(1...span - 1)) : nil
  }

  private mutating func changeInMonth(_ life: SampleLife) -> CalendarDay? {
    guard random.chance(perMille: 60) else { return nil }
    let day = month.firstDay.advanced(by: random.from(1...month.dayCount - 1))
    return day < (life.terminatedOn ?? month.next.firstDay) ? day : nil
  }

  private func row(_ fields: String...) -> String { fields.joined(separator: ",") + "\n" }

  private mutating func writeSegment(
    _ line: Int, _ plan: String, _ from: CalendarDay, _ to: CalendarDay?
  ) throws {
    try files.subscriptions.append(
      row("\(line)", "\(customer)", plan, days.text(from), days.text(to)))
  }

  private mutating func writeEntitlement(
    _ file: BufferedFile, _ line: Int, _ code: String, _ from: CalendarDay, _ to: CalendarDay? = nil
  ) throws {
    try file.append(row("\(line)", code, days.text(from), days.text(to)))
  }

  private mutating func writeEntitlements(
    _ line: Int, _ life: SampleLife, bundle: String?
  ) throws {
    if random.chance(perMille: 350) {
      let first = random.below(SampleCatalog.addOns.count)
      for offset in 0..<random.from(1...2) {
        let code = SampleCatalog.addOns[(first + offset) % SampleCatalog.addOns.count]
        let from = change(in: life, perMille: 600) ?? life.activatedOn
        let ends = random.chance(perMille: 50) ? changeInMonth(life) : nil
        try writeEntitlement(files.addOns, line, code, from, ends.flatMap { from < $0 ? $0 : nil })
      }
    }
    if random.chance(perMille: 550) {
      try writeEntitlement(files.discounts, line, SampleCatalog.contract, life.activatedOn)
    }
    if random.chance(perMille: 60) {
      let code = random.pick(SampleCatalog.personal)
      try writeEntitlement(files.discounts, line, code, life.activatedOn)
    }
    if random.chance(perMille: 50) {
      try writeEntitlement(files.discounts, line, SampleCatalog.promotion, life.activatedOn)
    }
    guard let bundle else { return }
    try writeEntitlement(files.discounts, line, SampleCatalog.bundle, life.activatedOn)
    let joined = random.chance(perMille: 30) ? changeInMonth(life) : nil
    try writeMembership(bundle, line, joined ?? life.activatedOn)
  }

  private mutating func writeMembership(
    _ bundle: String, _ line: Int, _ from: CalendarDay
  ) throws {
    try files.bundles.append(row(bundle, "\(line)", days.text(from), ""))
  }

  private mutating func writeUsage(_ line: Int, _ metrics: [String]) throws {
    for metric in metrics where random.chance(perMille: 900) {
      let quantity =
        switch metric {
        case "data_mb":
          "\(random.below(random.chance(perMille: 150) ? 60_000 : 9_000))."
            + SampleNames.digits(random.below(1000), count: 3)
        case "voice_s": "\(random.below(12_000))"
        default: "\(random.below(160))"
        }
      try files.usage.append(row("\(line)", "\(month)", metric, quantity))
    }
  }

  // MARK: One-off charges

  private mutating func writeCharge(_ life: SampleLife) throws {
    let day = month.firstDay.advanced(by: random.below(month.dayCount))
    switch random.below(100) {
    case ..<40:
      let part = random.from(1...24)
      try writeCharge(day, "installment", "단말기 할부금 \(part)/24", random.from(10...60) * 1000, false)
    case ..<65:
      try writeCharge(day, "microPayment", "소액결제", random.from(1...50) * 1100, false)
    case ..<80:
      try writeCharge(
        day, "content", "\"콘텐츠 <이용료>, \"\"기타\"\"\"", random.from(1...30) * 330, true)
    // Now and then more than the whole bill: a credit.
    case ..<98: try writeCharge(day, "refund", "환불", -random.from(1...40) * 550, true)
    default: try writeCharge(day, "refund", "보증금 반환", -random.from(100...300) * 1000, false)
    }
  }

  private mutating func writeCharge(
    _ day: CalendarDay, _ category: String, _ description: String, _ amount: Int, _ taxable: Bool
  ) throws {
    charges += 1
    try files.charges.append(
      row(
        "C\(charges)", "\(customer)", days.text(day), category, description, "\(amount)",
        taxable ? "true" : "false"))
  }

  // MARK: Customers that cannot be rated

  /// One line that is billed for the whole month, and one thing that makes it impossible.
  private mutating func writePoison(_ life: SampleLife) throws {
    let line = nextLine()
    let from = life.activatedOn
    let kind = random.below(6)
    try writeSegment(line, kind == 0 ? "NO-SUCH-PLAN" : "5G-SLIM", from, nil)
    switch kind {
    case 0: break
    case 1: try writeEntitlement(files.addOns, line, "NO-SUCH-ADDON", from)
    case 2: try writeEntitlement(files.discounts, line, "NO-SUCH-DISCOUNT", from)
    case 3: try writeSegment(line, "LTE-33", month.firstDay, nil)
    case 4:
      // Two bundles of nobody else's, so that nobody else is affected.
      for _ in 0..<2 {
        bundles += 1
        try writeMembership("B\(bundles)", line, from)
      }
    default:
      for _ in 0..<2 {
        try writeCharge(month.firstDay, "installment", "단말기 할부금", Int(Int64.max), false)
      }
    }
  }
}
