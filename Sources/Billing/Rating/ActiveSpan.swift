/// Something that holds for the days `[activeFrom, activeTo)`; without an end it goes on.
///
/// A span that ends on its first day or before it holds for no day: a withdrawn row.
package protocol ActiveSpan {
  var activeFrom: CalendarDay { get }
  var activeTo: CalendarDay? { get }
}

extension PlanSegment: ActiveSpan {}
extension Entitlement: ActiveSpan {}
extension BundleMembership: ActiveSpan {}

extension ActiveSpan {
  package func covers(_ day: CalendarDay) -> Bool {
    guard activeFrom <= day else { return false }
    guard let activeTo else { return true }
    return day < activeTo
  }

  /// The days of a range on which it holds; `nil` where there are none.
  package func days(in range: Range<CalendarDay>) -> Range<CalendarDay>? {
    let first = max(activeFrom, range.lowerBound)
    let end = activeTo.map { min($0, range.upperBound) } ?? range.upperBound
    return first < end ? first..<end : nil
  }
}

extension [PlanSegment] {
  /// The last day of the last segment inside the period; `nil` for a line that takes no part in
  /// it. The order of the segments does not matter, and neither does an overlap.
  package func lastActiveDay(in period: Range<CalendarDay>) -> CalendarDay? {
    var end: CalendarDay?
    for segment in self {
      guard let days = segment.days(in: period) else { continue }
      end = end.map { Swift.max($0, days.upperBound) } ?? days.upperBound
    }
    return end?.advanced(by: -1)
  }
}
