/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Any number of them is a moment: sums end at the first and the last, and the last one stays where
/// it is, since it says "never".
package struct Timestamp: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package init(seconds: Int64) {
    milliseconds = seconds.saturatingMultiply(1000)
  }

  /// Whole seconds since the epoch, rounded down.
  package var seconds: Int64 { milliseconds.flooredDivision(by: 1000) }

  /// The day in UTC, in days since the epoch.
  package var utcDay: Int64 { milliseconds.flooredDivision(by: 86_400_000) }

  package func adding(seconds: Int64) -> Timestamp {
    adding(milliseconds: seconds.saturatingMultiply(1000))
  }

  package func adding(milliseconds more: Int64) -> Timestamp {
    self == .never ? self : Timestamp(milliseconds: milliseconds.saturatingAdd(more))
  }

  /// Negative where the other is earlier.
  package func milliseconds(until later: Timestamp) -> Int64 {
    later.milliseconds.saturatingSubtract(milliseconds)
  }

  /// Later than any moment: what waits for a person.
  package static let never = Timestamp(milliseconds: .max)

  /// The first moment of the year 1 and the last of 9999, in UTC: what can be written, and has a day
  /// in every zone.
  package static let written =
    Timestamp(milliseconds: -62_135_596_800_000)...Timestamp(milliseconds: 253_402_300_799_999)

  /// The nearest that can be written.
  package var clampedToWritten: Timestamp {
    min(max(self, Self.written.lowerBound), Self.written.upperBound)
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

extension Timestamp: CustomStringConvertible {
  /// ISO 8601 in UTC, `2026-11-01T00:00:00Z`; milliseconds only where there are any. What lies
  /// outside of the years 1…9999 is written as the nearest moment within.
  package var description: String {
    let moment = clampedToWritten
    let day = CalendarDay(daysSince1970: Int32(moment.utcDay))
    let inDay = Int(moment.milliseconds - Int64(day.daysSince1970) * 86_400_000)
    let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60]
      .map { padded($0, to: 2) }.joined(separator: ":")
    let fraction = inDay % 1000 == 0 ? "" : "." + padded(inDay % 1000, to: 3)
    return "\(day)T\(clock)\(fraction)Z"
  }

  /// Reads `YYYY-MM-DDTHH:MM[:SS[.sss]][Z|±HH:MM]`; without an offset it is UTC.
  package init?(iso8601 text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 16, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
      let day = CalendarDay(ascii: bytes[0..<10])
    else { return nil }
    func two(_ at: Int) -> Int? {
      guard at + 1 < bytes.count, (48...57).contains(bytes[at]), (48...57).contains(bytes[at + 1])
      else { return nil }
      return Int(bytes[at] - 48) * 10 + Int(bytes[at + 1] - 48)
    }
    guard bytes[13] == UInt8(ascii: ":"), let hour = two(11), let minute = two(14),
      hour < 24, minute < 60
    else { return nil }
    var rest = 16
    var second = 0
    if rest < bytes.count, bytes[rest] == UInt8(ascii: ":") {
      guard let value = two(17), value < 60 else { return nil }
      second = value
      rest = 19
    }
    var millisecond = 0
    if rest == 19, rest < bytes.count, bytes[rest] == UInt8(ascii: ".") {
      guard bytes.count >= 23, let tens = two(20), (48...57).contains(bytes[22]) else { return nil }
      millisecond = tens * 10 + Int(bytes[22] - 48)
      rest = 23
    }
    var offset = 0
    switch Array(bytes[rest...]) {
    case [], [UInt8(ascii: "Z")]: break
    case let tail
    where tail.count == 6 && tail[3] == UInt8(ascii: ":")
      && (tail[0] == UInt8(ascii: "+") || tail[0] == UInt8(ascii: "-")):
      guard let hours = two(rest + 1), let minutes = two(rest + 4), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (tail[0] == UInt8(ascii: "-") ? -60 : 60)
    default: return nil
    }
    let inDay = hour * 3600 + minute * 60 + second - offset
    self.init(
      milliseconds: (Int64(day.daysSince1970) * 86_400 + Int64(inDay)) * 1000 + Int64(millisecond))
  }
}

extension FixedWidthInteger {
  /// Division that rounds toward minus infinity.
  package func flooredDivision(by divisor: Self) -> Self {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder != 0 && (remainder < 0) != (divisor < 0) ? quotient - 1 : quotient
  }
}
