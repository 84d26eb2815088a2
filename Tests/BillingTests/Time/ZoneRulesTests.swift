import Billing
import Testing

/// The expected moments are those of the IANA database as another implementation reads it.
@Suite("Time zones")
struct ZoneRulesTests {
  /// A slot that is not two hours long.
  struct OddSlot: Hashable, Sendable {
    var slot: Int
    var start: String
    var minutes: Int64

    init(_ slot: Int, _ start: String, _ minutes: Int64) {
      self.slot = slot
      self.start = start
      self.minutes = minutes
    }
  }

  private static let years: [(String, Int, [OddSlot])] = [
    ("UTC", 2026, []), ("Asia/Seoul", 2026, []), ("Asia/Kolkata", 2026, []),
    ("Asia/Kathmandu", 2026, []),
    (
      "America/New_York", 2026,
      [OddSlot(1, "2026-03-08T07:00:00Z", 60), OddSlot(0, "2026-11-01T04:00:00Z", 180)]
    ),
    (
      "Europe/London", 2026,
      [OddSlot(0, "2026-03-29T00:00:00Z", 60), OddSlot(0, "2026-10-24T23:00:00Z", 180)]
    ),
    (
      "Australia/Lord_Howe", 2026,
      [OddSlot(0, "2026-04-04T13:00:00Z", 150), OddSlot(1, "2026-10-03T15:30:00Z", 90)]
    ),
    // These change at midnight.
    (
      "America/Santiago", 2026,
      [OddSlot(11, "2026-04-05T01:00:00Z", 180), OddSlot(0, "2026-09-06T04:00:00Z", 60)]
    ),
    (
      "Asia/Beirut", 2026,
      [OddSlot(0, "2026-03-28T22:00:00Z", 60), OddSlot(11, "2026-10-24T19:00:00Z", 180)]
    ),
    (
      "America/Havana", 2026,
      [OddSlot(0, "2026-03-08T05:00:00Z", 60), OddSlot(0, "2026-11-01T04:00:00Z", 180)]
    ),
    // By two hours.
    (
      "Antarctica/Troll", 2026,
      [
        OddSlot(0, "2026-03-29T00:00:00Z", 60), OddSlot(1, "2026-03-29T01:00:00Z", 60),
        OddSlot(1, "2026-10-25T00:00:00Z", 60), OddSlot(0, "2026-10-25T01:00:00Z", 60),
      ]
    ),
    // One minute past midnight.
    (
      "America/St_Johns", 2010,
      [
        OddSlot(0, "2010-03-14T03:30:00Z", 60), OddSlot(0, "2010-11-07T02:30:00Z", 1),
        OddSlot(11, "2010-11-07T02:31:00Z", 59),
      ]
    ),
  ]

  @Test(
    "A year's slots follow each other without gap, two hours each but at clock changes",
    arguments: years)
  func slots(zone: String, year: Int, odd: [OddSlot]) throws {
    let rules = try #require(ZoneRules(zone))
    let end = rules.start(of: CalendarDay(year: year + 1, month: 1, day: 1)!)
    var moment = rules.start(of: CalendarDay(year: year, month: 1, day: 1)!)
    var found: [OddSlot] = []
    while moment < end {
      let slot = rules.slot(at: moment)
      #expect(slot.start == moment && slot.start < slot.end)
      for inside in [moment.adding(seconds: 29), slot.end.adding(milliseconds: -1)] {
        #expect(rules.slot(at: inside) == slot)
        #expect(rules.slotNumber(at: inside) == slot.slot)
      }
      let minutes = slot.start.milliseconds(until: slot.end) / 60_000
      if minutes != 120 { found.append(OddSlot(slot.slot, "\(slot.start)", minutes)) }
      moment = slot.end
    }
    #expect(moment == end)
    #expect(found == odd)
  }

  @Test(
    "Every day begins where the day before it ends",
    arguments: years.map { ($0.0, $0.1) } + [("Pacific/Kiritimati", 2026), ("Etc/GMT+12", 2026)])
  func days(zone: String, year: Int) throws {
    let rules = try #require(ZoneRules(zone))
    var day = CalendarDay(year: year, month: 1, day: 1)!
    while day.components.year == year {
      let start = rules.start(of: day)
      #expect(rules.day(at: start) == day, "\(day)")
      #expect(rules.day(at: start.adding(milliseconds: -1)) < day, "\(day)")
      day = day.advanced(by: 1)
    }
  }

