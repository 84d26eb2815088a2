import Billing
import Delivery

/// What a seed decides before anything happens.
struct Scenario: Sendable {
  struct Person: Sendable {
    var id: Int64
    var channels: String
    var quiet: [Int]
    var zone: String
    var locale: String
  }

  /// When it begins, in the first slot of the sending month: often near its end, where what was
  /// queued comes too late.
  let start: Timestamp
  /// Customers with one line each.
  let people: [Person]
  let faultyMilliseconds: Int64
  let faultsPerThousand: UInt64
  let capabilities: ProviderCapabilities
  /// Whether the provider tells, some time later, what it took.
  let reportsEvents: Bool
  /// One machine's clock is so much off.
  let skewMilliseconds: Int64
  /// The providers' clock is so much off, by less than a lease.
  let providerSkewMilliseconds: Int64
  let settlers: Int
  let dispatchers: Int
  let consumers: Int

  init(seed: UInt64) {
    let random = SeededRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 7)
    func below(_ limit: UInt64) -> UInt64 { random.next() % limit }
    start = SimulatedWorld.start.adding(
      milliseconds: Int64([0, 60, 100, 110, 115][Int(below(5))]) * 60_000)
    people = (1...6).map { number in
      let zone = ["Asia/Seoul", "Asia/Seoul", "Asia/Tokyo", "Australia/Sydney"][Int(below(4))]
      // Slots of the night, and some of the day: enough are left in the first hours.
      let quiet = (0..<12).filter { slot in below(100) < (slot < 4 ? 35 : 10) }
      return Person(
        id: 100 + Int64(number) * 7, channels: ["email;sms", "sms;email", "email"][Int(below(3))],
        quiet: quiet.count == 12 ? [] : quiet, zone: zone,
        locale: below(2) == 0 ? "ko-KR" : "en-US")
    }
    faultyMilliseconds = Int64(1_800_000 + below(9_000_000))
    faultsPerThousand = [5, 15, 40][Int(below(3))]
    capabilities =
      [
        ProviderCapabilities(),
        ProviderCapabilities(keepsKeySeconds: 7200),
        ProviderCapabilities(lookUpSettlesSeconds: 60, refusesLate: true),
        ProviderCapabilities(lookUpSettlesSeconds: 30, refusesLate: true),
        ProviderCapabilities(keepsKeySeconds: 600, lookUpSettlesSeconds: 60, refusesLate: true),
        // What is not found proves nothing where what comes late is not refused, or nobody is ever
        // sure; what is found proves it all the same.
        ProviderCapabilities(lookUpSettlesSeconds: 60),
        ProviderCapabilities(canBeAsked: true),
      ][Int(below(7))]
    reportsEvents = below(3) == 0
    skewMilliseconds = [0, 600_000, -600_000][Int(below(3))]
    providerSkewMilliseconds = [0, -50_000, 50_000][Int(below(3))]
    settlers = 2
    dispatchers = 2
    consumers = 2 + Int(below(2))
  }
}
