package import Billing

/// A customer's usage or line that rating had nothing to charge for: recorded with the checkpoint,
/// so that what is unbilled need not be looked for in a whole month's rows.
package struct UnratedRow: Hashable, Sendable {
  package var customer: CustomerID
  package var line: LineID
  package var kind: UnbilledKind
  /// `nil` for the line itself.
  package var usage: UsageQuantity?

  package init(customer: CustomerID, line: LineID, kind: UnbilledKind, usage: UsageQuantity?) {
    self.customer = customer
    self.line = line
    self.kind = kind
    self.usage = usage
  }
}

/// Finds what of a customer's inputs no rule of rating prices: pure, made once for a run.
package struct UnratedInputs: Sendable {
  private let period: Range<CalendarDay>
  /// Every metric that some plan of the catalog includes or charges.
  private let metrics: Set<String>

  package init(catalog: Catalog, month: BillingMonth) {
    period = month.period
    metrics = catalog.plans.values.reduce(into: []) {
      $0.formUnion($1.allowances.keys)
      $0.formUnion($1.overage.keys)
    }
  }

  /// Appends what is left of the customer's inputs. Usage of 0 is nothing.
  package func find(in input: RatingInput, into rows: inout [UnratedRow]) {
    for line in input.lines {
      let isActive = line.segments.contains { $0.days(in: period) != nil }
      if isActive, !input.isOfMonth {
        rows.append(
          UnratedRow(
            customer: input.customer, line: line.id, kind: .lineOutsideCohort, usage: nil))
      }
      for usage in line.usage where usage.quantity != .zero {
        let kind: UnbilledKind
        if !isActive {
          kind = .usageWithoutActiveDays
        } else if !input.isOfMonth {
          kind = .usageOutsideCohort
        } else if !metrics.contains(usage.metric) {
          kind = .usageOfUnknownMetric
        } else {
          continue
        }
        rows.append(
          UnratedRow(customer: input.customer, line: line.id, kind: kind, usage: usage))
      }
    }
  }
}
