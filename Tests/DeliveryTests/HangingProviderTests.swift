import Audit
import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import LedgerTestKit
import Synchronization
import Testing

/// One provider holds up nobody else.
@Suite("A provider whose look-ups hang")
struct HangingProviderTests {
  /// Takes no message, and answers questions only when it is let go.
  private final class HangingProvider: Provider {
    private struct State {
      var isHanging: Bool
      var asked: [String] = []
      var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let name: String
    private let capabilities: ProviderCapabilities
    private let state: Mutex<State>

    init(_ name: String, isHanging: Bool, _ capabilities: ProviderCapabilities) {
      self.name = name
      self.capabilities = capabilities
      state = Mutex(State(isHanging: isHanging))
    }

    var asked: [String] { state.withLock { $0.asked } }

    /// What waits is told nothing, and what comes is answered.
    func letGo() {
      let waiting = state.withLock { state in
        state.isHanging = false
        defer { state.waiting = [] }
        return state.waiting
      }
      for question in waiting { question.resume() }
    }

    func statedCapabilities() async -> ProviderCapabilities? { capabilities }

    func send(
      _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
    ) async -> SendOutcome { .unknown }

    func lookUp(_ key: String) async -> LookUpOutcome {
      let hangs = state.withLock { state in
        state.asked.append(key)
        return state.isHanging
      }
      guard hangs else { return .found(reference: key) }
      await withCheckedContinuation { question in
        let isOver = state.withLock { state in
          if state.isHanging { state.waiting.append(question) }
          return !state.isHanging
        }
        if isOver { question.resume() }
      }
      return .unavailable
    }
  }

  /// 120 uncertain deliveries by e-mail, whose provider hangs, and 30 by SMS.
  private func uncertain(
    on kind: LedgerKind
  ) async throws -> (DeliveryScenario, email: HangingProvider, sms: HangingProvider) {
    let scenario = try await DeliveryScenario(on: kind)
    try await scenario.world.seed(
      (1...150).map {
        SeededDelivery(SeededCustomer($0, channels: $0 <= 120 ? [.email] : [.sms]))
      })
    _ = try await scenario.dispatcher().tick()
    let capabilities = ProviderCapabilities(lookUpSettlesSeconds: 10, refusesLate: true)
    let email = HangingProvider("email", isHanging: true, capabilities)
    let sms = HangingProvider("sms", isHanging: false, capabilities)
    let patient = try DeliveryTiming(
      lease: 3_600_000, callDeadline: 1_200_000, startWithin: 1_000_000, leaseGuard: 1_300_000,
      slotGuard: 1_300_000, reapAfter: 1000)
    // On a busy machine a call that is not begun in time would be none.
    let (consumer, _) = scenario.consumer(providers: [.email: email, .sms: sms]) {
      $0.timing = patient
    }
    _ = try await consumer.run(until: .feedDrained)
    return (scenario, email, sms)
  }

  private func becomesTrue(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !condition() {
      guard ContinuousClock.now < end else { throw Unexpected("it did not come to that") }
      try await SystemClock().sleep(milliseconds: 20)
    }
  }

  private func reconciler(
    _ scenario: DeliveryScenario, _ email: HangingProvider, _ sms: HangingProvider
  ) -> Reconciler {
    Reconciler(
      ledger: scenario.ledger, positions: scenario.events.positions(of: "delivery"),
      providers: [.email: email, .sms: sms], random: SeededRandom(seed: 5), timing: .standard,
      clock: scenario.clock, who: "reconciler", logger: scenario.logger)
  }

  @Test(arguments: LedgerKind.allCases)
  func `holds up neither another channel nor reaping and sweeping`(on kind: LedgerKind) async throws
  {
    let (scenario, email, sms) = try await uncertain(on: kind)
    defer { email.letGo() }
    let reconciler = reconciler(scenario, email, sms)
    let pass = Task { try await reconciler.pass() }
    try await becomesTrue { sms.asked.count == 30 && email.asked.count == 50 }
    func counts() async throws -> [DeliveryState: Int64] {
      try await scenario.ledger.deliveryCounts(of: DeliveryScene.month)
    }
    try await becomesTrue { try await counts() == [.uncertain: 120, .accepted: 30] }
    #expect(try await counts() == [.uncertain: 120, .accepted: 30])
    _ = try await reconciler.perform(.reap)
    _ = try await reconciler.perform(.sweep)
    #expect(email.asked.count == 50, "so many at once, and no more")

    // Another process asks about others.
    let second = Task { try await self.reconciler(scenario, email, sms).perform(.lookUp(.email)) }
    try await becomesTrue { email.asked.count == 100 }
    #expect(Set(email.asked).count == 100, "each is asked about by one")
    email.letGo()
    _ = try await (pass.value, second.value)
    #expect(try await counts() == [.uncertain: 120, .accepted: 30])
    #expect(email.asked.count == 100, "one that answers nothing is left alone for a while")
  }

  @Test(arguments: LedgerKind.allCases)
  func `is asked again after a while, and believed at once`(on kind: LedgerKind) async throws {
    let (scenario, email, sms) = try await uncertain(on: kind)
    defer { email.letGo() }
    let reconciler = reconciler(scenario, email, sms)
    let pass = Task { try await reconciler.perform(.lookUp(.email)) }
    try await becomesTrue { email.asked.count == 50 }
    email.letGo()
    #expect(try await pass.value.leftUncertain == 50)
    #expect(try await reconciler.perform(.lookUp(.email)) == ReconcilerReport())
    let next = scenario.clock.now().adding(seconds: 600)
    scenario.clock.advance(to: try await scenario.world.time.advance(to: next))
    #expect(try await reconciler.perform(.lookUp(.email)).resolved == 120)
  }
}
