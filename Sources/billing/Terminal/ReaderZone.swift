import Billing
import Operations
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The zone in which times are said to a person: the one that TZ names, or the machine's. What a
/// program reads (`--json`, log lines, stored records) is RFC 3339 in UTC wherever it is read.
enum ReaderZone: Sendable {
  case local
  /// As `--utc` asks for.
  case utc

  /// The process has one reader.
  static var current: ReaderZone {
    get { chosen.withLock { $0 } }
    set { chosen.withLock { $0 = newValue } }
  }

  private static let chosen = Mutex<ReaderZone>(
    {
      tzset()
      return .local
    }())

  /// `2026-11-25 14:00:05 KST`: to the second, with the zone's name at that moment; a dash for a
  /// moment that never comes.
  func text(of moment: Timestamp) -> String {
    guard let broken = broken(moment) else { return "–" }
    let name = broken.tm_zone.map { String(cString: $0) } ?? ""
    return "\(Self.text(of: broken)) \(self == .utc ? "UTC" : name)"
  }

  /// The moment at which the clocks here show what they show in UTC at `wall`; the later one where
  /// they show it never.
  func moment(showing wall: Timestamp) -> Timestamp {
    let guess = wall.adding(seconds: -offset(at: wall))
    return wall.adding(seconds: -offset(at: guess))
  }

  private func offset(at moment: Timestamp) -> Int64 { Int64(broken(moment)?.tm_gmtoff ?? 0) }

  /// `nil` for what no calendar has.
  private func broken(_ moment: Timestamp) -> tm? {
    var seconds = time_t(moment.seconds)
    var broken = tm()
    switch self {
    case .local: guard localtime_r(&seconds, &broken) != nil else { return nil }
    case .utc: guard gmtime_r(&seconds, &broken) != nil else { return nil }
    }
    return broken.tm_year < 8100 ? broken : nil
  }

  private static func text(of broken: tm) -> String {
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(broken.tm_year + 1900)-\(two(broken.tm_mon + 1))-\(two(broken.tm_mday))"
    return "\(day) \(two(broken.tm_hour)):\(two(broken.tm_min)):\(two(broken.tm_sec))"
  }
}

extension Timestamp {
  /// As it is said to a person.
  var spoken: String { ReaderZone.current.text(of: self) }

  /// The same in a customer's own zone: `2026-11-25 14:00 Asia/Seoul`, which slots are of.
  func spoken(in zone: String) -> String {
    guard let rules = ZoneRules(zone) else { return spoken }
    let wall = adding(seconds: rules.offsetSeconds(at: self))
    let text = ReaderZone.utc.text(of: wall)
    return "\(text.prefix(16)) \(zone)"
  }
}
