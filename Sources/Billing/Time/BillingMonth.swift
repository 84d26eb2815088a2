/// A billing month (정산 월), such as `2026-10`.
package struct BillingMonth: Hashable, Comparable, Sendable {
  /// `year × 12 + (month − 1)`, so that neighbouring months are neighbouring numbers.
  package let index: Int32

  package init(index: Int32) {
    self.index = index
  }

  /// `nil` unless the year is 1…9998 and the month 1…12.
  package init?(year: Int, month: Int) {
    guard (1...9998).contains(year), (1...12).contains(month) else { return nil }
    index = Int32(year * 12 + month - 1)
  }

  /// Reads exactly `YYYY-MM`.
  package init?(_ text: some StringProtocol) {
    self.init(ascii: Array(text.utf8)[...])
  }

  /// Reads exactly `YYYY-MM` from ASCII bytes.
  package init?(ascii bytes: ArraySlice<UInt8>) {
    let start = bytes.startIndex
    guard bytes.count == 7, bytes[start + 4] == UInt8(ascii: "-"),
      let year = CalendarDay.number(bytes[start..<start + 4]),
      let month = CalendarDay.number(bytes[start + 5..<start + 7])
    else { return nil }
    self.init(year: year, month: month)
  }

  /// The month that a day lies in.
  package init(containing day: CalendarDay) {
    let (year, month, _) = day.components
    index = Int32(year * 12 + month - 1)
  }

  package var year: Int { Int(index).flooredDivision(by: 12) }

  /// 1…12.
  package var month: Int { Int(index) - year * 12 + 1 }

  package var next: BillingMonth { BillingMonth(index: index.saturatingAdd(1)) }
  package var previous: BillingMonth { BillingMonth(index: index.saturatingSubtract(1)) }

  package var firstDay: CalendarDay {
    CalendarDay(firstOf: month, of: year)
  }

  /// `[first day, first day of the next month)`.
  package var period: Range<CalendarDay> { firstDay..<max(firstDay, next.firstDay) }

  /// 28…31.
  package var dayCount: Int { CalendarDay.days(inMonth: month, of: year) }

  /// The day of this month with that number; past a short month's end its last day.
  package func day(clamping number: Int) -> CalendarDay {
    firstDay.advanced(by: min(max(number, 1), dayCount) - 1)
  }

  package static func < (left: BillingMonth, right: BillingMonth) -> Bool {
    left.index < right.index
  }
}

extension BillingMonth: CustomStringConvertible {
  /// `YYYY-MM`.
  package var description: String { "\(padded(year, to: 4))-\(padded(month, to: 2))" }
}
