import Assembly
import Billing
import Operations
import Settlement

/// What is on no bill, for a person: count and sum of each kind, and what to do.
extension UnbilledListing {
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
}

extension UnbilledOfMonth {
  func print(to terminal: Terminal) {
    listing.print(to: terminal)
    if inputs.changedCustomers > 0 { terminal.say(.lateChanges(inputs.changedCustomers)) }
    if inputs.lateCustomers > 0 { terminal.say(.lateCustomers(inputs.lateCustomers)) }
  }
}

extension UnbilledElsewhere {
  func print(to terminal: Terminal) { listing.print(to: terminal) }
}

extension UnbilledOfCustomer {
  func text(in language: Language) -> String {
    listing.text(in: language) { kind in
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
}
