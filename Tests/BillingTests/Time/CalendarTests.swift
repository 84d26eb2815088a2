import Billing
import Testing

@Suite("Days and months")
struct CalendarTests {
  @Test("400 years of days, counted one by one, are numbered one by one")
  func fullCycle() throws {
    var (year, month, day) = (1900, 1, 1)
    var number = CalendarDay(year: 1900, month: 1, day: 1)!.daysSince1970
    #expect(number == -25_567)
    while year < 2300 {
      let expected = CalendarDay(daysSince1970: number)
      #expect(CalendarDay(year: year, month: month, day: day) == expected)
      #expect(expected.components == (year, month, day))
      number += 1
      day += 1
      let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
      let length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      if day > length {
        #expect(CalendarDay(year: year, month: month, day: day) == nil)
        (month, day) = (month + 1, 1)
      }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect(number == -25_567 + 146_097)
  }

  @Test(
    "Known days have their known numbers",
    arguments: [
      ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2000-03-01", 11_017),
      ("2026-10-01", 20_727), ("0001-01-01", -719_162), ("9999-12-31", 2_932_896),
    ] as [(String, Int32)])
  func known(text: String, number: Int32) {
    #expect(CalendarDay(text)?.daysSince1970 == number)
    #expect(CalendarDay(daysSince1970: number).description == text)
  }

  @Test(
    "What is no day is refused",
    arguments: [
      "2026-02-29", "2026-02-30", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10",
      "2026-01-00", "0000-01-01", "2026-1-01", "2026-01-1", "26-01-01", "2026/01/01",
      "2026-01-01 ", "+026-01-01", "2026-01-0a", "", "2026-01-٠١",
    ])
  func refused(text: String) {
    #expect(CalendarDay(text) == nil)
  }

  @Test("Every day reads back as it is written, and days are counted between")
  func texts() {
    let first = CalendarDay("2023-12-25")!
    for distance in 0..<1000 {
      let day = first.advanced(by: distance)
      #expect(CalendarDay(day.description) == day)
      #expect(first.days(to: day) == distance && day.days(to: first) == -distance)
    }
  }

  @Test("A month knows its days, its neighbours and what lies in it")
  func months() throws {
    let february = try #require(BillingMonth("2028-02"))
    #expect(february.dayCount == 29 && BillingMonth("2027-02")?.dayCount == 28)
    #expect(BillingMonth("2100-02")?.dayCount == 28 && BillingMonth("2000-02")?.dayCount == 29)
    #expect(february.period == CalendarDay("2028-02-01")!..<CalendarDay("2028-03-01")!)
    #expect(BillingMonth("2026-12")?.next == BillingMonth("2027-01"))
    #expect(BillingMonth("2027-01")?.previous == BillingMonth("2026-12"))
    #expect(february.day(clamping: 31) == CalendarDay("2028-02-29"))
    #expect(february.day(clamping: 1) == february.firstDay)
    #expect(BillingMonth(containing: CalendarDay("2028-02-29")!) == february)
    #expect(BillingMonth(containing: CalendarDay("9999-12-31")!).period.count(of: 31))
    #expect("\(february)" == "2028-02" && BillingMonth(year: 7, month: 3)?.description == "0007-03")
  }

  @Test(
    "What is no month is refused",
    arguments: ["2026-13", "2026-00", "0000-01", "9999-01", "2026-1", "2026-010", "2026/10", ""])
  func refusedMonths(text: String) {
    #expect(BillingMonth(text) == nil)
  }
}

extension Range<CalendarDay> {
  fileprivate func count(of days: Int) -> Bool { lowerBound.days(to: upperBound) == days }
}

@Suite("Moments")
struct TimestampTests {
  @Test(
    "ISO 8601 is read in any offset and written in UTC",
    arguments: [
      ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
      ("2026-11-01T09:00+09:00", "2026-11-01T00:00:00Z"),
      ("2026-10-31 19:30:15-04:30", "2026-11-01T00:00:15Z"),
      ("2026-11-01T00:00", "2026-11-01T00:00:00Z"),
      ("2026-11-01T23:59:59", "2026-11-01T23:59:59Z"),
      ("2026-11-01T00:00:00.007Z", "2026-11-01T00:00:00.007Z"),
      ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
      ("2028-02-29T12:00:00.5", nil), ("2026-02-29T12:00:00Z", nil),
      ("2026-11-01T24:00:00Z", nil), ("2026-11-01T00:60:00Z", nil),
      ("2026-11-01T00:00:60Z", nil), ("2026-11-01T00:00:00+0900", nil),
      ("2026-11-01T00:00:00+24:00", nil), ("2026-11-01T00:00:00+09:60", nil),
      ("2026-11-01T00:00:0", nil), ("2026-11-01T00:00:", nil), ("2026-11-01T00:00.5Z", nil),
      ("2026-11-01", nil), ("", nil), ("2026-11-01T00-00-00Z", nil), ("2026-11-01T00:00:00Zz", nil),
    ] as [(String, String?)])
  func iso8601(text: String, written: String?) {
    #expect(Timestamp(iso8601: text)?.description == written)
  }

  @Test("Every moment reads back as it is written")
  func roundTrip() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<2000 {
      let moment = Timestamp(
        milliseconds: .random(in: -5_000_000_000_000...5_000_000_000_000, using: &random))
      #expect(Timestamp(iso8601: moment.description) == moment)
    }
  }

  @Test("Seconds before 1970 are rounded down like those after")
  func flooring() {
    #expect(Timestamp(milliseconds: -1).seconds == -1)
    #expect(Timestamp(milliseconds: -1000).seconds == -1)
    #expect(Timestamp(milliseconds: 1999).seconds == 1)
    #expect((-7).flooredDivision(by: 2) == -4 && 7.flooredDivision(by: -2) == -4)
    #expect((-8).flooredDivision(by: 2) == -4 && 7.flooredDivision(by: 2) == 3)
  }

  @Test("A delivery's key reads back as it is written")
  func deliveryKey() throws {
    let key = try #require(DeliveryKey("2026-10:1001:bill:1"))
    #expect(key.description == "2026-10:1001:bill:1")
    #expect(key.idempotencyKey(on: .sms) == "2026-10:1001:bill:1:sms")
    let round = key.idempotencyKey(on: .email, round: 2)
    #expect(round == "2026-10:1001:bill:1:email:2")
    for text in [round, key.idempotencyKey(on: .sms)] {
      #expect(IdempotencyKey(text)?.description == text)
    }
    #expect(IdempotencyKey(round)?.round == 2)
    for text in [
      "2026-10:1001:bill:1", "2026-10:1001:bill:1:fax", "2026-10:1001:bill:1:email:1",
      "2026-10:1001:bill:1:email:02", "2026-10:1001:bill:1:email:2:3",
    ] {
      #expect(IdempotencyKey(text) == nil)
    }
    for text in ["2026-10:1001:bill", "2026-10:1001:bill:1:2", "2026-13:1:bill:1", "a:b:c:d"] {
      #expect(DeliveryKey(text) == nil)
    }
  }
}
