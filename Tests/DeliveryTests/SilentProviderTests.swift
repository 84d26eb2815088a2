import Audit
import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Synchronization
import Testing

/// Nothing is concluded from what a provider might be able to do.
@Suite("A provider that does not say what it can do")
struct SilentProviderTests {
  /// Answers no message, finds no key, and says what it can do only when it is no longer silent.
  private final class SilentProvider: Provider {
    private struct State {
      var isSilent = true
      var lookUps = 0
      var messages = 0
    }

    let name = "silent"
    private let capabilities: ProviderCapabilities
    private let state = Mutex(State())

    init(_ capabilities: ProviderCapabilities) { self.capabilities = capabilities }

    var lookUps: Int { state.withLock { $0.lookUps } }
    var messages: Int { state.withLock { $0.messages } }
    func speak() { state.withLock { $0.isSilent = false } }

    func statedCapabilities() async -> ProviderCapabilities? {
      state.withLock { $0.isSilent } ? nil : capabilities
    }

    func send(
      _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
    ) async -> SendOutcome {
      state.withLock { $0.messages += 1 }
      return .unknown
    }

    func lookUp(_ key: String) async -> LookUpOutcome {
      state.withLock { $0.lookUps += 1 }
      return .absent
    }
  }

  @Test(
    arguments: LedgerKind.allCases,
    [
      // What it does not find proves nothing, but it may find it.
      (ProviderCapabilities(lookUpSettlesSeconds: 10), 1, DeliveryState.uncertain),
      (ProviderCapabilities(), 0, .uncertain),
      (ProviderCapabilities(lookUpSettlesSeconds: 10, refusesLate: true), 1, .planned),
    ])
  func `is neither asked for a message nor sent it again`(
    on kind: LedgerKind, end: (ProviderCapabilities, lookUps: Int, afterwards: DeliveryState)
  ) async throws {
    let (capabilities, lookUps, afterwards) = end
    let scenario = try await DeliveryScenario(on: kind)
    try await scenario.world.seed([SeededDelivery(SeededCustomer(1))])
    _ = try await scenario.dispatcher().tick()
    let provider = SilentProvider(capabilities)
    let providers: [Channel: any Provider] = [.email: provider, .sms: provider]
    let consumer = scenario.consumer(providers: providers).consumer
    _ = try await consumer.run(until: .feedDrained)
    let reconciler = Reconciler(
      ledger: scenario.ledger, positions: scenario.events.positions(of: "delivery"),
      providers: providers, random: SeededRandom(seed: 5), timing: .standard,
      clock: scenario.clock, who: "reconciler", logger: scenario.logger)
    func states() async throws -> [DeliveryState: Int64] {
      try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    }
    func pass(afterSeconds seconds: Int64) async throws {
      let next = scenario.clock.now().adding(seconds: seconds)
      scenario.clock.advance(to: try await scenario.world.time.advance(to: next))
      _ = try await reconciler.pass()
    }
    for _ in 1...3 {
      try await pass(afterSeconds: 600)
      #expect(try await states() == [.uncertain: 1])
    }
    #expect(provider.lookUps == 0)
    provider.speak()
    try await pass(afterSeconds: 600)
    #expect(provider.lookUps == lookUps)
    #expect(provider.messages == 1)
    #expect(try await states() == [afterwards: 1])
  }
}
