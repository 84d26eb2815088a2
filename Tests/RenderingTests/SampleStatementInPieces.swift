import Billing

extension SampleStatements {
  /// A line with a gap, a change of plan, an add-on over the gap and discounts that begin late.
  static func pieces(locale: BillLocale) -> Statement {
    var active = DaysOfMonth(1...10)
    active.formUnion(DaysOfMonth(21...25))
    var entitled = DaysOfMonth(1...5)
    entitled.formUnion(DaysOfMonth(21...31))
    let line = LineID(5006)
    let lines = [
      StatementLine(
        line: line, name: "LTE 33", amount: 15_967,
        source: .plan(code: "LTE-33", days: active, daysInMonth: 31, monthlyFee: 33_000)),
      StatementLine(
        line: line, name: "표준요금제", amount: 2_341,
        source: .plan(
          code: "STANDARD", days: DaysOfMonth(26...31), daysInMonth: 31, monthlyFee: 12_100)),
      StatementLine(
        line: line, name: "V컬러링", amount: 1_618,
        source: .addOn(code: "VCOLORING", days: entitled, daysInMonth: 31, monthlyFee: 3_135)),
      used("data_mb", 13_306, on: "LTE-33", "2000", 1_536, days: 15, rate: "22.528", cap: 27_500),
      used("data_mb", 5_322, on: "STANDARD", "2000", 0, days: 6, rate: "22.528", cap: 27_500),
      used("sms", 2_078, on: "LTE-33", "200", 100, days: 15, rate: "22", cap: nil),
      used("sms", 1_044, on: "STANDARD", "200", 50, days: 6, rate: "22", cap: nil),
      StatementLine(
        line: line, name: "선택약정 25%", amount: -217,
        source: .discount(
          code: "CONTRACT25",
          rule: .rate(decimal("0.25"), days: DaysOfMonth(31...31), activeDays: 21),
          basis: 18_308, cap: nil)),
      StatementLine(
        line: line, name: "프로모션", amount: -677,
        source: .discount(
          code: "PROMO3000", rule: .amount(3_000, days: DaysOfMonth(25...31), daysInMonth: 31),
          basis: 19_709, cap: nil)),
    ]
    return statement(1_006, "남궁민수", locale, won, lines, rounding: 10)
  }

  /// By a line that was active on 21 days.
  private static func used(
    _ metric: String, _ amount: Int64, on plan: String, _ quantity: String, _ allowance: Int64,
    days: Int, rate: String, cap: Int64?
  ) -> StatementLine {
    StatementLine(
      line: LineID(5006), name: metric, amount: amount,
      source: .usage(
        UsageSource(
          metric: metric, plan: plan, used: decimal(quantity), allowance: allowance, days: days,
          activeDays: 21, daysInMonth: 31, rate: decimal(rate), cap: cap)))
  }
}
