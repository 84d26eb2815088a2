import Billing
import Runs
import Settlement

/// What settling a month came to: the runs that were worked on and who is parked.
struct MonthReport: Sendable {
  let month: BillingMonth
  private let runs: [SettlementReport]
  private let currencies: [String: Currency]
  private let parked: ParkedSummary
  /// Earlier months that were passed over.
  private let skipped: [BillingMonth]

  /// - Parameter runs: those worked on; none when there was nothing to do.
  init(_ month: BillingMonth, runs: [RunRecord], ledger: any SettlementLedger) async throws {
    self.month = month
    var reports: [SettlementReport] = []
    var currencies: [String: Currency] = [:]
    for run in runs {
      reports.append(SettlementReport(run: run, steps: try await ledger.steps(of: run.id)))
      if let version = run.pins.catalogVersion, currencies[version] == nil {
        currencies[version] = try await ledger.catalog(version: version)?.currency
      }
    }
    self.runs = reports
    self.currencies = currencies
    parked = try await ParkedSummary(of: month, ledger: ledger)
    skipped = SettledMonths(try await ledger.runs(of: nil)).skipped(before: month)
  }

  private func currency(of run: RunRecord) -> Currency? {
    run.pins.catalogVersion.flatMap { currencies[$0] }
  }

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

  var json: JSON {
    [
      "month": .string(month.description),
      "runs": .array(runs.map { Self.json(of: $0, currency: currency(of: $0.run)) }),
      "parked": parked.json,
      "skippedMonths": .array(skipped.map { .string($0.description) }),
    ]
  }

  private static func json(of report: SettlementReport, currency: Currency?) -> JSON {
    let run = report.run
    return [
      "run": .string(run.key.description),
      "kind": .string(run.key.kind.rawValue),
      "sequence": .number(run.key.sequence),
      "status": .string(run.status.name),
      "catalog": .optional(run.pins.catalogVersion),
      "cutoff": .integer(run.pins.cutoff),
      "targets": .integer(report.targets),
      "statements": .integer(report.statements),
      "parked": .integer(report.parked),
      "total": .integer(report.total),
      "currency": .optional(currency?.code),
      "milliseconds": .integer(report.milliseconds),
      "steps": .array(
        report.steps.map { step in
          [
            "name": .string(step.name), "status": .string(step.status.name),
            "count": step.actual.map { .integer($0.count) } ?? .null,
            "milliseconds": step.milliseconds.map(JSON.integer) ?? .null,
          ]
        }),
      "seal": .optional(run.seal?.hex),
    ]
  }
}

/// Parked customers without a statement, by reason.
struct ParkedSummary: Sendable {
  /// As many are named; all are counted.
  private static let named = 10

  private var count = 0
  private var byCode: [ParkingReason.Code: Int] = [:]
  private var first: [ParkedCustomer] = []

  init(of month: BillingMonth, ledger: any SettlementLedger) async throws {
    var last: CustomerID?
    while true {
      let page = try await ledger.unsettled(of: month, after: last, limit: 10_000)
      for customer in page {
        count += 1
        byCode[customer.reason.code, default: 0] += 1
        if first.count < Self.named { first.append(customer) }
      }
      guard page.count == 10_000 else { return }
      last = page.last?.customer
    }
  }

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

  var json: JSON {
    let codes = byCode.sorted { $0.key.rawValue < $1.key.rawValue }
    return [
      "count": .number(count),
      "byCode": .object(codes.map { JSON.Member(key: $0.key.rawValue, value: .number($0.value)) }),
      "first": .array(
        first.map { customer in
          [
            "customer": .integer(customer.customer.number),
            "code": .string(customer.reason.code.rawValue),
            "detail": .string(customer.reason.detail),
          ]
        }),
    ]
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
