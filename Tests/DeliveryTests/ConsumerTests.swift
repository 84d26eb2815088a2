import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Synchronization
import Testing

@Suite("Consumer")
struct ConsumerTests {
  /// Answers when the test says so, and knows how many are waiting.
  private final class GatedProvider: Provider {
    private struct State {
      var isOpen = false
      var waiting: [CheckedContinuation<Void, Never>] = []
      var inFlight = 0
      var most = 0
    }

    let name = "gated"
    func statedCapabilities() async -> ProviderCapabilities? { ProviderCapabilities() }
    private let state = Mutex(State())

    var most: Int { state.withLock { $0.most } }
    var inFlight: Int { state.withLock { $0.inFlight } }

    func open() {
      let waiting = state.withLock { state in
        state.isOpen = true
        defer { state.waiting = [] }
        return state.waiting
      }
      for one in waiting { one.resume() }
    }

    func send(
      _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
    ) async -> SendOutcome {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          state.inFlight += 1
          state.most = max(state.most, state.inFlight)
          if !state.isOpen { state.waiting.append(continuation) }
          return state.isOpen
        }
        if isOpen { continuation.resume() }
      }
      state.withLock { $0.inFlight -= 1 }
      return .accepted(reference: key)
    }

    func lookUp(_ key: String) async -> LookUpOutcome { .unavailable }
  }

  private func waitUntil(_ condition: () async throws -> Bool) async throws {
    let end = SystemClock().now().adding(seconds: 20)
    while SystemClock().now() < end {
      if try await condition() { return }
      await Task.yield()
    }
    throw Unexpected("it did not happen within 20 s")
  }

  @Test(arguments: LedgerKind.allCases)
  func `no more is in flight than the bound`(on kind: LedgerKind) async throws {
    let scenario = try await DeliveryScenario(on: kind)
    try await scenario.world.seed((1...100).map { SeededDelivery(SeededCustomer(Int64($0))) })
    _ = try await scenario.dispatcher().tick()
    let provider = GatedProvider()
    let (consumer, _) = scenario.consumer(providers: [.email: provider]) {
      $0.maxInFlight = 30
      $0.batchSize = 10
    }
    async let report = consumer.run(until: .ledgerDrained)
    try await waitUntil { provider.inFlight == 30 }
    #expect(try await scenario.ledger.underWay().queued == 70)
    provider.open()
    #expect(try await report.accepted == 100)
    #expect(provider.most <= 30)
  }

  @Test(arguments: LedgerKind.allCases)
  func `stopping finishes what is in flight and leaves the rest to others`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(on: kind)
    try await scenario.world.seed((1...50).map { SeededDelivery(SeededCustomer(Int64($0))) })
    _ = try await scenario.dispatcher().tick()
    let provider = GatedProvider()
    let (consumer, feed) = scenario.consumer(providers: [.email: provider]) {
      $0.maxInFlight = 20
      $0.batchSize = 10
    }
    async let running = consumer.run(until: .stopped)
    try await waitUntil { provider.inFlight == 20 }
    consumer.stop()
    provider.open()
    #expect(try await running.accepted == 20)
    try await feed.close()
    let underWay = try await scenario.ledger.underWay()
    #expect(underWay == UnderWay(queued: 30, claimed: 0, sending: 0, unsettled: 0))
    let (other, _) = scenario.consumer()
    #expect(try await other.run(until: .ledgerDrained).accepted == 30)
  }

  @Test(arguments: LedgerKind.allCases)
  func `what outlasts the grace period is broken off and known`(on kind: LedgerKind) async throws {
    /// Takes until it is cancelled.
    struct EndlessProvider: Provider {
      let name = "endless"
      func statedCapabilities() async -> ProviderCapabilities? { ProviderCapabilities() }
      let started = Mailslot()
      func send(
        _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
      ) async -> SendOutcome {
        started.put()
        try? await SystemClock().sleep(milliseconds: 600_000)
        return .unknown
      }
      func lookUp(_ key: String) async -> LookUpOutcome { .unavailable }
    }
    final class Mailslot: Sendable {
      private let count = Mutex(0)
      func put() { count.withLock { $0 += 1 } }
      var total: Int { count.withLock { $0 } }
    }
    let scenario = try await DeliveryScenario(on: kind)
    let delivery = SeededDelivery(SeededCustomer(1))
    try await scenario.world.seed([delivery])
    _ = try await scenario.dispatcher().tick()
    let provider = EndlessProvider()
    let (consumer, _) = scenario.consumer(providers: [.email: provider]) {
      $0.graceMilliseconds = 1
    }
    async let running = consumer.run(until: .stopped)
    try await waitUntil { provider.started.total == 1 }
    consumer.stop()
    #expect(try await running.uncertain == 1)
    #expect(try await scenario.world.seen(delivery.key).state == .uncertain)
  }

  @Test func `partitions are shared fairly and those of the dead are taken over`() async throws {
    let clock = TestClock()
    let store = try await EventStore(
      database: try Database(path: ":memory:"), clock: clock, partitionCount: 6)
    let deliveries = (1...60).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = deliveries.map { delivery in
      DeliveryEvent(
        delivery: delivery.key, generation: 2, bill: delivery.bill(on: .email),
        sha256: DeliveryScene.hash(of: delivery.bill(on: .email)), slotEnd: clock.now())
    }
    _ = try await store.publish(events)
    let first = store.feed(group: "g", member: "a")
    #expect(try await first.poll(limit: 1000).count == 60)
    let second = store.feed(group: "g", member: "b")
    #expect(try await second.poll(limit: 1000).isEmpty, "what is being worked on is not taken away")
    let polled = Dictionary(
      grouping: try await first.positions(), by: \.partition
    ).compactMapValues { $0.first?.end }
    try await first.store(polled)
    try await first.heartbeat()
    try await second.heartbeat()
    _ = try await store.publish(events)
    let ofFirst = try await first.poll(limit: 1000)
    let ofSecond = try await second.poll(limit: 1000)
    #expect(Set(ofFirst.map(\.partition)).count == 3)
    #expect(Set(ofSecond.map(\.partition)).count == 3)
    #expect(ofFirst.count + ofSecond.count == 60)
    clock.advance(seconds: 6)
    let third = store.feed(group: "g", member: "c")
    #expect(
      try await third.poll(limit: 1000).count == 60, "the dead stored nothing: all is read again")
    try await first.store(
      Dictionary(ofFirst.map { ($0.partition, Int64(99)) }, uniquingKeysWith: max))
    #expect(
      try await third.positions().allSatisfy { $0.committed < 99 },
      "who has lost a partition stores nothing")
  }
}
