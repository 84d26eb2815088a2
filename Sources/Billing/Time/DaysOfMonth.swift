/// Some days of a month, by their numbers 1…31. Which month is said beside it.
///
/// One bit a day, so that no day can be in it twice, and joining, intersecting and counting days
/// costs one instruction and no allocation.
package struct DaysOfMonth: Hashable, Sendable {
  /// Bit 0 is the first of the month; bit 31 is never set.
  private var bits: UInt32

  private init(bits: UInt32) {
    self.bits = bits
  }

  package static let none = DaysOfMonth(bits: 0)

  /// Days that follow each other.
  package struct Span: Hashable, Sendable {
    /// 1…31.
    package var first: Int
    /// 1 or more.
    package var count: Int

    package init(first: Int, count: Int) {
      self.first = first
      self.count = count
    }

    /// 1…31.
    package var last: Int { first + count - 1 }
  }

  /// The days from one to another, both included. What is outside 1…31 is left out.
  package init(_ days: ClosedRange<Int>) {
    let first = max(days.lowerBound, 1)
    let last = min(days.upperBound, 31)
    self.init(bits: first <= last ? Self.bits(below: last) & ~Self.bits(below: first - 1) : 0)
  }

  /// The days of a period on which a span holds.
  ///
  /// - Parameter period: a month's, at most 31 days.
  package init(of span: some ActiveSpan, in period: Range<CalendarDay>) {
    guard let days = span.days(in: period) else {
      self = .none
      return
    }
    let first = period.lowerBound.days(to: days.lowerBound)
    let end = period.lowerBound.days(to: days.upperBound)
    self.init(bits: Self.bits(below: end) & ~Self.bits(below: first))
  }

  /// The bits of the first days of a month, 0…31 of them.
  private static func bits(below count: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(count) &- 1)
  }

  package var isEmpty: Bool { bits == 0 }
  package var count: Int { bits.nonzeroBitCount }

  /// 1…31; `nil` where there is none.
  package var first: Int? { isEmpty ? nil : bits.trailingZeroBitCount + 1 }
  /// 1…31; `nil` where there is none.
  package var last: Int? { isEmpty ? nil : 32 - bits.leadingZeroBitCount }

  package func contains(_ day: Int) -> Bool {
    (1...31).contains(day) && bits & (1 << UInt32(day - 1)) != 0
  }

  package func intersection(_ other: DaysOfMonth) -> DaysOfMonth {
    DaysOfMonth(bits: bits & other.bits)
  }

  package mutating func formUnion(_ other: DaysOfMonth) {
    bits |= other.bits
  }

  /// The days as spans, ascending, as few as there can be: a gap lies between one and the next.
  package var spans: Spans { Spans(bits: bits) }

  package struct Spans: Sequence, IteratorProtocol, Sendable {
    fileprivate var bits: UInt32

    package mutating func next() -> Span? {
      guard bits != 0 else { return nil }
      let skipped = bits.trailingZeroBitCount
      let count = (~(bits >> UInt32(skipped))).trailingZeroBitCount
      bits &= ~(DaysOfMonth.bits(below: skipped + count))
      return Span(first: skipped + 1, count: count)
    }
  }
}
