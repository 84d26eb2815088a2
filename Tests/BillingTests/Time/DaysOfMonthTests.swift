import Billing
import Testing

@Suite("Days of a month")
struct DaysOfMonthTests {
  @Test("Days, their number, first and last, and their spans are those of a set of numbers")
  func likeASet() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var (days, numbers) = some(&random)
      let (others, otherNumbers) = some(&random)
      expectSame(days, numbers, seed)
      expectSame(days.intersection(others), numbers.intersection(otherNumbers), seed)
      days.formUnion(others)
      numbers.formUnion(otherNumbers)
      expectSame(days, numbers, seed)
    }
    expectSame(.none, [], 0)
    expectSame(DaysOfMonth(1...31), Set(1...31), 0)
  }

  @Test("Days outside of a month are left out")
  func outside() {
    #expect(DaysOfMonth(-3...2) == DaysOfMonth(1...2))
    #expect(DaysOfMonth(30...99) == DaysOfMonth(30...31))
    #expect(DaysOfMonth(32...40).isEmpty && DaysOfMonth(-9...0).isEmpty)
    #expect(!DaysOfMonth(1...31).contains(0) && !DaysOfMonth(1...31).contains(32))
  }

  @Test("The days of a segment are those of its days that lie in the month")
  func ofSpan() {
    let month = BillingMonth("2028-02")!
    for from in -3...32 {
      for to in [Int?.none] + (-3...32).map(Optional.some) {
        let segment = PlanSegment(
          planCode: "P", activeFrom: month.firstDay.advanced(by: from),
          activeTo: to.map(month.firstDay.advanced))
        let days = DaysOfMonth(of: segment, in: month.period)
        let expected = (1...29).filter { segment.covers(month.firstDay.advanced(by: $0 - 1)) }
        expectSame(days, Set(expected), 0)
      }
    }
  }

  private func some(_ random: inout SeededRandom) -> (DaysOfMonth, Set<Int>) {
    var days = DaysOfMonth.none
    var numbers: Set<Int> = []
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let first = Int.random(in: 1...31, using: &random)
      let last = Int.random(in: first...31, using: &random)
      days.formUnion(DaysOfMonth(first...last))
      numbers.formUnion(first...last)
    }
    return (days, numbers)
  }

  private func expectSame(_ days: DaysOfMonth, _ numbers: Set<Int>, _ seed: UInt64) {
    #expect(days.count == numbers.count, "seed \(seed)")
    #expect(days.isEmpty == numbers.isEmpty, "seed \(seed)")
    #expect(days.first == numbers.min() && days.last == numbers.max(), "seed \(seed)")
    #expect((0...32).filter(days.contains) == numbers.sorted(), "seed \(seed)")
    let spans = Array(days.spans)
    #expect(spans.flatMap { $0.first...$0.last } == numbers.sorted(), "seed \(seed)")
    for (one, next) in zip(spans, spans.dropFirst()) {
      #expect(next.first > one.last + 1, "seed \(seed)")
    }
  }
}
