import Audit
import Billing

/// An explanation for a person or a program. The customer's name is left out: whoever asks knows
/// the number, and nobody else needs to.
struct ExplanationText {
  let language: Language

  func text(of explanation: Explanation, unbilled: UnbilledOfCustomer) -> String {
    var sections = explanation.bills.map { text(of: $0) }
    for parked in explanation.parking {
      let phrase = Phrase.parkedIn(parked.month, parked.reason)
      sections.append(phrase.text(in: language) + "\n")
    }
    if !unbilled.isEmpty { sections.append(unbilled.text(in: language)) }
    let lives = DeliveryLifeText(language: language)
    sections += explanation.deliveries.map { lives.text(of: $0) }
    return sections.joined(separator: "\n")
  }

  // MARK: Statements

  private func text(of bill: Explanation.Bill) -> String {
    let statement = bill.statement
    let title = Phrase.statementTitle(
      bill.listed.key.description, catalog: statement.catalogVersion)
    let titles: [Phrase] = [.line, .category, .what, .why, .amount]
    var table = Table(
      titles.enumerated().map { Table.Column($1.text(in: language), $0 == 4 ? .right : .left) })
    for line in statement.lines {
      table.add([
        line.line?.description ?? "", category(of: line.source), name(of: line),
        why(line.source, statement.currency), money(line.amount, statement.currency),
      ])
    }
    table.add(["", "", Phrase.total.text(in: language), "", total(of: statement)])
    return title.text(in: language) + "\n" + table.text() + taxLine(of: statement)
  }

  private func total(of statement: Statement) -> String {
    money(statement.totals.total, statement.currency)
  }

  private func taxLine(of statement: Statement) -> String {
    let tax = statement.tax
    let phrase = Phrase.taxLine(
      mode: tax.mode, amount: money(statement.totals.tax, statement.currency),
      rate: tax.rate.description, taxable: money(tax.taxable, statement.currency))
    return phrase.text(in: language) + "\n"
  }

  /// A one-off charge's description is whatever somebody typed; its id says which it is.
  private func name(of line: StatementLine) -> String {
    switch line.source {
    case .oneOff(let id, _, _, _): id
    case .plan(let code, _, _, _, _), .addOn(let code, _, _, _, _), .discount(let code, _, _, _):
      code
    case .usage(let metric, _, _, _, _): metric
    case .tax, .rounding: ""
    }
  }

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

  /// The arithmetic.
  private func why(_ source: StatementSource, _ currency: Currency) -> String {
    func amount(_ value: Int64) -> String { money(value, currency) }
    func capped(_ cap: Int64?) -> String { cap.map { ", ≤ \(amount($0))" } ?? "" }
    switch source {
    case .plan(_, let from, let days, let daysInMonth, let fee),
      .addOn(_, let from, let days, let daysInMonth, let fee):
      return "⌊\(amount(fee)) × \(days)/\(daysInMonth)⌋, \(from) +\(days)d"
    case .usage(_, let used, let allowance, let rate, let cap):
      return "⌊(\(used) − \(allowance)) × \(rate)⌋\(capped(cap))"
    case .discount(_, let rule, let basis, let cap):
      let basis = amount(basis)
      switch rule {
      case .rate(let rate): return "⌊\(basis) × \(rate)⌋\(capped(cap))"
      case .amount(let value): return "\(amount(value)), ≤ \(basis)\(capped(cap))"
      case .bundle(let lines, let value):
        return
          "\(Phrase.bundleOf(lines).text(in: language)): \(amount(value)), ≤ \(basis)\(capped(cap))"
      }
    case .oneOff(_, _, let chargedOn, let taxable): return "\(chargedOn)\(taxable ? ", VAT" : "")"
    case .tax: return ""
    case .rounding(let unit): return "mod \(amount(unit))"
    }
  }

  // MARK: JSON

  func json(of explanation: Explanation, unbilled: UnbilledOfCustomer) -> JSON {
    let lives = DeliveryLifeText(language: language)
    return [
      "customer": .integer(explanation.customer.number),
      "statements": .array(explanation.bills.map { json(of: $0) }),
      "parked": .array(
        explanation.parking.map { parked in
          [
            "month": .string(parked.month.description),
            "code": .string(parked.reason.code.rawValue), "detail": .string(parked.reason.detail),
          ]
        }),
      "unbilled": unbilled.json,
      "deliveries": .array(explanation.deliveries.map { lives.json(of: $0) }),
    ]
  }

  private func json(of bill: Explanation.Bill) -> JSON {
    let statement = bill.statement
    let totals = statement.totals
    return [
      "statement": .string(bill.listed.key.description),
      "hash": .string(bill.listed.hash.hex),
      "catalog": .string(statement.catalogVersion),
      "currency": .string(statement.currency.code),
      "lines": .array(
        statement.lines.map { line in
          [
            "line": line.line.map { .integer($0.number) } ?? .null,
            "category": .string(category(of: line.source)),
            "code": .string(name(of: line)),
            "amount": .integer(line.amount),
            "why": .string(why(line.source, statement.currency)),
          ]
        }),
      "charges": .integer(totals.charges), "discounts": .integer(totals.discounts),
      "tax": .integer(totals.tax), "rounding": .integer(totals.rounding),
      "total": .integer(totals.total),
    ]
  }
}
