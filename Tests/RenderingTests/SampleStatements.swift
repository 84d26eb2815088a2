import Billing
import Rendering

/// Statements that show what a bill can hold. Their amounts add up as a settlement's do.
enum SampleStatements {
  static let month = BillingMonth(year: 2026, month: 10)!
  static let won = Currency(code: "KRW")!
  static let dollars = Currency(code: "USD")!

  static func day(_ text: String) -> CalendarDay { CalendarDay(text)! }

  static func decimal(_ text: String) -> FixedDecimal { FixedDecimal(text)! }

  /// Five lines with everything a line can have, a refund, a late charge and a rounding.
  static func family(locale: BillLocale = .korean) -> Statement {
    var lines: [StatementLine] = []
    lines += premier(LineID(5001))
    lines += changedPlan(LineID(5002))
    lines += heavyUse(LineID(5003))
    lines += plain(LineID(5004), fee: 33_000, name: "LTE 33")
    lines += plain(LineID(5005), fee: 12_100, name: "표준요금제")
    lines += [
      oneOff("C-1", "단말 할부금 3/24", 41_250, "2026-10-05"),
      oneOff("C-2", "로밍 요금", 12_870, "2026-09-28", taxable: true),
      oneOff("C-3", "이중 청구 환불", -5_500, "2026-10-20", taxable: true),
    ]
    return statement(1_001, "홍길동", locale, won, lines, rounding: 10)
  }

  /// In dollars, with a tax that is added.
  static func american(locale: BillLocale = .english) -> Statement {
    var lines = [
      StatementLine(
        line: LineID(31), name: "Fiber and phone", amount: 7000,
        source: .plan(
          code: "FIBER", days: DaysOfMonth(1...31), daysInMonth: 31, monthlyFee: 7000)),
      addOn(LineID(31), "Streaming TV", 1000), addOn(LineID(31), "Tech support", 500),
      StatementLine(
        line: LineID(31), name: "data_mb", amount: 1234,
        source: usage("data_mb", "14820.5", allowance: 10_240, rate: "0.25", cap: nil)),
      StatementLine(
        line: LineID(31), name: "Loyalty", amount: -350,
        source: .discount(
          code: "LOYAL", rule: .rate(decimal("0.05"), days: DaysOfMonth(1...31), activeDays: 31),
          basis: 7000, cap: nil)),
    ]
    lines.append(StatementLine(line: nil, name: "", amount: 774, source: .tax))
    var statement = statement(7_043, "Jane Doe", locale, dollars, lines, rounding: 1)
    statement.tax = StatementTax(mode: .exclusive, rate: decimal("0.0825"), taxable: 9384)
    statement.totals.tax = 774
    statement.totals.charges -= 774
    return statement
  }

  static func zero(locale: BillLocale) -> Statement {
    statement(20, locale == .korean ? "김나" : "Max", locale, locale == .korean ? won : dollars, [])
  }

  /// A former customer whose refund is still owed.
  static func credit(locale: BillLocale) -> Statement {
    let name = locale == .korean ? "남궁민수" : "Ana Lópéz"
    return statement(
      3_000_000_017, name, locale, locale == .korean ? won : dollars,
      [
        oneOff(
          "R-9", locale == .korean ? "해지 정산 환급" : "Refund after closing", -1_234_567, "2026-10-09")
      ])
  }

  /// What a hostile name tries.
  static func hostile() -> Statement {
    var lines = plain(LineID(1), fee: 10_000, name: "<img src=x onerror='alert(1)'>")
    lines.append(oneOff("X", "{{total}} & \"quoted\" 🙂", 90, "2026-10-31"))
    var statement = statement(9, "<b>&'\"", .korean, won, lines)
    statement.version = 2
    return statement
  }

  static let all: [(name: String, statement: Statement)] = [
    ("family.ko-KR", family()), ("family.en-US", family(locale: .english)),
    ("american.en-US", american()), ("american.ko-KR", american(locale: .korean)),
    ("zero.ko-KR", zero(locale: .korean)), ("zero.en-US", zero(locale: .english)),
    ("credit.ko-KR", credit(locale: .korean)), ("credit.en-US", credit(locale: .english)),
    ("pieces.ko-KR", pieces(locale: .korean)), ("pieces.en-US", pieces(locale: .english)),
    ("hostile.ko-KR", hostile()),
  ]

  // MARK: Lines

  private static func premier(_ line: LineID) -> [StatementLine] {
    plain(line, fee: 95_000, name: "5G 프리미어 레귤러") + [
      addOn(line, "V컬러링", 3_135), addOn(line, "OTT 맥스", 13_900), addOn(line, "지니뮤직", 0),
      StatementLine(
        line: line, name: "선택약정 25%", amount: -23_750,
        source: .discount(
          code: "CONTRACT25",
          rule: .rate(decimal("0.25"), days: DaysOfMonth(1...31), activeDays: 31), basis: 95_000,
          cap: nil)),
      StatementLine(
        line: line, name: "가족 결합 할인", amount: -5_500,
        source: .discount(
          code: "BUNDLE", rule: .bundle(lines: 5, amount: 5_500), basis: 71_250, cap: nil)),
    ]
  }

