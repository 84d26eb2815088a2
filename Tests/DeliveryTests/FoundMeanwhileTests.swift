import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Testing

@Suite("What a look-up finds while its delivery changes")
struct FoundMeanwhileTests {
  /// Takes everything and says so to nobody; before it answers a question, something else happens.
  private struct SlowToAnswer: Provider {
    let name = "slow"
    let meanwhile: @Sendable () async throws -> Void

    func statedCapabilities() async -> ProviderCapabilities? {
      ProviderCapabilities(lookUpSettlesSeconds: 0)
    }

    func send(
      _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
    ) async -> SendOutcome { .unknown }

    func lookUp(_ key: String) async -> LookUpOutcome {
      do { try await meanwhile() } catch { Issue.record(error) }
      return .found(reference: "r-\(key)")
    }
  }

  private func settled(
    on kind: LedgerKind, policy: DeliveryPolicy = .first,
    meanwhile: @escaping @Sendable (DeliveryScenario, SeededDelivery) async throws -> Void
  ) async throws -> SeenDelivery {
    let scenario = try await DeliveryScenario(on: kind)
    let delivery = SeededDelivery(SeededCustomer(1), policy: policy)
    let provider = SlowToAnswer { try await meanwhile(scenario, delivery) }
    let providers: [Channel: any Provider] = [.email: provider, .sms: provider]
    try await scenario.world.seed([delivery])
    _ = try await scenario.dispatcher().tick()
    let (consumer, feed) = scenario.consumer(providers: providers)
    _ = try await consumer.run(until: .feedDrained)
    try await feed.close()
    #expect(try await scenario.world.seen(delivery.key).state == .uncertain)
    scenario.clock.advance(
      to: try await scenario.world.time.advance(to: scenario.clock.now().adding(seconds: 600)))
    let reconciler = Reconciler(
      ledger: scenario.ledger, positions: scenario.events.positions(of: "delivery"),
      providers: providers, random: SeededRandom(seed: 5), timing: .standard,
      clock: scenario.clock, who: "reconciler", logger: scenario.logger)
    #expect(try await reconciler.pass().resolved == 1)
    return try await scenario.world.seen(delivery.key)
  }

  @Test(arguments: LedgerKind.allCases)
  func `counts beside an import that changes its customer`(on kind: LedgerKind) async throws {
    let seen = try await settled(on: kind) { scenario, delivery in
      var customer = delivery.customer
      customer.quiet = QuietSlots(slots: [5])!
      try await scenario.world.change(customer)
    }
    #expect(seen.state == .accepted)
    #expect(seen.attempts.map(\.outcome) == [1])
  }

  /// Otherwise it would be sent a second time.
  @Test(arguments: LedgerKind.allCases)
  func `counts beside an operator who tries again`(on kind: LedgerKind) async throws {
    let policy = DeliveryScene.policy(uncertain: .atLeastOnce)
    let seen = try await settled(on: kind, policy: policy) { scenario, delivery in
      let report = try await OperatorDesk(ledger: scenario.ledger).run(
        OperatorRequest(.retry, providers: [:], timing: .standard, jitter: 0),
        on: DeliveryQuery(states: [.uncertain], month: delivery.key.month), limit: nil,
        mode: .act(OperatorSignature(who: "kim", why: "it was down")))
      #expect(report.done == 1)
    }
    #expect(seen.state == .accepted)
    #expect(seen.life.suffix(2) == [.planned, .accepted])
  }
}
