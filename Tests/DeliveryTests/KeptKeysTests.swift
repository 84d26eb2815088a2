import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import Testing

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
