import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Logging
import Synchronization
import Testing

/// Dispatchers, consumers and a reconciler in one process on a ledger of either kind, on a simulated
/// clock, until nothing is pending: the loop of a simulated run.
final class DeliveryScenario: Sendable {
  let world: any DeliveryWorld
  let ledger: any StageLedger
  let clock: SimulatedClock
  let events: EventStore
  let log: EmbeddedAcceptanceLog
  let shelf = BillShelf()
  let providers: [Channel: any Provider]
  let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  private let members = Mutex(0)

  init(
    on kind: LedgerKind, at start: Timestamp = DeliveryScene.start, seed: UInt64 = 1,
    rates: [Channel: MockFailureRates] = [:],
    capabilities: ProviderCapabilities = ProviderCapabilities()
  ) async throws {
    clock = SimulatedClock(at: start)
    (world, ledger) = try await kind.world(clock: clock)
    #expect(try await world.time.keepTime(.simulated) == .kept(now: Timestamp(milliseconds: 0)))
    _ = try await world.time.advance(to: start)
    events = try await EventStore(
      database: try Database(path: ":memory:"), clock: SystemClock(), partitionCount: 6)
    let log = try await EmbeddedAcceptanceLog(database: try Database(path: ":memory:"))
    self.log = log
    let clock = clock
    providers = Dictionary(
      uniqueKeysWithValues: Channel.allCases.map { channel in
        (
          channel,
          InProcessProvider(
            channel: channel, seed: seed, rates: rates[channel] ?? .none,
            capabilities: capabilities, clock: clock, log: log, seal: DeliveryScene.seal)
        )
      })
  }

  func dispatcher(ledger: (any DispatchLedger)? = nil) -> Dispatcher {
    var configuration = DispatchConfiguration()
    configuration.batchSize = 50
    configuration.lanes = 2
    return Dispatcher(
      ledger: ledger ?? self.ledger, topic: events, configuration: configuration, logger: logger)
  }

  func reconciler(_ ledger: (any DeliveryLedger)? = nil) -> Reconciler {
    Reconciler(
      ledger: ledger ?? self.ledger, positions: events.positions(of: "delivery"),
      providers: providers, random: SeededRandom(seed: 5), timing: .standard, clock: clock,
      who: "reconciler", logger: logger)
  }

  /// A new member of the group, with a batch size that makes batches meet.
  func consumer(
    ledger: (any DeliveryLedger)? = nil, providers: [Channel: any Provider]? = nil,
    change: (inout ConsumerConfiguration) -> Void = { _ in }
  ) -> (consumer: Consumer, feed: EmbeddedFeed) {
    let number = members.withLock { members in
      members += 1
      return members
    }
    let feed = events.feed(group: "delivery", member: "m\(number)")
    var configuration = ConsumerConfiguration()
    configuration.batchSize = 20
    configuration.maxInFlight = 200
    configuration.idleMilliseconds = 1
    configuration.maxRetries = 3
    change(&configuration)
    let parts = ConsumerParts(
      ledger: ledger ?? self.ledger, feed: feed, bills: shelf, remaker: shelf,
      providers: providers ?? self.providers, seal: DeliveryScene.seal, clock: SystemClock(),
      random: SeededRandom(seed: UInt64(number)))
    return (
      Consumer(parts, owner: "m\(number)", configuration: configuration, logger: logger), feed
    )
  }

  /// Until nothing of the month is pending; how many moments it took.
  ///
  /// - Parameter deliver: drains the feed.
  @discardableResult
  func run(
    reconciling ledger: (any DeliveryLedger)? = nil,
    deliver: (DeliveryScenario) async throws -> Void = { try await $0.deliverWith(consumers: 3) }
  ) async throws -> Int {
    for moment in 1...5000 {
      _ = try await reconciler(ledger).pass()
      async let first = dispatcher().tick()
      async let second = dispatcher().tick()
      let published = try await first.published + second.published
      let underWay = try await self.ledger.underWay()
      if published > 0 || underWay.queued > 0 { try await deliver(self) }
      guard try await self.ledger.hasPending(DeliveryScene.month) else {
        return moment
      }
      let now = clock.now()
      guard
        let next = SimulatedAgenda.next(
          after: now, waiting: try await self.ledger.waiting(at: now),
          isUnderWay: try await !self.ledger.underWay().isSettled)
      else { throw Unexpected("something is pending and nothing will happen") }
      clock.advance(to: try await world.time.advance(to: next))
    }
    throw Unexpected("the month does not end")
  }

  func deliverWith(consumers count: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask {
          let (consumer, feed) = self.consumer()
          _ = try await consumer.run(until: .feedDrained)
          try await feed.close()
        }
      }
      try await group.waitForAll()
    }
  }

  /// What recipients really got, by delivery.
  func acceptances() async throws -> [DeliveryKey: [Acceptance]] {
    var accepted: [DeliveryKey: [Acceptance]] = [:]
    for logged in try await log.list(after: 0, limit: 1_000_000) {
      let (key, _) = try #require(DeliveryKey.parse(idempotencyKey: logged.acceptance.key))
      accepted[key, default: []].append(logged.acceptance)
    }
    return accepted
  }

  /// The promises that hold whatever happened: nothing twice, nothing lost, nobody disturbed.
  func expectPromisesKept(for deliveries: [SeededDelivery]) async throws {
    let accepted = try await acceptances()
    for delivery in deliveries {
      let seen = try await world.seen(delivery.key)
      let got = accepted[delivery.key] ?? []
      #expect(got.count <= 1, "\(delivery.key) got \(got.count)")
      #expect(!seen.state.isPending, "\(delivery.key) is \(seen.state)")
      #expect((seen.state == .accepted) == (got.count == 1) || seen.state == .uncertain)
      for acceptance in got {
        let zone = try #require(ZoneRules(delivery.customer.timeZone))
        #expect(!delivery.customer.quiet.contains(zone.slotNumber(at: acceptance.at)))
        #expect(acceptance.at >= delivery.dueAt)
      }
      for (from, to) in zip(seen.life, seen.life.dropFirst()) {
        #expect(from == to || from.mayBecome(to), "\(from) → \(to)")
      }
    }
  }
}
