import Audit
import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Synchronization
import Testing

@Suite("A month of deliveries in one process")
struct EndToEndTests {
  /// Customers of three zones with days, quiet slots and channels of their own.
  private func deliveries(_ count: Int) -> [SeededDelivery] {
    let random = SeededRandom(seed: 42)
    let zones = ["Asia/Seoul", "America/New_York", "Europe/Berlin"]
    return (1...count).map { number in
      let mask = UInt16(truncatingIfNeeded: random.next()) & 0xFFF
      let customer = SeededCustomer(
        Int64(number), channels: number % 5 == 0 ? [.sms] : [.email, .sms],
        quiet: QuietSlots(mask: mask == 0xFFF ? 1 : mask)!, timeZone: zones[number % 3],
        sendDay: 1 + Int(random.next() % 3))
      return SeededDelivery(customer)
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `everyone is told once, in a slot of their own, by several at once`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [
        .email: MockFailureRates(refused: 200_000, rejected: 50_000),
        .sms: MockFailureRates(refused: 100_000, rejected: 20_000),
      ])
    let deliveries = deliveries(400)
    try await scenario.world.seed(deliveries)
    try await scenario.run()
    try await scenario.expectPromisesKept(for: deliveries)
    let counts = try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    #expect(counts[.accepted, default: 0] + counts[.failed, default: 0] == 400)
    #expect(counts[.accepted, default: 0] > 380)
    #expect(scenario.clock.sleptMilliseconds >= 400_000, "providers' seconds are counted")
    // Running it again finds nothing to do.
    #expect(try await scenario.run() == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a refused address is told by SMS`(on kind: LedgerKind) async throws {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [
        .email: MockFailureRates(rejected: 1_000_000)
      ])
    let delivery = SeededDelivery(SeededCustomer(1))
    try await scenario.world.seed([delivery])
    try await scenario.run()
    let accepted = try #require(try await scenario.acceptances()[delivery.key])
    #expect(accepted.map(\.provider) == ["mock-sms"])
    #expect(accepted.map(\.content) == [DeliveryScene.hash(of: delivery.bill(on: .sms))])
    #expect(
      accepted.map(\.recipientHash)
        == [DeliveryScene.seal.lookupHash(delivery.customer.phone, column: .phone)])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a lost answer is settled by asking, and nothing is sent twice`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [.email: MockFailureRates(lostBefore: 200_000, lostAfter: 200_000)],
      capabilities: ProviderCapabilities(lookUpSettlesSeconds: 10, refusesLate: true))
    let deliveries = deliveries(100)
    try await scenario.world.seed(deliveries)
    try await scenario.run()
    try await scenario.expectPromisesKept(for: deliveries)
    let counts = try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    #expect(counts[.accepted] == 100)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a lost answer is settled by the key that the provider keeps`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [.email: MockFailureRates(lostBefore: 200_000, lostAfter: 200_000)],
      capabilities: ProviderCapabilities(keepsKeySeconds: 7 * 86_400))
    let deliveries = deliveries(100)
    try await scenario.world.seed(deliveries)
    try await scenario.run()
    try await scenario.expectPromisesKept(for: deliveries)
    let counts = try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    #expect(counts[.accepted, default: 0] > 90)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a lost answer that nobody can settle is on the uncertain list`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [
        .email: MockFailureRates(lostBefore: 500_000, lostAfter: 500_000)
      ])
    let deliveries = (1...40).map { SeededDelivery(SeededCustomer(Int64($0))) }
    try await scenario.world.seed(deliveries)
    try await scenario.run()
    try await scenario.expectPromisesKept(for: deliveries)
    let counts = try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    #expect(counts == [.uncertain: 40])
  }

  @Test(arguments: LedgerKind.allCases, 1...8 as ClosedRange<UInt64>)
  func `consumers that die between any two steps lose nothing`(
    on kind: LedgerKind, _ seed: UInt64
  ) async throws {
    let scenario = try await DeliveryScenario(
      on: kind,
      seed: seed, rates: [.email: MockFailureRates(refused: 100_000, lostAfter: 100_000)],
      capabilities: ProviderCapabilities(lookUpSettlesSeconds: 10, refusesLate: true))
    let deliveries = (1...80).map { SeededDelivery(SeededCustomer(Int64($0))) }
    try await scenario.world.seed(deliveries)
    let faults = FaultyLedger(scenario.ledger, seed: seed, deaths: 12)
    try await scenario.run { scenario in
      // Each dies at its first fault; another one takes over from what is stored.
      for _ in 0..<40 {
        let (consumer, feed) = scenario.consumer(ledger: faults)
        do {
          _ = try await consumer.run(until: .feedDrained)
          try await feed.close()
          return
        } catch is FaultyLedger.Death {
          try await feed.close()
        }
      }
      throw Unexpected("faults never end")
    }
    #expect(faults.deathsLeft < 12, "somebody died")
    try await scenario.expectPromisesKept(for: deliveries)
    let counts = try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    #expect(counts[.accepted] == 80)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a bill missing or altered is made again; what cannot be is held`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(on: kind)
    let deliveries = (1...4).map { SeededDelivery(SeededCustomer(Int64($0))) }
    try await scenario.world.seed(deliveries)
    scenario.shelf.set(CustomerID(1), .altered)
    scenario.shelf.set(CustomerID(2), .missing)
    scenario.shelf.set(CustomerID(3), .unmakeable)
    try await scenario.run()
    #expect(Set(scenario.shelf.remade.map(\.statement.customer.number)) == [1, 2, 3])
    let accepted = try await scenario.acceptances()
    for delivery in deliveries where delivery.customer.id != CustomerID(3) {
      #expect(
        accepted[delivery.key]?.map(\.content)
          == [DeliveryScene.hash(of: delivery.bill(on: .email))])
    }
    let held = try await scenario.world.seen(deliveries[2].key)
    #expect(held.state == .held)
    #expect(held.reason == .billUnusable)
    #expect(held.attempts.isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a bill store out of reach counts no attempt`(on kind: LedgerKind) async throws {
    let scenario = try await DeliveryScenario(on: kind)
    let delivery = SeededDelivery(SeededCustomer(1))
    try await scenario.world.seed([delivery])
    scenario.shelf.set(CustomerID(1), .unreachable)
    _ = try await scenario.dispatcher().tick()
    try await scenario.deliverWith(consumers: 1)
    let seen = try await scenario.world.seen(delivery.key)
    #expect(seen.state == .planned)
    #expect(seen.reason == .storeUnreachable)
    #expect(seen.attempts.isEmpty)
    scenario.shelf.set(CustomerID(1), nil)
    try await scenario.run()
    #expect(try await scenario.world.seen(delivery.key).state == .accepted)
  }

  @Test(arguments: LedgerKind.allCases)
  func `an address that was mended between attempts is written to under a key of its own`(
    on kind: LedgerKind
  )
    async throws
  {
    let scenario = try await DeliveryScenario(
      on: kind,
      rates: [
        .email: MockFailureRates(refused: 1_000_000)
      ])
    let delivery = SeededDelivery(SeededCustomer(1))
    try await scenario.world.seed([delivery])
    _ = try await scenario.dispatcher().tick()
    try await scenario.deliverWith(consumers: 1)
    #expect(try await scenario.world.seen(delivery.key).channelAttempts == 1)
    var moved = delivery.customer
    moved.email = "elsewhere@example.com"
    try await scenario.world.change(moved)
    try await scenario.run()
    let seen = try await scenario.world.seen(delivery.key)
    // As often as if it had been the first, then the next channel. (On a busy machine a call may not
    // be written in time, which does not count.)
    #expect(seen.attempts.last?.channel == .sms)
    #expect(seen.attempts.dropLast().allSatisfy { $0.channel == .email })
    #expect(seen.attempts.count >= 1 + delivery.policy.attemptsPerChannel + 1)
    #expect(seen.round == 2)
    #expect(seen.state == .accepted)
    #expect(
      try await scenario.acceptances()[delivery.key]?.map(\.key) == ["2026-10:1:bill:1:sms:2"])
  }

  @Test(arguments: LedgerKind.allCases)
  func `events that mean nothing any more, or nothing at all, are passed over`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await DeliveryScenario(on: kind)
    let delivery = SeededDelivery(SeededCustomer(1))
    try await scenario.world.seed([delivery])
    _ = try await scenario.dispatcher().tick()
    // The same doorbell again, and one of an older generation.
    let lost = try await scenario.ledger.takeUnpublished(olderThanSeconds: -1, limit: 10)
    #expect(lost.isEmpty)
    var event = delivery.bill(on: .email).event(for: delivery.key, generation: 2)
    _ = try await scenario.events.publish([event, event])
    event.generation = 1
    _ = try await scenario.events.publish([event])
    try await scenario.deliverWith(consumers: 2)
    try await scenario.expectPromisesKept(for: [delivery])
    let positions = try await scenario.events.positions(of: "delivery").positions()
    #expect(positions.allSatisfy { $0.lag == 0 })
  }
}

