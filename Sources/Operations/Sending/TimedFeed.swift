import Billing
import Delivery
import Dispatching

/// A feed on a simulated ledger: before events are read, the providers' clock is moved on to the
/// ledger's time, whichever process moved that.
struct TimedFeed: Feed {
  let feed: any Feed
  let clock: SimulatedClock
  let time: any LedgerTime

  func poll(limit: Int) async throws -> [FeedEvent] {
    if case .simulated(let now) = try await time.timeKeeping() { clock.advance(to: now) }
    return try await feed.poll(limit: limit)
  }

  func store(_ next: [Int: Int64]) async throws { try await feed.store(next) }
  func heartbeat() async throws { try await feed.heartbeat() }
  var heartbeatMilliseconds: Int64 { feed.heartbeatMilliseconds }
  func close() async throws { try await feed.close() }
  func positions() async throws -> [FeedPosition] { try await feed.positions() }
}
