import Assembly
import Billing
import Operations

/// How each figure of a statement came to be, for a person and for a program.
struct StatementArithmetic {
  private let month: BillingMonth
  private let currency: Currency
  private let language: Language

  init(of statement: Statement, in language: Language) {
    month = statement.month
    currency = statement.currency
    self.language = language
  }

  /// A one-off charge's description is whatever somebody typed; its id says which it is.
  func code(of source: StatementSource) -> String {
    switch source {
    case .oneOff(let id, _, _, _): id
    case .plan(let code, _, _, _), .addOn(let code, _, _, _), .discount(let code, _, _, _): code
    case .usage(let usage): usage.metric
    case .tax, .rounding: ""
    }
  }

  /// A one-off charge's category is the source system's own word.
  private func category(of source: StatementSource) -> String {
    switch source {
    case .plan: "plan"
    case .addOn: "addOn"
    case .usage: "usage"
    case .discount: "discount"
    case .oneOff(_, let category, _, _): category
    case .tax: "tax"
    case .rounding: "rounding"
    }
  }

  func categoryName(of source: StatementSource) -> String {
    if case .oneOff(_, let category, _, _) = source { return category }
    return Phrase.statementCategory(category(of: source)).text(in: language)
  }

  // MARK: In words

  func text(of source: StatementSource) -> String {
    switch source {
    case .plan(_, let days, let daysInMonth, let fee),
      .addOn(_, let days, let daysInMonth, let fee):
      "⌊\(amount(fee)) × \(days.count)/\(daysInMonth)⌋, \(spans(days))"
    case .usage(let usage): text(of: usage)
    case .discount(_, let rule, let basis, let cap): text(of: rule, basis, cap)
    case .oneOff(_, _, let chargedOn, let taxable):
      taxable ? "\(chargedOn), \(Phrase.taxable.text(in: language))" : chargedOn.description
    case .tax: ""
    case .rounding(let unit): Phrase.cutTo(amount(unit)).text(in: language)
    }
  }

  private func text(of usage: UsageSource) -> String {
    let used = "\(usage.used) × \(usage.days)/\(usage.activeDays)"
    let included = "\(usage.allowance) × \(usage.days)/\(usage.daysInMonth)"
    var text = "\(usage.plan): ⌊(\(used) − \(included)) × \(usage.rate)⌋"
    if let cap = usage.cap, let capOfDays = usage.capOfDays {
      text +=
        ", ≤ ⌊\(amount(cap)) × \(usage.days)/\(usage.daysInMonth)⌋ = \(amount(capOfDays))"
    }
    return text
  }

  private func text(of rule: DiscountSource, _ basis: Int64, _ cap: Int64?) -> String {
    let capped = cap.map { ", ≤ \(amount($0))" } ?? ""
    switch rule {
    case .rate(let rate, let days, let activeDays):
      return "⌊\(amount(basis)) × \(rate) × \(days.count)/\(activeDays)⌋, \(spans(days))\(capped)"
    case .amount(let value, let days, let daysInMonth):
      let share = "⌊\(amount(value)) × \(days.count)/\(daysInMonth)⌋"
      return "\(share), \(spans(days)), ≤ \(amount(basis))\(capped)"
    case .bundle(let lines, let value):
      let bundle = Phrase.bundleOf(lines).text(in: language)
      return "\(bundle): \(amount(value)), ≤ \(amount(basis))\(capped)"
    }
  }

  private func spans(_ days: DaysOfMonth) -> String {
    Phrase.daysOfMonth(days).text(in: language)
  }

  private func amount(_ value: Int64) -> String { money(value, currency) }

  // MARK: JSON

  func json(of line: StatementLine) -> JSON {
    var members: [JSON.Member] = [
      JSON.Member(key: "line", value: line.line.map { .integer($0.number) } ?? .null),
      JSON.Member(key: "category", value: .string(category(of: line.source))),
      JSON.Member(key: "code", value: .string(code(of: line.source))),
      JSON.Member(key: "amount", value: .integer(line.amount)),
      JSON.Member(key: "why", value: .string(text(of: line.source))),
    ]
    members += figures(of: line.source)
    return .object(members)
  }

  /// What the arithmetic is made of, by name.
  private func figures(of source: StatementSource) -> [JSON.Member] {
    switch source {
    case .plan(_, let days, let daysInMonth, let fee),
      .addOn(_, let days, let daysInMonth, let fee):
      [
        JSON.Member(key: "monthlyFee", value: .integer(fee)),
        JSON.Member(key: "days", value: .number(days.count)),
        JSON.Member(key: "daysInMonth", value: .number(daysInMonth)),
        JSON.Member(key: "spans", value: json(of: days)),
      ]
    case .usage(let usage): figures(of: usage)
    case .discount(_, let rule, let basis, let cap):
      figures(of: rule) + [
        JSON.Member(key: "basis", value: .integer(basis)),
        JSON.Member(key: "cap", value: cap.map { .integer($0) } ?? .null),
      ]
    case .oneOff(_, _, let chargedOn, let taxable):
      [
        JSON.Member(key: "chargedOn", value: .string(chargedOn.description)),
        JSON.Member(key: "taxable", value: .bool(taxable)),
      ]
    case .tax: []
    case .rounding(let unit): [JSON.Member(key: "unit", value: .integer(unit))]
    }
  }

  private func figures(of usage: UsageSource) -> [JSON.Member] {
    [
      JSON.Member(key: "plan", value: .string(usage.plan)),
      JSON.Member(key: "used", value: .string(usage.used.description)),
      JSON.Member(key: "allowance", value: .integer(usage.allowance)),
      JSON.Member(key: "days", value: .number(usage.days)),
      JSON.Member(key: "activeDays", value: .number(usage.activeDays)),
      JSON.Member(key: "daysInMonth", value: .number(usage.daysInMonth)),
      JSON.Member(key: "rate", value: .string(usage.rate.description)),
      JSON.Member(key: "cap", value: usage.cap.map { .integer($0) } ?? .null),
      JSON.Member(key: "capOfDays", value: usage.capOfDays.map { .integer($0) } ?? .null),
    ]
  }

  private func figures(of rule: DiscountSource) -> [JSON.Member] {
    switch rule {
    case .rate(let rate, let days, let activeDays):
      [
        JSON.Member(key: "rate", value: .string(rate.description)),
        JSON.Member(key: "days", value: .number(days.count)),
        JSON.Member(key: "activeDays", value: .number(activeDays)),
        JSON.Member(key: "spans", value: json(of: days)),
      ]
    case .amount(let value, let days, let daysInMonth):
      [
        JSON.Member(key: "value", value: .integer(value)),
        JSON.Member(key: "days", value: .number(days.count)),
        JSON.Member(key: "daysInMonth", value: .number(daysInMonth)),
        JSON.Member(key: "spans", value: json(of: days)),
      ]
    case .bundle(let lines, let value):
      [
        JSON.Member(key: "bundleLines", value: .number(lines)),
        JSON.Member(key: "value", value: .integer(value)),
      ]
    }
  }

  private func json(of days: DaysOfMonth) -> JSON {
    .array(
      days.spans.map { span in
        [
          "from": .string(month.firstDay.advanced(by: span.first - 1).description),
          "days": .number(span.count),
        ]
      })
  }
}
