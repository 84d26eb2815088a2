package import Billing

/// Where imports are recorded. One set is one record number is one transaction, under the lock that
/// settlement takes to fix its cutoff.
///
/// Every adapter promises:
/// - What one call records becomes visible at once, with the next record number, or not at all.
/// - A row that is there with the same content is left alone; one with other content gets a new
///   version, and the old one stays readable for earlier cutoffs.
/// - Nothing changed: no record number is taken and nothing is written.
/// - A customer's change of channels, quiet slots, zone, send day, contact data or status reaches
///   the customer's unfinished deliveries in the same transaction.
package protocol InputLedger: Sendable {
  /// Runs `body`, which writes and then decides whether all of it is kept. When it throws, nothing
  /// is.
  ///
  /// - Parameter source: what the inputs came from, kept with the record number. No personal data.
  func recordInputs<Result: Sendable>(
    source: String, _ body: @Sendable (any InputWriter) throws -> InputDecision<Result>
  ) async throws -> RecordedInputs<Result>
}

/// What becomes of what a body wrote.
package enum InputDecision<Result: Sendable>: Sendable {
  case keep(Result)
  /// Nothing is stored.
  case discard(Result)
}

/// What became of it.
package struct RecordedInputs<Result: Sendable>: Sendable {
  package enum Outcome: Hashable, Sendable {
    case recorded(number: Int64)
    /// Everything was there already: no number was taken.
    case unchanged
    case discarded
  }

  package var outcome: Outcome
  package var result: Result

  package init(outcome: Outcome, result: Result) {
    self.outcome = outcome
    self.result = result
  }
}

/// Writes inputs in one open transaction. Used only inside the body that it is handed to.
///
/// Rows see what earlier rows of the same transaction wrote. A refused row leaves nothing behind
/// and does not hinder the others.
package protocol InputWriter {
  /// The same text twice is a no-op, other text under the same version is refused.
  func record(catalog: CatalogText) throws -> BatchOutcome

  /// Records rows of one kind in their order.
  func record(_ batch: InputBatch) throws -> BatchOutcome
}

/// Rows of one file: as many as are written at once. All rows of a kind are handed over before the
/// first of the next kind, customers first, then segments.
package enum InputBatch: Sendable {
  case customers([SealedCustomer])
  case segments([SegmentRow])
  case addOns([EntitlementRow])
  case discounts([EntitlementRow])
  case bundles([BundleRow])
  case usage([UsageRow])
  case charges([ChargeRow])
}

package struct BatchOutcome: Hashable, Sendable {
  package var counts: InputCounts
  package var refusals: [RowRefusal]

  package init(counts: InputCounts = InputCounts(), refusals: [RowRefusal] = []) {
    self.counts = counts
    self.refusals = refusals
  }
}

package struct InputCounts: Hashable, Sendable {
  package var new: Int
  /// A new version of a row that was there.
  package var changed: Int
  package var unchanged: Int

  package init(new: Int = 0, changed: Int = 0, unchanged: Int = 0) {
    self.new = new
    self.changed = changed
    self.unchanged = unchanged
  }

  package static func += (left: inout InputCounts, right: InputCounts) {
    left.new += right.new
    left.changed += right.changed
    left.unchanged += right.unchanged
  }
}

package struct RowRefusal: Hashable, Sendable {
  /// The row's position in its batch, from 0.
  package var row: Int
  package var reason: LedgerRefusal

  package init(row: Int, reason: LedgerRefusal) {
    self.row = row
    self.reason = reason
  }
}

/// What only the ledger can tell.
package enum LedgerRefusal: Hashable, Sendable {
  case unknownCustomer(CustomerID)
  case unknownLine(LineID)
  /// A line belongs to one customer for good.
  case lineOfAnotherCustomer(LineID)
  /// So does a charge.
  case chargeOfAnotherCustomer
  /// A recorded charge is moved from or to a month that was settled already: it could be billed
  /// twice, or never. It is to be withdrawn (amount 0) and stated anew under another id.
  case chargeOfSettledMonth(from: BillingMonth, to: BillingMonth)
  /// An earlier row of this transaction has the same key. Which of the two would be right, or
  /// whether two were meant where both say the same, is the source's to say, so the later one is
  /// refused.
  case statedTwice
  case catalogDiffers(version: String)
}
