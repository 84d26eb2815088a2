import struct Foundation.Date
import struct Foundation.TimeZone

/// The slots (발송 슬롯) in which a customer is not to be disturbed: a set of the 12 two-hour
/// windows of the customer's local day, slot `k` being `[2k:00, 2k+2:00)`.
package struct QuietSlots: Hashable, Sendable {
  /// Bit `k` is slot `k`; bits 12 and up are 0.
  package let mask: UInt16

  /// `nil` when a bit above 11 is set.
  package init?(mask: UInt16) {
    guard mask >> 12 == 0 else { return nil }
    self.mask = mask
  }

  /// `nil` when a slot is not 0…11.
  package init?(slots: some Sequence<Int>) {
    var mask: UInt16 = 0
    for slot in slots {
      guard (0...11).contains(slot) else { return nil }
      mask |= 1 << UInt16(slot)
    }
    self.mask = mask
  }

  package static let none = QuietSlots(mask: 0)!  // no bit is set

  package func contains(_ slot: Int) -> Bool { mask >> UInt16(slot) & 1 == 1 }

  /// Whether no slot of the day is left to tell the customer in.
  package var coverTheDay: Bool { mask == 0xFFF }

  /// The quiet slots, ascending.
  package var slots: [Int] { (0...11).filter(contains) }
}

/// One slot of one zone's day, as the moments between which it lasts.
///
/// Two hours long, but one or three where daylight saving begins or ends inside it: a slot ends
/// when the local hour halved changes.
package struct ZoneSlot: Hashable, Sendable {
  /// 0…11.
  package let slot: Int
  package let start: Timestamp
  package let end: Timestamp

  package init(slot: Int, start: Timestamp, end: Timestamp) {
    self.slot = slot
    self.start = start
    self.end = end
  }
}

/// The rules of one IANA time zone, as slots and send days need them.
///
/// Of moments outside of the years 1…9999 they say what they say of the nearest within.
package struct ZoneRules: Hashable, Sendable {
  /// The IANA name, such as `Asia/Seoul`.
  package let name: String
  private let zone: TimeZone

  /// `nil` when the system knows no such zone. Abbreviations and offsets are not names.
  package init?(_ name: String) {
    guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else {
      return nil
    }
    self.name = name
    self.zone = zone
  }

  /// Seconds east of Greenwich at that moment.
  package func offsetSeconds(at moment: Timestamp) -> Int64 {
    Int64(
      zone.secondsFromGMT(
        for: Date(timeIntervalSince1970: Double(moment.clampedToWritten.seconds))))
  }

  /// The day that it is there at that moment.
  package func day(at moment: Timestamp) -> CalendarDay {
    CalendarDay(daysSince1970: Int32(localSeconds(at: moment).flooredDivision(by: 86_400)))
  }

  /// The slot that it is there at that moment, 0…11.
  package func slotNumber(at moment: Timestamp) -> Int {
    let local = localSeconds(at: moment)
    let inDay = local - local.flooredDivision(by: 86_400) * 86_400
    return Int(inDay / 7200)
  }

  /// The slot that holds the moment, with its real start and end.
  package func slot(at moment: Timestamp) -> ZoneSlot {
    // Its neighbours have to lie within what can be written too.
    let moment = min(
      max(moment, Timestamp.written.lowerBound.adding(seconds: 172_800)),
      Timestamp.written.upperBound.adding(seconds: -172_800))
    let number = slotNumber(at: moment)
    return ZoneSlot(
      slot: number,
      start: Timestamp(seconds: start(of: number, at: moment.seconds)),
      end: Timestamp(seconds: end(of: number, at: moment.seconds)))
  }

  /// The first moment of a local day: midnight, or what follows where midnight does not exist.
  package func start(of day: CalendarDay) -> Timestamp {
    // Offsets lie within −12…+14 hours, so the day begins in this span; on it "the local day is
    // at least `day`" is false, then true, but for zones that turn back across midnight: there
    // the first true moment is still the one wanted.
    let midnight = Int64(day.daysSince1970) * 86_400
    let guesses = [-1, 0, 1].map { step in
      midnight - offsetSeconds(at: Timestamp(seconds: midnight + Int64(step) * 43_200))
    }
    for guess in Set(guesses).sorted() {
      let moment = Timestamp(seconds: guess)
      if self.day(at: moment) >= day, self.day(at: moment.adding(seconds: -1)) < day {
        return moment
      }
    }
    // Midnight was skipped: search the first second of the day.
    let span = midnight - 15 * 3600...midnight + 15 * 3600
    return Timestamp(
      seconds: firstSecond(in: span) { self.day(at: Timestamp(seconds: $0)) >= day })
  }

  /// The first moment at or after `moment` that lies in a slot that is not quiet; `nil` when all
  /// twelve are quiet.
  package func firstPermitted(from moment: Timestamp, quiet: QuietSlots) -> Timestamp? {
    guard !quiet.coverTheDay else { return nil }
    var candidate = moment
    // Twelve slots a day, and at most a few more where daylight saving cuts one in two.
    for _ in 0..<30 {
      let slot = slot(at: candidate)
      if !quiet.contains(slot.slot) { return candidate }
      candidate = slot.end
    }
    return nil
  }

  /// The first second of the slot with that number that holds `second`.
  private func start(of number: Int, at second: Int64) -> Int64 {
    var inside = second
    while true {
      let offset = offset(at: inside)
      // Where the slot begins if the clock is left alone from there to `inside`.
      var start = (inside + offset).flooredDivision(by: 7200) * 7200 - offset
      if self.offset(at: start) != offset {
        start = firstSecond(in: start...inside) { self.offset(at: $0) == offset }
      }
      guard slotNumber(at: Timestamp(seconds: start - 1)) == number else { return start }
      inside = start - 1  // the clock was turned within the slot
    }
  }

  /// The first second after the slot with that number that holds `second`.
  private func end(of number: Int, at second: Int64) -> Int64 {
    var inside = second
    while true {
      let offset = offset(at: inside)
      // Where the slot ends if the clock is left alone until then.
      var end = ((inside + offset).flooredDivision(by: 7200) + 1) * 7200 - offset
      if self.offset(at: end - 1) != offset {
        end = firstSecond(in: inside...end - 1) { self.offset(at: $0) != offset }
      }
      guard slotNumber(at: Timestamp(seconds: end)) == number else { return end }
      inside = end  // the clock was turned within the slot
    }
  }

  private func localSeconds(at moment: Timestamp) -> Int64 {
    moment.clampedToWritten.seconds + offsetSeconds(at: moment)
  }

  private func offset(at second: Int64) -> Int64 { offsetSeconds(at: Timestamp(seconds: second)) }

  /// The first second for which something holds that does not at first and does at last.
  private func firstSecond(
    in range: ClosedRange<Int64>, where holds: (Int64) -> Bool
  ) -> Int64 {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high).flooredDivision(by: 2)
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
