import Billing
import Runs
import Settlement

/// What is on no bill, for a person or a program: count and sum of each kind, and what to do.
struct UnbilledText: Sendable {
  private let items: [UnbilledItem]
  private let currencies: MonthCurrencies

  init(_ items: [UnbilledItem], _ currencies: MonthCurrencies) {
    self.items = items
    self.currencies = currencies
  }

  func print(to terminal: Terminal) {
    terminal.print(text(in: terminal.language))
  }

  /// - Parameter details: of a kind, what it consists of, each on a line of its own.
  func text(
    in language: Language, details: (UnbilledKind) -> [String] = { _ in [] }
  ) -> String {
    var body: [String] = []
    let charges = items.filter { $0.kind.subject == .charges && $0.kind != .lateCharge }
    if !charges.isEmpty {
      let title = Phrase.unbilledCharges(charges.total(of: .charges).count, sums(of: charges))
      body.append(title.text(in: language))
    }
    let usage = items.total(of: .usage).count
    let active = items.total(of: .lines).count
    var shown = Set<UnbilledKind.Subject>([.charges])
    for kind in UnbilledKind.allCases {
      let ofKind = items.filter { $0.kind == kind }
      guard !ofKind.isEmpty else { continue }
      if shown.insert(kind.subject).inserted {
        let title = kind.subject == .usage ? Phrase.unbilledUsage(usage) : .unbilledLines(active)
        body.append(title.text(in: language))
      }
      let months = Array(Set(ofKind.map(\.month))).sorted().text
      let count = ofKind.reduce(0) { $0 + $1.count }
      body.append(
        "  " + Phrase.unbilled(kind, count, sums(of: ofKind), months).text(in: language))
      body.append(contentsOf: details(kind).map { "    " + $0 })
      body.append("    → " + Phrase.whatToDo(about: kind).text(in: language))
    }
    return body.map { printable($0) + "\n" }.joined()
  }

  /// Of charges by currency, of usage by metric; nothing of lines.
  private func sums(of items: [UnbilledItem]) -> String {
    if items.contains(where: { $0.kind.subject == .charges }) {
      return chargeSums(of: items).map { money($0.sum.whole, $0.currency) }
        .joined(separator: ", ")
    }
    var sums: [String: ExactSum] = [:]
    for item in items { if let metric = item.metric { sums[metric, default: 0] += item.sum } }
    return sums.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private func chargeSums(of items: [UnbilledItem]) -> [(currency: Currency?, sum: ExactSum)] {
    var sums: [String: (currency: Currency?, sum: ExactSum)] = [:]
    for item in items where item.kind.subject == .charges {
      let currency = currencies[item.month]
      sums[currency?.code ?? "", default: (currency, 0)].sum += item.sum
    }
    return sums.sorted { $0.key < $1.key }.map(\.value)
  }

  var json: JSON {
    [
      "charges": .integer(items.total(of: .charges).count),
      "sums": .array(
        chargeSums(of: items).map {
          ["currency": .optional($0.currency?.code), "sum": .decimal($0.sum.description)]
        }),
      "usage": .integer(items.total(of: .usage).count),
      "lines": .integer(items.total(of: .lines).count),
      "inputs": inputs,
    ]
  }

  /// Each kind, month and metric by itself.
  var inputs: JSON {
    .array(
      items.map { item in
        [
          "kind": .string(item.kind.rawValue),
          "month": .string(item.month.description),
          "metric": .optional(item.metric),
          "count": .integer(item.count),
          "sum": item.kind.subject == .lines ? .null : .decimal(item.sum.description),
          "currency": .optional(
            item.kind.subject == .charges ? currencies[item.month]?.code : nil),
        ]
      })
  }
}

/// The currency of each of some months: of the catalog that a settled month is pinned to, of the one
/// in force in another.
struct MonthCurrencies: Sendable {
  private var currencies: [BillingMonth: Currency] = [:]

  init(of months: some Sequence<BillingMonth>, ledger: any SettlementLedger) async throws {
    let months = Set(months)
    guard !months.isEmpty else { return }
    var pinned: [BillingMonth: String] = [:]
    for run in try await ledger.runs(of: nil)
    where run.key.job == .settlement && run.key.kind == .regular {
      pinned[run.key.month] = run.pins.catalogVersion
    }
    for month in months {
      if let version = pinned[month] {
        currencies[month] = try await ledger.catalog(version: version)?.currency
      } else {
        currencies[month] = try await ledger.catalog(for: month)?.currency
      }
    }
  }

