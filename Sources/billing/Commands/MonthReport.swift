import Assembly
import Billing
import Operations
import Runs
import Settlement

extension MonthReport {
  func print(to terminal: Terminal) {
    if runs.isEmpty { terminal.say(.alreadySettled(month)) }
    for report in runs {
      terminal.say(.settled(report.run.key))
      terminal.print(table(of: report, in: terminal.language).text())
    }
    parked.print(to: terminal)
    if !skipped.isEmpty { terminal.say(.skippedMonths(skipped.text)) }
  }

  private func table(of report: SettlementReport, in language: Language) -> Table {
    var table = Table([Table.Column(""), Table.Column("", .right)])
    func add(_ name: Phrase, _ value: String) { table.add([name.text(in: language), value]) }
    add(.targets, grouped(report.targets))
    add(.statements, grouped(report.statements))
    add(.parked, grouped(report.parked))
    add(.totalBilled, money(report.total, currency(of: report.run)))
    for step in report.steps where step.milliseconds != nil {
      add(.secondsOf(step.name), seconds(.milliseconds(step.milliseconds ?? 0)))
    }
    if !report.run.wasTakenOver,
      let rate = perSecond(Int(report.targets), in: .milliseconds(report.milliseconds))
    {
      add(.customersPerSecond, grouped(rate))
    }
    return table
  }
}

extension ParkedSummary {
  func print(to terminal: Terminal) {
    guard count > 0 else { return }
    terminal.say(.parkedCustomers(count))
    let titles = [Phrase.customer, .reasonCode, .detail].map { $0.text(in: terminal.language) }
    var table = Table(titles.enumerated().map { Table.Column($1, $0 == 0 ? .right : .left) })
    for customer in first {
      table.add([
        customer.customer.description, customer.reason.code.rawValue,
        Phrase.parking(customer.reason).text(in: terminal.language),
      ])
    }
    terminal.print(table.text())
    if count > first.count { terminal.say(.andMore(count - first.count)) }
    terminal.say(.mendParked)
  }
}

/// An amount as a person reads it: `456,360.00 USD`.
func money(_ minorUnits: some BinaryInteger, _ currency: Currency?) -> String {
  guard let currency else { return grouped(minorUnits) }
  guard currency.minorUnitDigits > 0 else { return "\(grouped(minorUnits)) \(currency.code)" }
  let unit = UInt128(FixedDecimal.powerOfTen(currency.minorUnitDigits))
  let (whole, part) = UInt128(minorUnits.magnitude).quotientAndRemainder(dividingBy: unit)
  let digits = padded(Int(part), to: currency.minorUnitDigits)
  return "\(minorUnits < 0 ? "-" : "")\(grouped(whole)).\(digits) \(currency.code)"
}

extension [BillingMonth] {
  /// Ascending months in as few words as they take: `2026-09, 2026-11…2027-01`.
  var text: String {
    var spans: [ClosedRange<BillingMonth>] = []
    for month in self {
      if let last = spans.last, last.upperBound.next == month {
        spans[spans.count - 1] = last.lowerBound...month
      } else {
        spans.append(month...month)
      }
    }
    return spans.map {
      $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)…\($0.upperBound)"
    }.joined(separator: ", ")
  }
}
