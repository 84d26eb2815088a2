import Billing
import BillingTestKit
import Delivery
import Dispatching
import EmbeddedStore
import FaultInjection
import LedgerTestKit
import Testing

/// The one crash that no protocol can see through: between what a provider did and our record of it,
/// with a provider that neither keeps keys nor can be asked.
@Suite("A crash between a provider's answer and its record")
struct LostRecordTests {
  private let delivery = SeededDelivery(SeededCustomer(1))

  private struct Death: Error {}

  /// Lets nothing of one call through.
  private struct Wall: PortGate {
    let call: PortCall

    func pass<Result: Sendable>(
      _ call: PortCall, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
      if call == self.call { throw Death() }
      return try await body()
    }
  }

  /// The consumer dies before it records; its lease and its call's deadline pass.
  ///
  /// - Parameter wasTaken: whether the message had reached the provider.
  private func crashed(on kind: LedgerKind, wasTaken: Bool) async throws -> DeliveryScenario {
    let scenario = try await DeliveryScenario(on: kind)
    try await scenario.world.seed([delivery])
    _ = try await scenario.dispatcher().tick()
    let unreached = scenario.providers.mapValues { provider -> any Provider in
      GatedProvider(provider, gate: Wall(call: .send))
    }
    let (consumer, feed) = scenario.consumer(
      ledger: GatedDeliveryLedger(scenario.ledger, gate: Wall(call: .record)),
      providers: wasTaken ? nil : unreached)
    await #expect(throws: Death.self) { try await consumer.run(until: .feedDrained) }
    try await feed.close()
    #expect(try await scenario.world.seen(delivery.key).state == .sending)
    return scenario
  }

  /// The platform looks after itself for a month.
  private func letPass(_ scenario: DeliveryScenario) async throws {
    for _ in 0..<60 {
      let next = scenario.clock.now().adding(seconds: 43_200)
      scenario.clock.advance(to: try await scenario.world.time.advance(to: next))
      _ = try await scenario.reconciler().pass()
      _ = try await scenario.dispatcher().tick()
      _ = try await scenario.dispatcher().passRetries()
      try await scenario.deliverWith(consumers: 1)
    }
  }

  private func resolve(
    _ action: OperatorAction, in scenario: DeliveryScenario
  ) async throws -> OperatorReport {
    var capabilities: [Channel: ProviderCapabilities] = [:]
    for (channel, provider) in scenario.providers {
      capabilities[channel] = await provider.statedCapabilities()
    }
    let request = OperatorRequest(
      action, providers: capabilities, timing: .standard, jitter: 0)
    return try await OperatorDesk(ledger: scenario.ledger).run(
      request, on: DeliveryQuery(states: [.uncertain], olderThanSeconds: 86_400), limit: nil,
      mode: .act(OperatorSignature(who: "kim", why: "asked the provider")))
  }

  @Test(arguments: LedgerKind.allCases, [true, false])
  func `is on the list for good, never sent again by itself, and resolved either way`(
    on kind: LedgerKind, _ wasTaken: Bool
  ) async throws {
    let scenario = try await crashed(on: kind, wasTaken: wasTaken)
    try await letPass(scenario)
    let seen = try await scenario.world.seen(delivery.key)
    #expect(seen.state == .uncertain)
    #expect(seen.attempts.count == 1)
    #expect(try await scenario.acceptances()[delivery.key]?.count ?? 0 == (wasTaken ? 1 : 0))
    let listing = try await OperatorDesk(ledger: scenario.ledger)
      .list(DeliveryQuery(states: [.uncertain]), showing: 10)
    #expect(listing.shown.map(\.key) == [delivery.key])
    #expect(listing.shown.map(\.reason) == [.awaitsOperator])
    #expect(listing.count == 1)

    // A retry is refused: nobody has said that it was not taken.
    #expect(try await resolve(.retry, in: scenario).refused == [.unresolved: 1])
    let action: OperatorAction = wasTaken ? .resolveAccepted(reference: "m-1") : .resolveAbsent
    #expect(try await resolve(action, in: scenario).done == 1)
    try await scenario.run()
    #expect(try await scenario.world.seen(delivery.key).state == .accepted)
    #expect(try await scenario.acceptances()[delivery.key]?.count == 1)
    try await scenario.expectPromisesKept(for: [delivery])
    #expect(try await resolve(action, in: scenario).found == 0, "a second time: nothing is left")
  }

  @Test(arguments: LedgerKind.allCases)
  func `an operator who is wrong is found by the provider's own ledger`(on kind: LedgerKind)
    async throws
  {
    let scenario = try await crashed(on: kind, wasTaken: true)
    try await letPass(scenario)
    #expect(try await resolve(.resolveAbsent, in: scenario).done == 1)
    try await scenario.run()
    #expect(try await scenario.acceptances()[delivery.key]?.count == 2)
    let notes = try await scenario.world.seen(delivery.key).notes
    #expect(notes == ["kim: resolve --absent: asked the provider"], "and it says who")
  }
}
