import Billing
import Settlement
import Testing

@Suite("Which month bills a charge")
struct ChargeMonthTests {
  private let october = BillingMonth(year: 2026, month: 10)!
  private let day = CalendarDay("2026-10-15")!

  private func runs(
    _ runs: (BillingMonth, Int64)..., currencies: [String] = []
  ) -> ChargeMonth {
    ChargeMonth(
      regularRuns: runs.enumerated().map { position, run in
        ChargeMonth.RegularRun(
          id: Int64(position + 1), month: run.0, cutoff: run.1,
          currency: currencies.isEmpty ? "KRW" : currencies[position])
      })
  }

  @Test func `none in another currency than its own month's`() {
    let months = (october.next, october.next.next, october.next.next.next)
    let changed = runs((october, 8), (months.0, 12), currencies: ["KRW", "USD"])
    #expect(changed.month(chargedOn: day, firstRecorded: 9) == nil)
    #expect(
      changed.whyUnbilled(chargedOn: day, firstRecorded: 9) == .lateChargeInAnotherCurrency)
    #expect(changed.whyUnbilled(chargedOn: day, firstRecorded: 13) == .lateCharge)
    #expect(changed.whyUnbilled(chargedOn: day, firstRecorded: 8) == nil)
    let back = runs(
      (october, 8), (months.0, 12), (months.1, 12), (months.2, 15),
      currencies: ["KRW", "USD", "KRW", "KRW"])
    #expect(back.month(chargedOn: day, firstRecorded: 9) == months.1)
    #expect(back.whyUnbilled(chargedOn: day, firstRecorded: 9) == nil)
  }

  @Test func `its own, as long as that is not settled`() {
    #expect(runs().month(chargedOn: day, firstRecorded: 9) == october)
    #expect(runs((october.next, 20)).month(chargedOn: day, firstRecorded: 9) == october)
  }

  @Test func `its own, when recorded by the cutoff`() {
    #expect(runs((october, 9)).month(chargedOn: day, firstRecorded: 9) == october)
  }

  @Test func `none yet, when late and no later month is settled`() {
    #expect(runs((october, 8)).month(chargedOn: day, firstRecorded: 9) == nil)
    #expect(
      runs((october, 8), (october.previous, 30)).month(chargedOn: day, firstRecorded: 9) == nil)
  }

  @Test func `the first later run that covers it`() {
    let runs = runs(
      (october, 8), (october.next, 8), (october.next.next, 12), (october.next.next.next, 15))
    #expect(runs.month(chargedOn: day, firstRecorded: 9) == october.next.next)
  }

  @Test func `the run opened first, even if its month is later`() {
    let runs = runs((october, 8), (october.next.next, 12), (october.next, 15))
    #expect(runs.month(chargedOn: day, firstRecorded: 9) == october.next.next)
  }
}
