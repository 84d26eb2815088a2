import Billing

/// The catalog of a sample: a Korean carrier's plans, add-ons and discounts.
enum SampleCatalog {
  struct Plan {
    let code: String
    /// What its lines report usage of.
    let metrics: [String]
  }

  /// Plans by how often they are taken.
  static let plans: [(Plan, weight: Int)] = [
    (Plan(code: "5G-PREMIER", metrics: []), 14),
    (Plan(code: "5G-STANDARD", metrics: ["data_mb"]), 24),
    (Plan(code: "5G-SLIM", metrics: ["data_mb"]), 27),
    (Plan(code: "LTE-33", metrics: ["data_mb", "voice_s", "sms"]), 25),
    (Plan(code: "STANDARD", metrics: ["voice_s", "sms"]), 10),
  ]
  static let addOns = ["VCOLORING", "OTT-MAX", "BOOKS", "GENIE"]
  /// Discounts that a line is entitled to by who uses it.
  static let personal = ["MILITARY", "DISABLED", "VETERAN", "PENSION"]
  static let contract = "CONTRACT25"
  static let bundle = "BUNDLE"
  static let promotion = "PROMO3000"

  static func text(for month: BillingMonth) -> String {
    """
    # A made-up carrier's prices. Amounts are in minor units of the currency (KRW has none, so won).
    version: "sample-\(padded(month.year, to: 4))"
    effectiveFrom: "\(padded(month.year, to: 4))-01"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan, addOn, usage] }
    rounding: { unit: 10, mode: down }
    plans:
      - { code: 5G-PREMIER, name: "5G 프리미어", monthlyFee: 95000, allowances: { data_mb: unlimited, voice_s: unlimited, sms: unlimited } }
      - { code: 5G-STANDARD, name: "5G 스탠다드", monthlyFee: 75000, allowances: { data_mb: 153600, voice_s: unlimited, sms: unlimited } }
      - { code: 5G-SLIM, name: "5G 슬림", monthlyFee: 47000, allowances: { data_mb: 9216, voice_s: unlimited, sms: unlimited }, overage: { data_mb: { rate: "22.528", cap: 27500 } } }
      - { code: LTE-33, name: "LTE 33", monthlyFee: 33000, allowances: { data_mb: 1536, voice_s: 6000, sms: 100 }, overage: { data_mb: { rate: "22.528", cap: 27500 }, voice_s: { rate: "1.98" }, sms: { rate: "22" } } }
      - { code: STANDARD, name: "표준요금제", monthlyFee: 12100, allowances: { data_mb: 0, voice_s: 0, sms: 50 }, overage: { data_mb: { rate: "22.528", cap: 27500 }, voice_s: { rate: "1.98" }, sms: { rate: "22" } } }
    addOns:
      - { code: VCOLORING, name: "V컬러링", monthlyFee: 3135 }
      - { code: OTT-MAX, name: "OTT 맥스", monthlyFee: 13900 }
      - { code: BOOKS, name: "전자책 멤버십", monthlyFee: 11900 }
      - { code: GENIE, name: "음악 감상", monthlyFee: 0 }
    discounts: # applied per line, in this order
      - { code: CONTRACT25, name: "선택약정 25%", kind: rate, value: "0.25", basis: [plan] }
      - { code: BUNDLE, name: "가족 결합 할인", kind: bundle, basis: [plan], tiers: [ { lines: 2, amount: 2200 }, { lines: 3, amount: 3300 }, { lines: 4, amount: 5500 } ] }
      - { code: MILITARY, name: "현역병 20%", kind: rate, value: "0.20", basis: [plan] }
      - { code: DISABLED, name: "장애인 35%", kind: rate, value: "0.35", basis: [plan, usage] }
      - { code: VETERAN, name: "국가유공자 35%", kind: rate, value: "0.35", basis: [plan, usage], cap: 28600 }
      - { code: PENSION, name: "기초연금 50%", kind: rate, value: "0.50", basis: [plan, usage], cap: 12100 }
      - { code: PROMO3000, name: "프로모션", kind: amount, value: 3000, basis: [addOn, plan] }

    """
  }
}
