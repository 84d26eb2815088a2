package import Billing

/// Which settlement bills a one-off charge.
///
/// A charge belongs to the month it is dated in, unless it was first recorded after the cutoff of
/// that month's regular run: then it is late, and belongs to the regular run of a later month, the
/// first one opened whose cutoff covers it and that is in the currency of the charge's own month: an
/// amount is never taken over into another currency. Cutoffs and catalogs are pinned, so this never
/// changes for a run that is open, however often a chunk is done again.
package struct ChargeMonth: Sendable {
  /// A regular settlement run.
  package struct RegularRun: Hashable, Sendable {
    /// Ascending in the order in which runs were opened.
    package var id: Int64
    package var month: BillingMonth
    package var cutoff: Int64
    /// ISO 4217, of the pinned catalog.
    package var currency: String

    package init(id: Int64, month: BillingMonth, cutoff: Int64, currency: String) {
      self.id = id
      self.month = month
      self.cutoff = cutoff
      self.currency = currency
    }
  }

  private let regularRuns: [RegularRun]

  /// - Parameter regularRuns: those opened so far, of all months.
  package init(regularRuns: [RegularRun]) {
    self.regularRuns = regularRuns.sorted { $0.id < $1.id }
  }

  /// The month whose settlement bills the charge; `nil` when it is late and no run that covers it
  /// has been opened yet.
  package func month(chargedOn day: CalendarDay, firstRecorded: Int64) -> BillingMonth? {
    let own = BillingMonth(containing: day)
    guard let run = regularRuns.first(where: { $0.month == own }) else { return own }
    if firstRecorded <= run.cutoff { return own }
    return regularRuns.first {
      $0.month > own && $0.cutoff >= firstRecorded && $0.currency == run.currency
    }?.month
  }

  /// Why no run has billed a late charge yet; `nil` for one that was billed, or that its own month
  /// bills.
  package func whyUnbilled(chargedOn day: CalendarDay, firstRecorded: Int64) -> UnbilledKind? {
    guard month(chargedOn: day, firstRecorded: firstRecorded) == nil else { return nil }
    let own = BillingMonth(containing: day)
    let isPassedOver = regularRuns.contains { $0.month > own && $0.cutoff >= firstRecorded }
    return isPassedOver ? .lateChargeInAnotherCurrency : .lateCharge
  }
}
