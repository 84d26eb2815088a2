import Billing

/// A date as HTTP headers write it (RFC 9110, 5.6.7), in any of its three forms:
///
///     Sun, 06 Nov 1994 08:49:37 GMT
///     Sunday, 06-Nov-94 08:49:37 GMT
///     Sun Nov  6 08:49:37 1994
///
/// The name of the weekday is not compared with the date.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  /// - Parameter now: which century a year of two digits is of: it lies no more than 50 years ahead.
  /// - Returns: `nil` for any other text and for dates that do not exist.
  static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    let words = text.split(separator: " ")
    guard let weekday = words.first, text.utf8.count <= 64 else { return nil }
    let names = weekdays.map { $0.prefix(3) }
    switch words.count {
    case 6 where words[5] == "GMT" && names.contains(where: { weekday == $0 + "," }):
      return moment(year: number(words[3], 4), words[2], day: number(words[1], 2), words[4])
    case 4 where words[3] == "GMT" && weekdays.contains(where: { weekday == $0 + "," }):
      let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 3, let short = number(parts[2], 2) else { return nil }
      return moment(
        year: year(short, now: now), parts[1], day: number(parts[0], 2), words[2])
    case 5 where names.contains(weekday):
      let day = words[2].utf8.count == 1 ? number(words[2], 1) : number(words[2], 2)
      return moment(year: number(words[4], 4), words[1], day: day, words[3])
    default: return nil
    }
  }

  private static func year(_ short: Int, now: Timestamp) -> Int {
    let (thisYear, _, _) = CalendarDay(daysSince1970: Int32(now.clampedToWritten.utcDay)).components
    var year = thisYear - thisYear % 100 + 100 + short
    while year > thisYear + 50 { year -= 100 }
    return year
  }

  private static func moment(
    year: Int?, _ monthName: Substring, day: Int?, _ clock: Substring
  ) -> Timestamp? {
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard let year, let day, let month = months.firstIndex(of: String(monthName)),
      let date = CalendarDay(year: year, month: month + 1, day: day), parts.count == 3,
      let hour = number(parts[0], 2), let minute = number(parts[1], 2),
      let second = number(parts[2], 2), hour < 24, minute < 60, second <= 60
    else { return nil }
    return Timestamp(
      seconds: Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second))
  }

  /// Exactly so many digits.
  private static func number(_ text: Substring, _ digits: Int) -> Int? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}
