package import Billing

/// What is recorded and on no bill, of one kind, month and metric.
package struct UnbilledItem: Hashable, Sendable {
  package var kind: UnbilledKind
  /// The month that it is dated in.
  package var month: BillingMonth
  /// Of usage.
  package var metric: String?
  package var count: Int64
  /// Of charges, minor units; of usage, units of the metric; of lines 0.
  package var sum: ExactSum

  package init(
    kind: UnbilledKind, month: BillingMonth, metric: String? = nil, count: Int64 = 0,
    sum: ExactSum = 0
  ) {
    self.kind = kind
    self.month = month
    self.metric = metric
    self.count = count
    self.sum = sum
  }
}

/// What a settled month's bills leave out, and what was recorded after its settlement.
package struct UnbilledInputs: Hashable, Sendable {
  /// In the order of their kinds, then of metrics.
  package var items: [UnbilledItem]
  /// Customers already settled of whom something was recorded that their bill may depend on, and
  /// that no run has looked at: for a correction.
  package var changedCustomers: Int64
  /// Customers recorded too late to be settled: for a supplement.
  package var lateCustomers: Int64

  package init(
    items: [UnbilledItem] = [], changedCustomers: Int64 = 0, lateCustomers: Int64 = 0
  ) {
    self.items = items
    self.changedCustomers = changedCustomers
    self.lateCustomers = lateCustomers
  }

  /// Late one-off charges that the next settlement in their currency will bill.
  package var charges: Int64 { lateCharges.total(of: .charges).count }
  /// Their sum, minor units.
  package var chargeSum: ExactSum { lateCharges.total(of: .charges).sum }

  private var lateCharges: [UnbilledItem] { items.filter { $0.kind == .lateCharge } }
}

/// One charge, usage row or line of one customer that is on no bill.
package struct UnbilledEntry: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    case charge(id: String, on: CalendarDay, amount: Int64)
    case usage(line: LineID, metric: String, quantity: FixedDecimal)
    case line(LineID)
  }

  package var kind: UnbilledKind
  package var month: BillingMonth
  package var subject: Subject

  package init(kind: UnbilledKind, month: BillingMonth, subject: Subject) {
    self.kind = kind
    self.month = month
    self.subject = subject
  }

  package var metric: String? {
    if case .usage(_, let metric, _) = subject { metric } else { nil }
  }

  package var sum: ExactSum {
    switch subject {
    case .charge(_, _, let amount): ExactSum(amount)
    case .usage(_, _, let quantity): ExactSum(quantity)
    case .line: ExactSum()
    }
  }
}

extension [UnbilledItem] {
  /// One item for each kind, month and metric, in that order.
  package init(summing items: some Sequence<UnbilledItem>) {
    var sums: [UnbilledItem: UnbilledItem] = [:]
    for item in items {
      // Without count and sum: what it is of.
      let key = UnbilledItem(kind: item.kind, month: item.month, metric: item.metric)
      var sum = sums[key] ?? key
      sum.count += item.count
      sum.sum += item.sum
      sums[key] = sum
    }
    self = UnbilledKind.allCases.flatMap { kind in
      sums.values.filter { $0.kind == kind }.sorted {
        ($0.month, $0.metric ?? "") < ($1.month, $1.metric ?? "")
      }
    }
  }

  package init(of entries: some Sequence<UnbilledEntry>) {
    self.init(
      summing: entries.map {
        UnbilledItem(kind: $0.kind, month: $0.month, metric: $0.metric, count: 1, sum: $0.sum)
      })
  }

  package func total(of subject: UnbilledKind.Subject) -> (count: Int64, sum: ExactSum) {
    var total = (count: Int64(0), sum: ExactSum())
    for item in self where item.kind.subject == subject {
      total.count += item.count
      total.sum += item.sum
    }
    return total
  }
}
