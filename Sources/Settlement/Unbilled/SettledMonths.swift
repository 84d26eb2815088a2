package import Billing
package import Runs

/// The months that a ledger has settled or begun to settle, in regular runs: what is due by them,
/// and what lies outside of them.
package struct SettledMonths: Hashable, Sendable {
  /// Where a month lies that no regular run was opened for.
  package enum Place: Hashable, Sendable {
    /// Before the first of them.
    case before
    /// Between the first and the last.
    case skipped
    /// Later than the one to be settled next, and than the one that is running.
    case ahead
  }

  private let opened: Set<BillingMonth>
  private let unfinished: Set<BillingMonth>

  /// - Parameters:
  ///   - completed: whose regular run is completed.
  ///   - unfinished: whose regular run was opened and is not completed.
  package init(completed: some Sequence<BillingMonth>, unfinished: some Sequence<BillingMonth> = [])
  {
    self.unfinished = Set(unfinished)
    opened = Set(completed).union(self.unfinished)
  }

  /// - Parameter runs: any runs; the regular ones of settlement count.
  package init(_ runs: some Sequence<RunRecord>) {
    let regular = runs.filter { $0.key.job == .settlement && $0.key.kind == .regular }
    self.init(
      completed: regular.filter { $0.status == .completed }.map(\.key.month),
      unfinished: regular.filter { $0.status != .completed }.map(\.key.month))
  }

  package var completed: [BillingMonth] { opened.subtracting(unfinished).sorted() }

  /// Where a month lies; `nil` for one that was opened, for the next ones to be settled, and while
  /// none was opened at all.
  ///
  /// - Parameter now: the month that is running.
  package func place(of month: BillingMonth, asOf now: BillingMonth) -> Place? {
    guard let first = opened.min(), let last = opened.max(), !opened.contains(month) else {
      return nil
    }
    if month < first { return .before }
    if month < last { return .skipped }
    return month > max(last.next, now) ? .ahead : nil
  }

  /// The days of all months that have a place, as few ranges as there are, ascending.
  package func unsettledDays(asOf now: BillingMonth) -> [Range<CalendarDay>] {
    guard let first = opened.min(), let last = opened.max() else { return [] }
    let earliest = CalendarDay(daysSince1970: .min)
    let latest = CalendarDay(daysSince1970: .max)
    let ahead = max(last.next, now).next.firstDay
    return [earliest..<first.firstDay] + skipped(before: last).map(\.period) + [ahead..<latest]
  }

  /// The months between the first that was opened and another that were passed over, ascending.
  package func skipped(before month: BillingMonth) -> [BillingMonth] {
    guard let first = opened.min(), first < month else { return [] }
    return (first.index..<month.index).map(BillingMonth.init(index:)).filter {
      !opened.contains($0)
    }
  }

  /// What a scheduler's daily call is to settle, in order: from the first month settled on every one
  /// whose regular run is unfinished or was never opened, none left out; only the latest month where
  /// none was settled yet.
  ///
  /// - Parameter latest: the last month whose day of settlement has come.
  package func due(until latest: BillingMonth) -> [BillingMonth] {
    guard !opened.isEmpty else { return [latest] }
    return (unfinished.filter { $0 <= latest } + skipped(before: latest.next)).sorted()
  }
}