  private static func changedPlan(_ line: LineID) -> [StatementLine] {
    [
      StatementLine(
        line: line, name: "5G 슬림+", amount: 21_225,
        source: .plan(
          code: "5G-SLIM", days: DaysOfMonth(1...14), daysInMonth: 31, monthlyFee: 47_000)),
      StatementLine(
        line: line, name: "5G 스탠다드", amount: 41_129,
        source: .plan(
          code: "5G-STANDARD", days: DaysOfMonth(15...31), daysInMonth: 31,
          monthlyFee: 75_000)),
      StatementLine(
        line: line, name: "프로모션", amount: -3_000,
        source: .discount(
          code: "PROMO3000", rule: .amount(3_000, days: DaysOfMonth(1...31), daysInMonth: 31),
          basis: 62_354, cap: nil)),
    ]
  }

  private static func heavyUse(_ line: LineID) -> [StatementLine] {
    plain(line, fee: 33_000, name: "LTE 33") + [
      StatementLine(
        line: line, name: "data_mb", amount: 27_500,
        source: usage("data_mb", "4211.25", allowance: 1_536, rate: "22.528", cap: 27_500)),
      StatementLine(
        line: line, name: "voice_s", amount: 198,
        source: usage("voice_s", "6100", allowance: 6_000, rate: "1.98", cap: nil)),
      StatementLine(
        line: line, name: "sms", amount: 440,
        source: usage("sms", "120", allowance: 100, rate: "22", cap: nil)),
      StatementLine(
        line: line, name: "국가유공자 35%", amount: -21_398,
        source: .discount(
          code: "VETERAN", rule: .rate(decimal("0.35"), days: DaysOfMonth(1...31), activeDays: 31),
          basis: 61_138, cap: 28_600)),
    ]
  }

  /// Of a line that was on one plan for the whole month.
  private static func usage(
    _ metric: String, _ used: String, allowance: Int64, rate: String, cap: Int64?
  ) -> StatementSource {
    .usage(
      UsageSource(
        metric: metric, plan: "P", used: decimal(used), allowance: allowance, days: 31,
        activeDays: 31, daysInMonth: 31, rate: decimal(rate), cap: cap))
  }

  private static func plain(_ line: LineID, fee: Int64, name: String) -> [StatementLine] {
    [
      StatementLine(
        line: line, name: name, amount: fee,
        source: .plan(
          code: "P", days: DaysOfMonth(1...31), daysInMonth: 31, monthlyFee: fee))
    ]
  }

  private static func addOn(_ line: LineID, _ name: String, _ fee: Int64) -> StatementLine {
    StatementLine(
      line: line, name: name, amount: fee,
      source: .addOn(
        code: "A", days: DaysOfMonth(1...31), daysInMonth: 31, monthlyFee: fee))
  }

  private static func oneOff(
    _ id: String, _ name: String, _ amount: Int64, _ on: String, taxable: Bool = false
  ) -> StatementLine {
    StatementLine(
      line: nil, name: name, amount: amount,
      source: .oneOff(id: id, category: "misc", chargedOn: day(on), taxable: taxable))
  }

  /// Works out the totals of an inclusive tax of 10 % and adds the rounding line.
  static func statement(
    _ customer: Int64, _ name: String, _ locale: BillLocale, _ currency: Currency,
    _ lines: [StatementLine], rounding unit: Int64 = 1
  ) -> Statement {
    var lines = lines
    let sum = lines.reduce(0) { $0 + $1.amount }
    let cut = sum > 0 ? -(sum % unit) : 0
    if cut != 0 {
      lines.append(StatementLine(line: nil, name: "", amount: cut, source: .rounding(unit: unit)))
    }
    let discounts = lines.reduce(Int64(0)) { total, line in
      if case .discount = line.source { total - line.amount } else { total }
    }
    let taxable = lines.reduce(Int64(0)) { $0 + ($1.line == nil ? 0 : $1.amount) }
    return Statement(
      month: month, customer: CustomerID(customer), version: 1, customerName: name, locale: locale,
      currency: currency, catalogVersion: "2026-10", lines: lines,
      tax: StatementTax(mode: .inclusive, rate: decimal("0.10"), taxable: taxable),
      totals: StatementTotals(
        charges: sum + discounts, discounts: discounts, tax: taxable / 11, rounding: cut,
        total: sum + cut))
  }
}

extension BillMaker {
  /// As of a customer who has until 25 November.
  func bills(of statement: Statement) -> [Bill] {
    bills(of: statement, dueDate: statement.sampleDueDate)
  }

  func bill(of statement: Statement, channel: Channel) -> Bill? {
    bill(of: statement, dueDate: statement.sampleDueDate, channel: channel)
  }
}

extension Statement {
  fileprivate var sampleDueDate: CalendarDay? {
    totals.total > 0 ? SampleStatements.day("2026-11-25") : nil
  }
}