extension BillKey {
  fileprivate func event(for key: DeliveryKey, generation: Int) -> DeliveryEvent {
    DeliveryEvent(
      delivery: key, generation: generation, bill: self, sha256: DeliveryScene.hash(of: self),
      slotEnd: DeliveryScene.start.adding(seconds: 7200))
  }
}

/// A ledger whose caller dies now and then: before the call reached it, or after it was committed.
private final class FaultyLedger: DeliveryLedger {
  struct Death: Error {}

  private let ledger: any DeliveryLedger
  private let random: SeededRandom
  private let left: Mutex<Int>

  init(_ ledger: any DeliveryLedger, seed: UInt64, deaths: Int) {
    self.ledger = ledger
    random = SeededRandom(seed: seed)
    left = Mutex(deaths)
  }

  var deathsLeft: Int { left.withLock { $0 } }

  private func faulty<Value>(_ call: () async throws -> Value) async throws -> Value {
    let dies = left.withLock { left in
      guard left > 0, random.next() % 3 == 0 else { return false }
      left -= 1
      return true
    }
    if dies, random.next() % 2 == 0 { throw Death() }
    let value = try await call()
    if dies { throw Death() }
    return value
  }

  func claim(
    _ events: [DeliveryEvent], owner: String, timing: DeliveryTiming
  ) async throws -> [ClaimOutcome] {
    try await faulty { try await ledger.claim(events, owner: owner, timing: timing) }
  }
  func intend(_ intents: [Intent], timing: DeliveryTiming) async throws -> [IntentOutcome] {
    try await faulty { try await ledger.intend(intents, timing: timing) }
  }
  func record(_ results: [SendResult]) async throws -> [RecordOutcome] {
    try await faulty { try await ledger.record(results) }
  }
  func recordAccepted(_ evidence: [AcceptanceEvidence]) async throws -> [EvidenceOutcome] {
    try await faulty { try await ledger.recordAccepted(evidence) }
  }
  func release(_ releases: [Release]) async throws -> [ReleaseOutcome] {
    try await faulty { try await ledger.release(releases) }
  }
  func reap(timing: DeliveryTiming, limit: Int) async throws -> Int {
    try await ledger.reap(timing: timing, limit: limit)
  }
  func sweep(
    committed: [Int: Int64], from stop: SweepStop?, limit: Int
  ) async throws -> SweepStep {
    try await ledger.sweep(committed: committed, from: stop, limit: limit)
  }
  func takeUncertain(
    on channel: Channel, leaseSeconds: Int64, limit: Int
  ) async throws -> [UncertainDelivery] {
    try await ledger.takeUncertain(on: channel, leaseSeconds: leaseSeconds, limit: limit)
  }
  func resolve(_ resolutions: [Resolution], who: String) async throws -> [ResolveOutcome] {
    try await ledger.resolve(resolutions, who: who)
  }
  func underWay() async throws -> UnderWay { try await ledger.underWay() }
}
