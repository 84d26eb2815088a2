import Billing
import Testing

/// What comes from outside may be any number: no arithmetic on times ends the process.
@Suite("Times at their bounds")
struct ExtremeTimeTests {
  private static let numbers: [Int64] = [
    .min, .min + 1, -9_223_372_036_854_776, -62_135_596_800_001, -86_400_000, -1, 0, 1,
    1_793_491_200_000, 253_402_300_800_000, 9_223_372_036_854_775, 9_223_372_036_854_776, .max - 1,
    .max,
  ]

  @Test func `sums end at the first and the last moment, and never stays never`() {
    for start in Self.numbers {
      let moment = Timestamp(milliseconds: start)
      for more in Self.numbers {
        let exact = start.addingReportingOverflow(more)
        let sum = moment.adding(milliseconds: more)
        if start == .max {
          #expect(sum == .never)
        } else {
          #expect(
            sum.milliseconds == (exact.overflow ? (more < 0 ? .min : .max) : exact.partialValue))
        }
        let later = moment.adding(seconds: more)
        #expect(more < 0 ? later <= moment : later >= moment)
        let other = Timestamp(milliseconds: more)
        let wait = moment.milliseconds(until: other)
        #expect((wait > 0) == (other > moment) && (wait < 0) == (other < moment))
      }
      #expect(Timestamp(seconds: start).seconds <= max(start, Int64.max / 1000))
    }
  }

  @Test func `every moment can be written, and what can be written is read again`() throws {
    for number in Self.numbers {
      let moment = Timestamp(milliseconds: number)
      let text = moment.description
      let read = try #require(Timestamp(iso8601: text))
      #expect(read == moment.clampedToWritten)
    }
    #expect(Timestamp.never.description == "9999-12-31T23:59:59.999Z")
    #expect(Timestamp(milliseconds: .min).description == "0001-01-01T00:00:00Z")
  }

  @Test(arguments: ["UTC", "Asia/Seoul", "America/New_York", "Pacific/Apia", "Europe/Dublin"])
  func `every moment has a day and a slot in every zone`(_ name: String) throws {
    let zone = try #require(ZoneRules(name))
    for number in Self.numbers {
      let moment = Timestamp(milliseconds: number)
      _ = zone.day(at: moment)
      #expect((0...11).contains(zone.slotNumber(at: moment)))
      let slot = zone.slot(at: moment)
      #expect(slot.start < slot.end)
      #expect(zone.firstPermitted(from: moment, quiet: .none) == moment)
      _ = zone.firstPermitted(from: moment, quiet: QuietSlots(mask: 0x7FF)!)
    }
    for day in [Int32.min, -719_163, 0, 2_932_896, .max] {
      _ = zone.start(of: CalendarDay(daysSince1970: day))
    }
  }

  @Test func `days and months end at their bounds`() {
    for day in [Int32.min, -1, 0, 1, .max].map(CalendarDay.init(daysSince1970:)) {
      for days in [Int.min, Int(Int32.min), -1, 0, 1, Int(Int32.max), .max] {
        let moved = day.advanced(by: days)
        #expect(days < 0 ? moved <= day : moved >= day)
      }
      _ = day.description
      _ = day.components
    }
    for month in [Int32.min, -1, 0, 1, 24_321, .max].map(BillingMonth.init(index:)) {
      #expect((1...12).contains(month.month))
      #expect(month.previous <= month && month <= month.next)
      #expect((28...31).contains(month.dayCount))
      _ = month.firstDay
      _ = month.period
      _ = month.day(clamping: .max)
      _ = month.description
    }
  }

  @Test func `saturating is exact within the bounds`() {
    for left in Self.numbers {
      for right in Self.numbers {
        let product = left.multipliedReportingOverflow(by: right)
        if !product.overflow { #expect(left.saturatingMultiply(right) == product.partialValue) }
        if product.overflow {
          #expect(left.saturatingMultiply(right) == ((left < 0) == (right < 0) ? .max : .min))
        }
        let difference = left.subtractingReportingOverflow(right)
        #expect(
          left.saturatingSubtract(right)
            == (difference.overflow ? (right < 0 ? .max : .min) : difference.partialValue))
      }
    }
  }

  @Test(
    "an event with a number that no ledger can hold is none",
    arguments: [
      ("1", true), ("0", true), ("2147483646", true), ("2147483647", false), ("-1", false),
      ("9223372036854775807", false), ("9223372036854775808", false),
    ])
  func events(generation: String, isOne: Bool) throws {
    let delivery = DeliveryKey(
      month: BillingMonth(year: 2026, month: 10)!, customer: CustomerID(7), kind: .bill,
      sequence: 1)
    let bill = BillKey(
      statement: StatementKey(month: delivery.month, customer: delivery.customer, version: 1),
      policy: 1, template: 1, channel: .email)
    let event = DeliveryEvent(
      delivery: delivery, generation: 3, bill: bill, sha256: ContentHash(of: [1]),
      slotEnd: Timestamp(milliseconds: .max))
    let text = String(decoding: event.json, as: UTF8.self)
    #expect(DeliveryEvent(json: Array(text.utf8)) == event)
    let other = text.replacing("\"generation\":3", with: "\"generation\":\(generation)")
    #expect((DeliveryEvent(json: Array(other.utf8)) != nil) == isOne)
    #expect((DeliveryKey("2026-10:7:bill:\(generation)") != nil) == isOne)
  }
}
