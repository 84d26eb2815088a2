package import Billing

/// Which one-off charges no settlement has billed, nor will by itself.
package struct UnbilledCharges: Sendable {
  private let billing: ChargeMonth
  private let months: SettledMonths
  private let now: BillingMonth

  /// - Parameter now: the month that is running.
  package init(billing: ChargeMonth, months: SettledMonths, asOf now: BillingMonth) {
    self.billing = billing
    self.months = months
    self.now = now
  }

  /// `nil` for a charge that was billed, or that its own month is still to bill.
  package func kind(chargedOn day: CalendarDay, firstRecorded: Int64) -> UnbilledKind? {
    if let late = billing.whyUnbilled(chargedOn: day, firstRecorded: firstRecorded) {
      return late
    }
    return months.place(of: BillingMonth(containing: day), asOf: now)?.kindOfCharge
  }
}

extension SettledMonths.Place {
  package var kindOfCharge: UnbilledKind {
    switch self {
    case .before: .chargeBeforeFirstMonth
    case .skipped: .chargeOfSkippedMonth
    case .ahead: .chargeAhead
    }
  }

  package var kindOfUsage: UnbilledKind {
    switch self {
    case .before: .usageBeforeFirstMonth
    case .skipped: .usageOfSkippedMonth
    case .ahead: .usageAhead
    }
  }
}
