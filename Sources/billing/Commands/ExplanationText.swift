import Assembly
import Audit
import Billing
import Operations

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
    let arithmetic = StatementArithmetic(of: statement, in: language)
    for line in statement.lines {
      table.add([
        line.line?.description ?? "", arithmetic.categoryName(of: line.source),
        arithmetic.code(of: line.source), arithmetic.text(of: line.source),
        money(line.amount, statement.currency),
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

  // MARK: JSON

  func json(of explanation: Explanation, unbilled: UnbilledOfCustomer) -> JSON {
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
      "deliveries": .array(explanation.deliveries.map { $0.json }),
    ]
  }

  private func json(of bill: Explanation.Bill) -> JSON {
    let statement = bill.statement
    let totals = statement.totals
    let arithmetic = StatementArithmetic(of: statement, in: language)
    return [
      "statement": .string(bill.listed.key.description),
      "hash": .string(bill.listed.hash.hex),
      "catalog": .string(statement.catalogVersion),
      "currency": .string(statement.currency.code),
      "lines": .array(statement.lines.map { arithmetic.json(of: $0) }),
      "charges": .integer(totals.charges), "discounts": .integer(totals.discounts),
      "tax": .integer(totals.tax), "taxable": .integer(statement.tax.taxable),
      "taxRate": .string(statement.tax.rate.description),
      "taxMode": .string(statement.tax.mode.rawValue), "rounding": .integer(totals.rounding),
      "total": .integer(totals.total),
    ]
  }
}
