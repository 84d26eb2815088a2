import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import Testing

@Suite("A provider that refuses what comes too late")
struct LateMessageTests {
  /// Between the provider's look at the clock and the writing, time passes.
  private struct SlowLog: AcceptanceLog {
    let log: EmbeddedAcceptanceLog
    let clock: SimulatedClock

    func append(
      _ acceptance: Acceptance, knownSince: Timestamp?, isLate: @escaping @Sendable () -> Bool
    ) async throws -> String? {
      clock.advance(to: clock.now().adding(seconds: 60))
      return try await log.append(acceptance, knownSince: knownSince, isLate: isLate)
    }

    func reference(of key: String, since: Timestamp?) async throws -> String? {
      try await log.reference(of: key, since: since)
    }

    func list(after row: Int64, limit: Int) async throws -> [LoggedAcceptance] {
      try await log.list(after: row, limit: limit)
    }
  }

  @Test("looks at the clock again when it writes", arguments: [true, false])
  func lateWhenWritten(refusesLate: Bool) async throws {
    let clock = SimulatedClock(at: DeliveryScene.start)
    let log = try await EmbeddedAcceptanceLog(database: try Database(path: ":memory:"))
    let provider = InProcessProvider(
      channel: .email, seed: 1, latencyMilliseconds: 0, rates: .none,
      capabilities: ProviderCapabilities(lookUpSettlesSeconds: 0, refusesLate: refusesLate),
      clock: clock, log: SlowLog(log: log, clock: clock), seal: DeliveryScene.seal)
    let message = ProviderMessage(
      channel: .email, recipient: "a@example.com", content: [1], attempt: 1)
    let outcome = await provider.send(
      message, key: "k",
      deadline: CallDeadline(
        clock: clock, since: clock.steadyMilliseconds(), timing: .standard),
      notAfter: clock.now().adding(seconds: 20))
    let logged = try await log.list(after: 0, limit: 10)
    if refusesLate {
      #expect(outcome == .notAccepted(retryAfterMilliseconds: nil))
      #expect(logged.isEmpty)
      #expect(await provider.lookUp("k") == .absent)
    } else {
      #expect(outcome == .accepted(reference: "mock-1"))
      #expect(logged.count == 1)
    }
  }
}

@Suite("A provider that keeps keys")
struct KeptKeysTests {
  private let clock = SimulatedClock(at: DeliveryScene.start)

  private func send(
    attempt: Int, rates: MockFailureRates, log: EmbeddedAcceptanceLog, key: String = "k"
  ) async -> SendOutcome {
    let provider = InProcessProvider(
      channel: .email, seed: 1, rates: rates,
      capabilities: ProviderCapabilities(keepsKeySeconds: 86_400), clock: clock, log: log,
      seal: DeliveryScene.seal)
    let message = ProviderMessage(
      channel: .email, recipient: "a@example.com", content: [1], attempt: attempt)
    let deadline = CallDeadline(
      clock: clock, since: clock.steadyMilliseconds(), timing: .standard)
    return await provider.send(
      message, key: key, deadline: deadline, notAfter: clock.now().adding(seconds: 20))
  }

  @Test("says again that it took a message, whatever it would say of a new one")
  func acceptedStaysAccepted() async throws {
    let log = try await EmbeddedAcceptanceLog(database: try Database(path: ":memory:"))
    guard case .accepted(let reference) = await send(attempt: 1, rates: .none, log: log) else {
      throw Unexpected("not accepted")
    }
    let always = MockFailureRates(rejected: 1_000_000)
    guard case .accepted(let again) = await send(attempt: 2, rates: always, log: log) else {
      throw Unexpected("a message that was taken was refused afterwards")
    }
    #expect(again == reference)
    guard case .rejected = await send(attempt: 2, rates: always, log: log, key: "other") else {
      throw Unexpected("a message that was never taken was accepted")
    }
  }
}
