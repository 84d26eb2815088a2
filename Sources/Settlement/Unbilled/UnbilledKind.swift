/// Why something that is recorded is on no bill.
package enum UnbilledKind: String, CaseIterable, Hashable, Sendable {
  /// A one-off charge of a settled month that was recorded after its settlement: the next one in the
  /// same currency will bill it.
  case lateCharge
  /// A late charge that the settlements since passed over: they are in another currency than its own
  /// month.
  case lateChargeInAnotherCurrency
  /// A one-off charge dated before the first month that the ledger settled.
  case chargeBeforeFirstMonth
  /// A one-off charge dated in a month that was passed over: later ones were settled.
  case chargeOfSkippedMonth
  /// A one-off charge dated in a month that is further ahead than any that is settled next.
  case chargeAhead
  /// Usage of a metric that the month's catalog names in no plan.
  case usageOfUnknownMetric
  /// Usage of a line without an active day in the month.
  case usageWithoutActiveDays
  /// Usage of an active line of a customer whose own dates do not reach into the month.
  case usageOutsideCohort
  /// Such a line itself.
  case lineOutsideCohort
  /// Usage of a month before the first one that the ledger settled.
  case usageBeforeFirstMonth
  /// Usage of a month that was passed over.
  case usageOfSkippedMonth
  /// Usage of a month that is further ahead than any that is settled next.
  case usageAhead

  package enum Subject: Hashable, Sendable {
    case charges
    case usage
    case lines
  }

  package var subject: Subject {
    switch self {
    case .lateCharge, .lateChargeInAnotherCurrency, .chargeBeforeFirstMonth,
      .chargeOfSkippedMonth, .chargeAhead:
      .charges
    case .usageOfUnknownMetric, .usageWithoutActiveDays, .usageOutsideCohort,
      .usageBeforeFirstMonth, .usageOfSkippedMonth, .usageAhead:
      .usage
    case .lineOutsideCohort: .lines
    }
  }
}

extension UnbilledKind {
  /// The number that a ledger keeps with an `UnratedRow`; `nil` for what rating does not see.
  package var unratedCode: Int? {
    switch self {
    case .usageOfUnknownMetric: 1
    case .usageWithoutActiveDays: 2
    case .usageOutsideCohort: 3
    case .lineOutsideCohort: 4
    default: nil
    }
  }

  package init?(unratedCode code: Int) {
    guard let kind = Self.allCases.first(where: { $0.unratedCode == code }) else { return nil }
    self = kind
  }
}