  @Test(
    "A day begins at midnight, or where the clock lands that skips it",
    arguments: [
      ("Asia/Seoul", "2026-11-05", "2026-11-04T15:00:00Z"),
      ("America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z"),
      ("America/Los_Angeles", "2026-11-02", "2026-11-02T08:00:00Z"),
      ("Asia/Kolkata", "2026-11-05", "2026-11-04T18:30:00Z"),
      ("Asia/Kathmandu", "2026-11-05", "2026-11-04T18:15:00Z"),
      ("Pacific/Kiritimati", "2026-11-05", "2026-11-04T10:00:00Z"),
      ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),  // 01:00
      ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z"),  // 01:00
      ("Asia/Beirut", "2026-10-25", "2026-10-24T22:00:00Z"),  // after the second 23:00
      ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),  // the first of two
      ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),  // the first of two
      ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),  // a day that did not exist
      ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
    ])
  func start(zone: String, day: String, start: String) throws {
    let rules = try #require(ZoneRules(zone))
    #expect(rules.start(of: CalendarDay(day)!).description == start)
  }

  @Test("Only names of zones are taken: no abbreviation, no offset, nothing invented")
  func names() {
    for name in [
      "America/Los_Angeles", "Asia/Seoul", "America/Indiana/Indianapolis", "Etc/UTC", "UTC",
    ] {
      #expect(ZoneRules(name)?.name == name)
    }
    for name in [
      "PST", "EST5EDT", "KST", "GMT", "GMT+9", "+09:00", "Z", "", "/", "America/", "asia/seoul",
      "Asia/Seoul ", "Mars/Olympus", "../../etc/localtime", "posix/Asia/Seoul",
    ] {
      #expect(ZoneRules(name) == nil, "\(name)")
    }
  }

  @Test("The first permitted moment is now, or the beginning of the next slot that is not quiet")
  func firstPermitted() throws {
    let seoul = try #require(ZoneRules("Asia/Seoul"))
    let night = try #require(QuietSlots(slots: [0, 1, 2, 3, 10, 11]))
    func permitted(_ text: String, _ quiet: QuietSlots) -> String? {
      seoul.firstPermitted(from: Timestamp(iso8601: text)!, quiet: quiet)?.description
    }
    #expect(permitted("2026-11-05T09:30+09:00", night) == "2026-11-05T00:30:00Z")
    #expect(permitted("2026-11-05T20:00+09:00", night) == "2026-11-05T23:00:00Z")
    #expect(permitted("2026-11-05T07:59:59+09:00", night) == "2026-11-04T23:00:00Z")
    #expect(permitted("2026-11-05T07:59:59+09:00", QuietSlots(mask: 0xFFF)!) == nil)
    #expect(permitted("2026-11-05T07:59+09:00", .none) == "2026-11-04T22:59:00Z")
  }

  @Test("With one slot left it is found from every hour, over clock changes too")
  func oneSlotLeft() throws {
    for (zone, year, _) in Self.years {
      let rules = try #require(ZoneRules(zone))
      let start = rules.start(of: CalendarDay(year: year, month: 3, day: 1)!)
      for slot in 0..<12 {
        let quiet = try #require(QuietSlots(mask: 0xFFF ^ (1 << UInt16(slot))))
        for hour in stride(from: Int64(0), to: 24 * 31, by: 5) {
          let moment = start.adding(seconds: hour * 3600)
          let permitted = try #require(rules.firstPermitted(from: moment, quiet: quiet))
          #expect(permitted >= moment && rules.slotNumber(at: permitted) == slot)
          #expect(moment.milliseconds(until: permitted) < 26 * 3_600_000)
        }
      }
    }
  }
}

@Suite("Send days")
struct SendDayTests {
  @Test(
    "A delivery is due on its day of the month after, at most the last one, in the customer's zone",
    arguments: [
      ("2026-10", 5, "Asia/Seoul", "2026-11-04T15:00:00Z"),
      ("2026-10", 31, "Asia/Seoul", "2026-11-29T15:00:00Z"),
      ("2026-12", 31, "UTC", "2027-01-31T00:00:00Z"),
      ("2027-01", 31, "UTC", "2027-02-28T00:00:00Z"),
      ("2027-01", 29, "UTC", "2027-02-28T00:00:00Z"),
      ("2028-01", 31, "UTC", "2028-02-29T00:00:00Z"),
      ("2099-12", 1, "UTC", "2100-01-01T00:00:00Z"),
      ("2100-01", 29, "UTC", "2100-02-28T00:00:00Z"),
      ("2026-08", 6, "America/Santiago", "2026-09-06T04:00:00Z"),
    ])
  func due(month: String, sendDay: Int, zone: String, due: String) throws {
    let moment = DeliverySchedule.due(
      month: try #require(BillingMonth(month)), sendDay: sendDay,
      zone: try #require(ZoneRules(zone)))
    #expect(moment.description == due)
  }

  @Test("A customer can be told on the channels that they want, with contact data and a bill")
  func channels() {
    func usable(_ preferred: [Channel], email: Bool = true, phone: Bool = true) -> [Channel] {
      DeliverySchedule.usableChannels(
        preferred: preferred, hasEmail: email, hasPhone: phone, policy: [.email, .sms])
    }
    #expect(usable([.sms, .email]) == [.sms, .email])
    #expect(usable([.email, .sms], email: false) == [.sms])
    #expect(usable([.sms], phone: false) == [])
    #expect(
      DeliverySchedule.usableChannels(
        preferred: [.email, .sms], hasEmail: true, hasPhone: true, policy: [.sms]) == [.sms])

    func suppression(_ preferred: [Channel], _ usable: [Channel], _ mask: UInt16)
      -> DeliveryReason?
    {
      DeliverySchedule.suppression(
        preferred: preferred, usable: usable, quiet: QuietSlots(mask: mask)!)
    }
    #expect(suppression([], [], 0) == .optedOut)
    #expect(suppression([.sms], [], 0) == .noContact)
    #expect(suppression([.sms], [.sms], 0xFFF) == .noSlot)
    #expect(suppression([.sms], [.sms], 0xFFE) == nil)
  }

  @Test("Quiet slots are a set of the twelve")
  func quietSlots() throws {
    let quiet = try #require(QuietSlots(slots: [11, 0, 5, 0]))
    #expect(quiet.slots == [0, 5, 11] && quiet.mask == 0b1000_0010_0001)
    #expect(quiet.contains(5) && !quiet.contains(4) && !quiet.coverTheDay)
    #expect(QuietSlots(slots: [12]) == nil && QuietSlots(slots: [-1]) == nil)
    #expect(QuietSlots(mask: 0x1000) == nil)
    #expect(QuietSlots(slots: 0...11)?.coverTheDay == true)
    #expect(QuietSlots.none.slots == [])
  }
}
