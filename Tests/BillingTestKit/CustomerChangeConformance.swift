import Billing
package import Delivery
import Dispatching
import Testing

/// What every ledger promises of a customer's change, one function a promise. `clock` is the
/// ledger's own.
package struct CustomerChangeConformance: Sendable {
  private let world: any DeliveryWorld
  private let clock: TestClock
  private let steps: DeliveryLedgerConformance
  private let one = SeededDelivery(SeededCustomer(1))

  package init(world: any DeliveryWorld, clock: TestClock) {
    self.world = world
    self.clock = clock
    steps = DeliveryLedgerConformance(world: world, clock: clock)
  }

  private var mended: SeededCustomer {
    var customer = one.customer
    customer.email = "mended@example.com"
    return customer
  }

  private let refused = SendOutcome.notAccepted(retryAfterMilliseconds: nil)

  /// What is to be tried again goes to the mended contact, under a key that was never used.
  private func expectSecondRound(after attempt: Int = 1) async throws {
    let seen = try await world.seen(one.key)
    #expect(seen.state == .planned && seen.round == 2 && seen.channelAttempts == 0)
    #expect(seen.channel == .email && seen.reason == .recipientChanged)
    clock.advance(seconds: 600)
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email:2")
    #expect(claimed.frozenRecipient == nil && claimed.frozenSHA == nil)
    guard
      case .intended(attempt + 1, channelAttempt: 1, _) = try await steps.intend(claimed)
    else { throw Unexpected("attempts are not counted anew") }
    _ = try await steps.record(.accepted(reference: "r"), claimed, attempt: attempt + 1)
    let outcomes = try await world.seen(one.key).attempts.map(\.outcome)
    #expect(outcomes.count == attempt + 1 && outcomes.last == 1)
    #expect(outcomes.dropLast().allSatisfy { $0 == 2 || $0 == 3 })
  }

  /// A contact that is mended before a retry begins a round at once.
  package func mendedBeforeARetry() async throws {
    let (claimed, attempt) = try await steps.sending(one)
    #expect(try await steps.record(refused, claimed, attempt: attempt) == .recorded(.planned))
    try await world.change(mended)
    try await expectSecondRound()
  }

  /// One that is mended while its call is under way begins it when the retry is claimed: the
  /// consumer sees that the key is another's.
  package func mendedUnderWay() async throws {
    let (claimed, attempt) = try await steps.sending(one)
    try await world.change(mended)
    #expect(try await world.seen(one.key).state == .sending)
    #expect(try await steps.record(refused, claimed, attempt: attempt) == .recorded(.planned))
    clock.advance(seconds: 600)
    let again = try await steps.claim(try await steps.queueAgain()[0])
    let decision = BeginDecision.decide(
      again, provider: ProviderCapabilities(), timing: .standard)
    guard decision == .release(.planNextRound, .recipientChanged) else {
      throw Unexpected("\(decision)")
    }
    #expect(try await steps.intend(again) == .stale, "its key stays the old contact's")
    let release = Release(
      key: one.key, fence: again.fence, then: .planNextRound, reason: .recipientChanged)
    #expect(try await world.delivering.release([release]) == [.released(.planned)])
    #expect(try await world.delivering.release([release]) == [.stale])
    try await expectSecondRound()
  }

  /// One that is mended during the last attempt, or one that is refused for good, begins a round too:
  /// nothing says that the new contact cannot be reached.
  package func mendedDuringTheLastAttempt(_ outcome: SendOutcome) async throws {
    var (claimed, attempt) = try await steps.sending(one)
    for _ in 1..<DeliveryPolicy.first.attemptsPerChannel {
      #expect(try await steps.record(refused, claimed, attempt: attempt) == .recorded(.planned))
      clock.advance(seconds: 600)
      claimed = try await steps.claim(try await steps.queueAgain()[0])
      guard case .intended(let next, _, _) = try await steps.intend(claimed) else {
        throw Unexpected("not intended")
      }
      attempt = next
    }
    try await world.change(mended)
    #expect(try await steps.record(outcome, claimed, attempt: attempt) == .recorded(.planned))
    try await expectSecondRound(after: attempt)
  }

  /// Likewise where the provider says only later that it took none of them.
  package func mendedBeforeAbsenceIsKnown() async throws {
    let (claimed, attempt) = try await steps.sending(one)
    #expect(try await steps.record(.unknown, claimed, attempt: attempt) == .recorded(.uncertain))
    try await world.change(mended)
    let uncertain = try await world.delivering.uncertain(limit: 10)[0]
    #expect(!uncertain.recipientStands)
    let resolution = Resolution(
      key: one.key, generation: uncertain.generation, finding: .absent(jitter: 0))
    #expect(
      try await world.delivering.resolve([resolution], who: "test") == [.resolved(.planned)])
    clock.advance(seconds: 600)
    let again = try await steps.claim(try await steps.queueAgain()[0])
    #expect(
      BeginDecision.decide(again, provider: ProviderCapabilities(), timing: .standard)
        == .release(.planNextRound, .recipientChanged))
  }

  /// No new key while an attempt under the old one may have been taken.
  package func mendedWhileUnknown() async throws {
    let (claimed, attempt) = try await steps.sending(one)
    #expect(try await steps.record(.unknown, claimed, attempt: attempt) == .recorded(.uncertain))
    let uncertain = try await world.delivering.uncertain(limit: 10)[0]
    _ = try await world.delivering.resolve(
      [Resolution(key: one.key, generation: uncertain.generation, finding: .sendAgain)], who: "r")
    try await world.change(mended)
    let seen = try await world.seen(one.key)
    #expect(seen.round == 1 && seen.unresolved == 1)
    let again = try await steps.claim(try await steps.queueAgain()[0])
    #expect(again.idempotencyKey == "2026-10:1:bill:1:email")
    #expect(
      BeginDecision.decide(
        again, provider: ProviderCapabilities(keepsKeySeconds: 86_400), timing: .standard)
        == .release(.closeChannel, .recipientChanged))
    // Whoever asks for a round all the same gets what may be had.
    let release = Release(
      key: one.key, fence: again.fence, then: .planNextRound, reason: .recipientChanged)
    #expect(try await world.delivering.release([release]) == [.released(.uncertain)])
    #expect(try await world.seen(one.key).round == 1)
  }

  /// Whoever moves the send day to one that is past is told now, and not held as too late.
  package func movedToAPastDay() async throws {
    let late = SeededDelivery(SeededCustomer(1, sendDay: 25))
    let left = SeededDelivery(SeededCustomer(2, sendDay: 1))
    try await world.seed([late, left])
    clock.advance(seconds: 19 * 86_400)
    var customer = late.customer
    customer.sendDay = 2
    try await world.change(customer)
    // Another change of somebody who is late makes nobody timely.
    var quieter = left.customer
    quieter.quiet = QuietSlots(slots: [5])!
    try await world.change(quieter)
    #expect(try await steps.queueAgain().map(\.delivery) == [late.key])
    #expect(try await world.seen(left.key).state == .held)
  }

  /// Likewise long after the month in which it was to be told.
  package func movedAfterItsMonth() async throws {
    let late = SeededDelivery(SeededCustomer(1, sendDay: 25))
    try await world.seed([late])
    clock.advance(seconds: 45 * 86_400)
    var customer = late.customer
    customer.sendDay = 2
    try await world.change(customer)
    clock.advance(seconds: 6 * 86_400)
    #expect(try await steps.queueAgain().map(\.delivery) == [late.key])
  }

  /// Who wants to be told again is told of the month that is being sent, and not of those before.
  package func optingInAgain() async throws {
    var old = SeededDelivery(SeededCustomer(1))
    old.key.month = old.key.month.previous
    try await world.seed([one, old])
    var customer = one.customer
    customer.channels = []
    try await world.change(customer)
    #expect(try await world.seen(old.key).state == .suppressed)
    // Near the month's end, and long after the send day: it is current, and late from now on.
    clock.advance(seconds: 29 * 86_400)
    try await world.change(one.customer)
    #expect(try await world.seen(old.key).state == .suppressed)
    #expect(try await world.seen(one.key).state == .planned)
    #expect(try await steps.queueAgain().map(\.delivery) == [one.key])
    // The old one is sent again where somebody asks for it, and only once.
    let found = try await world.operating.find(
      DeliveryQuery(states: [.suppressed]), after: nil, limit: 10
    ).deliveries
    #expect(found.map(\.key) == [old.key])
    let request = OperatorRequest(
      .resend(again: false), providers: [:], timing: .standard, jitter: 0)
    let signature = OperatorSignature(who: "kim", why: "asked for it")
    var resend = old.key
    resend.kind = .resend
    #expect(
      try await world.operating.act(request, on: found, signature: signature) == [.made(resend)])
    #expect(try await world.seen(old.key).state == .superseded)
    #expect(try await world.seen(resend).state == .planned)
    #expect(
      try await world.operating.act(request, on: found, signature: signature) == [.stale])
  }
}
