import Billing
import Settlement
import Testing

@Suite("Months that were settled, that are due, and that no settlement concerns")
struct SettledMonthsTests {
  private let january = BillingMonth(year: 2026, month: 1)!

  private func month(_ number: Int) -> BillingMonth {
    BillingMonth(index: january.index + Int32(number))
  }

  private func months(_ bits: Int) -> [BillingMonth] {
    (0..<6).filter { bits & (1 << $0) != 0 }.map(month)
  }

  @Test func `what is due is every month from the first settled one that has no run, in order`() {
    for completed in 0..<64 {
      for unfinished in 0..<64 where completed & unfinished == 0 {
        let settled = SettledMonths(
          completed: months(completed), unfinished: months(unfinished))
        for latest in 0..<8 {
          let due = settled.due(until: month(latest))
          let opened = completed | unfinished
          guard opened != 0 else {
            #expect(due == [month(latest)])
            continue
          }
          let first = opened.trailingZeroBitCount
          let goesOn = (0...latest).filter { unfinished & (1 << $0) != 0 }
          let missing = (0...latest).filter { $0 >= first && opened & (1 << $0) == 0 }
          #expect(
            due == (goesOn + missing).sorted().map(month),
            "completed \(completed), unfinished \(unfinished), latest \(latest)")
        }
      }
    }
  }

  @Test func `a day is concerned by no settlement exactly where its month has a place`() {
    for opened in 0..<64 {
      let settled = SettledMonths(completed: months(opened))
      for now in -1..<9 {
        let days = settled.unsettledDays(asOf: month(now))
        for number in -2..<12 {
          let here = month(number)
          let isThere = days.contains { $0.contains(here.firstDay) }
          #expect(isThere == (settled.place(of: here, asOf: month(now)) != nil))
          #expect(days.contains { $0.contains(here.next.firstDay.advanced(by: -1)) } == isThere)
        }
      }
    }
  }

  @Test func `a month lies before the first, between, or far ahead`() {
    let settled = SettledMonths(completed: [month(2), month(5)], unfinished: [month(3)])
    #expect(settled.place(of: month(1), asOf: month(6)) == .before)
    #expect(settled.place(of: month(2), asOf: month(6)) == nil)
    #expect(settled.place(of: month(3), asOf: month(6)) == nil)
    #expect(settled.place(of: month(4), asOf: month(6)) == .skipped)
    #expect(settled.place(of: month(6), asOf: month(4)) == nil)
    #expect(settled.place(of: month(7), asOf: month(6)) == .ahead)
    // It is being used now, however long ago the last settlement was.
    #expect(settled.place(of: month(7), asOf: month(9)) == nil)
    #expect(settled.place(of: month(10), asOf: month(9)) == .ahead)
    #expect(settled.completed == [month(2), month(5)])
    #expect(SettledMonths(completed: []).place(of: month(7), asOf: month(1)) == nil)
    #expect(SettledMonths(completed: []).unsettledDays(asOf: month(1)).isEmpty)
  }

  @Test func `what was passed over is told before a later month`() {
    let settled = SettledMonths(completed: [month(0), month(3)])
    #expect(settled.skipped(before: month(0)).isEmpty)
    #expect(settled.skipped(before: month(3)) == [month(1), month(2)])
    #expect(settled.skipped(before: month(5)) == [month(1), month(2), month(4)])
  }
}
