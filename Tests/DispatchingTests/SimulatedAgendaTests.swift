import Billing
import Dispatching
import Testing

@Suite("Where a simulated clock stops next")
struct SimulatedAgendaTests {
  private let seoul = ZoneRules("Asia/Seoul")!  // every system knows it
  private let newYork = ZoneRules("America/New_York")!  // every system knows it
  /// 10 November 2026, 10:30 in Seoul: slot 5, which ends at 12:00.
  private let now = Timestamp(iso8601: "2026-11-10T01:30:00Z")!  // a moment as written

  private func next(_ waiting: [ZoneWaiting], isUnderWay: Bool = false) -> String? {
    SimulatedAgenda.next(after: now, waiting: waiting, isUnderWay: isUnderWay)?.description
  }

  private func moment(_ text: String) -> Timestamp { Timestamp(iso8601: text)! }

  @Test("nowhere when nothing waits and nothing is under way")
  func nothing() {
    #expect(next([]) == nil)
    #expect(next([ZoneWaiting(zone: seoul, isDue: false, next: nil)]) == nil)
  }

  @Test("at the end of the slot, where what is due waits for a permitted one")
  func quietSlot() {
    #expect(next([ZoneWaiting(zone: seoul, isDue: true, next: nil)]) == "2026-11-10T03:00:00Z")
  }

  @Test("at the earliest moment of all zones")
  func earliest() {
    let waiting = [
      ZoneWaiting(zone: seoul, isDue: true, next: nil),
      ZoneWaiting(zone: newYork, isDue: false, next: moment("2026-11-10T02:10:00Z")),
    ]
    #expect(next(waiting) == "2026-11-10T02:10:00Z")
  }

  @Test("retries a moment apart are taken together")
  func retries() {
    let waiting = [ZoneWaiting(zone: seoul, isDue: false, next: moment("2026-11-10T01:30:00.500Z"))]
    #expect(next(waiting) == "2026-11-10T01:31:00Z")
  }

  @Test("a step on, where leases and deadlines of the dead have to pass")
  func underWay() {
    #expect(next([], isUnderWay: true) == "2026-11-10T01:31:00Z")
  }

  @Test("a slot's end where daylight saving ends is the real one")
  func daylightSaving() {
    // 1 November 2026, 00:30 in New York: the hour from 1:00 comes twice, slot 0 lasts three hours.
    let now = moment("2026-11-01T04:30:00Z")
    let waiting = [ZoneWaiting(zone: newYork, isDue: true, next: nil)]
    #expect(
      SimulatedAgenda.next(after: now, waiting: waiting, isUnderWay: false)
        == moment("2026-11-01T07:00:00Z"))
  }
}