  /// `nil` where no catalog is in force.
  subscript(month: BillingMonth) -> Currency? { currencies[month] }
}

/// What is recorded for months that no settlement concerns.
struct UnbilledElsewhere: Sendable {
  private let text: UnbilledText

  init(ledger: any SettlementLedger, now: Timestamp) async throws {
    let items = try await ledger.unbilledElsewhere(
      asOf: try await RunningMonth(ledger: ledger).month(at: now))
    text = UnbilledText(
      items, try await MonthCurrencies(of: items.map(\.month), ledger: ledger))
  }

  func print(to terminal: Terminal) { text.print(to: terminal) }

  var json: JSON { text.json }
}

/// What of a settled month is on no bill, and what was recorded after its settlement.
struct UnbilledOfMonth: Sendable {
  private let unbilled: UnbilledInputs
  private let text: UnbilledText

  init(_ month: BillingMonth, ledger: any SettlementLedger) async throws {
    unbilled = try await ledger.unbilled(of: month)
    text = UnbilledText(unbilled.items, try await MonthCurrencies(of: [month], ledger: ledger))
  }

  func print(to terminal: Terminal) {
    text.print(to: terminal)
    if unbilled.changedCustomers > 0 { terminal.say(.lateChanges(unbilled.changedCustomers)) }
    if unbilled.lateCustomers > 0 { terminal.say(.lateCustomers(unbilled.lateCustomers)) }
  }

  var json: JSON {
    [
      "charges": .integer(unbilled.charges),
      "sum": .decimal(unbilled.chargeSum.description),
      "changedCustomers": .integer(unbilled.changedCustomers),
      "lateCustomers": .integer(unbilled.lateCustomers),
      "inputs": text.inputs,
    ]
  }
}

/// What of one customer is on no bill, each charge, usage and line by itself.
struct UnbilledOfCustomer: Sendable {
  private let entries: [UnbilledEntry]
  private let currencies: MonthCurrencies

  /// - Parameter month: only what is dated in it, where given.
  init(
    _ customer: CustomerID, month: BillingMonth?, ledger: any SettlementLedger, now: Timestamp
  ) async throws {
    entries = try await ledger.unbilled(
      of: customer, asOf: try await RunningMonth(ledger: ledger).month(at: now)
    ).filter { month == nil || $0.month == month }
    currencies = try await MonthCurrencies(of: entries.map(\.month), ledger: ledger)
  }

  var isEmpty: Bool { entries.isEmpty }

  func text(in language: Language) -> String {
    UnbilledText([UnbilledItem](of: entries), currencies).text(in: language) { kind in
      entries.filter { $0.kind == kind }.map { detail($0).text(in: language) }
    }
  }

  private func detail(_ entry: UnbilledEntry) -> Phrase {
    switch entry.subject {
    case .charge(let id, let day, let amount):
      Phrase(verbatim: "\(id), \(day), \(money(amount, currencies[entry.month]))")
    case .usage(let line, let metric, let quantity):
      .unbilledUsageOfLine(line.description, entry.month, metric, quantity.description)
    case .line(let line): .unbilledLine(line.description, entry.month)
    }
  }

  var json: JSON {
    guard
      case .object(var members) = UnbilledText([UnbilledItem](of: entries), currencies).json
    else { return .null }
    members.append(JSON.Member(key: "entries", value: .array(entries.map(json))))
    return .object(members)
  }

  private func json(of entry: UnbilledEntry) -> JSON {
    var members = [
      JSON.Member(key: "kind", value: .string(entry.kind.rawValue)),
      JSON.Member(key: "month", value: .string(entry.month.description)),
    ]
    switch entry.subject {
    case .charge(let id, let day, let amount):
      members += [
        JSON.Member(key: "charge", value: .string(id)),
        JSON.Member(key: "chargedOn", value: .string(day.description)),
        JSON.Member(key: "amount", value: .integer(amount)),
        JSON.Member(key: "currency", value: .optional(currencies[entry.month]?.code)),
      ]
    case .usage(let line, let metric, let quantity):
      members += [
        JSON.Member(key: "line", value: .integer(line.number)),
        JSON.Member(key: "metric", value: .string(metric)),
        JSON.Member(key: "quantity", value: .decimal(quantity.description)),
      ]
    case .line(let line):
      members.append(JSON.Member(key: "line", value: .integer(line.number)))
    }
    return .object(members)
  }
}
