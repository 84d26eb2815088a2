import Billing
import BillingTestKit
import Delivery
import Testing

@Suite("Delivery decisions")
struct DecisionTests {
  private let policy = DeliveryScene.policy()

  private func facts(
    channel: Channel = .email, usable: [Channel] = [.email, .sms], closed: ChannelSet = [],
    attempts: Int = 1, unresolved: Int = 0, recipientStands: Bool = true
  ) -> AttemptVerdict.Facts {
    AttemptVerdict.Facts(
      channel: channel, usable: usable, closed: closed, channelAttempts: attempts,
      unresolved: unresolved, recipientStands: recipientStands)
  }

  private func next(_ outcome: SendOutcome, _ facts: AttemptVerdict.Facts) -> AttemptVerdict.Next {
    AttemptVerdict.decide(outcome, facts, policy: policy, jitter: 0).next
  }

  private let refused = SendOutcome.notAccepted(retryAfterMilliseconds: nil)

  @Test func `refusals are tried again with growing waits, then the next channel`() {
    #expect(next(refused, facts(attempts: 1)) == .retry(afterMilliseconds: 60_000))
    #expect(next(refused, facts(attempts: 2)) == .retry(afterMilliseconds: 120_000))
    #expect(next(refused, facts(attempts: 3)) == .move(to: .sms, closed: ChannelSet(.email)))
    #expect(
      next(refused, facts(channel: .sms, closed: ChannelSet(.email), attempts: 3)) == .failed)
  }

  @Test func `a provider may ask for a longer wait`() {
    #expect(
      next(.notAccepted(retryAfterMilliseconds: 300_000), facts())
        == .retry(afterMilliseconds: 300_000))
  }

  @Test func `a channel the customer has left is not tried again`() {
    #expect(
      next(refused, facts(usable: [.sms])) == .move(to: .sms, closed: ChannelSet(.email)))
    #expect(next(refused, facts(usable: [])) == .retry(afterMilliseconds: 0))
  }

  @Test func `an unknown outcome is never followed by another key`() {
    #expect(next(.unknown, facts()) == .uncertain)
    #expect(
      next(.rejected(code: "x"), facts(unresolved: 1)) == .uncertain)
    #expect(next(refused, facts(attempts: 3, unresolved: 1)) == .uncertain)
    let unusable = AttemptVerdict.giveUp(facts(unresolved: 1), .billUnusable)
    #expect(unusable.next == .uncertain && unusable.reason == .billUnusable)
  }

  @Test func `a contact mended during the last attempt begins a round`() {
    let mended = facts(attempts: 3, recipientStands: false)
    #expect(next(refused, mended) == .nextRound(afterMilliseconds: 0))
    #expect(
      next(.notAccepted(retryAfterMilliseconds: 9000), mended)
        == .nextRound(afterMilliseconds: 9000), "the provider is the same")
    #expect(
      next(.rejected(code: "x"), facts(recipientStands: false))
        == .nextRound(afterMilliseconds: 0))
    #expect(
      next(refused, facts(usable: [.sms], attempts: 3, recipientStands: false))
        == .move(to: .sms, closed: ChannelSet(.email)), "the channel is gone")
    #expect(
      next(.rejected(code: "x"), facts(unresolved: 1, recipientStands: false)) == .uncertain)
  }

  @Test(arguments: [0, 1, 99, UInt64.max]) func `backoff grows up to its bound`(_ jitter: UInt64) {
    var last: Int64 = 0
    for attempts in 1...12 {
      let wait = AttemptVerdict.backoff(after: attempts, policy: policy, jitter: jitter)
      #expect(wait >= min(last * 4 / 5, 3_600_000))
      #expect(wait <= 3_600_000 * 5 / 4)
      last = wait
    }
  }

  private func uncertain(
    attempts: Int = 1, stands: Bool = true, rule: DeliveryPolicy.UncertainRule = .atMostOnce,
    openedSecondsAgo: Int64 = 60, calledOffSecondsAgo: Int64 = 30,
    now: Timestamp = DeliveryScene.start
  ) -> UncertainDelivery {
    UncertainDelivery(
      key: SeededDelivery(SeededCustomer(1)).key, generation: 1, channel: .email,
      keyOpenedAt: now.adding(seconds: -openedSecondsAgo),
      notAfter: now.adding(seconds: -calledOffSecondsAgo),
      channelAttempts: attempts, recipientStands: stands,
      policy: DeliveryScene.policy(uncertain: rule), now: now)
  }

  private func decide(
    _ delivery: UncertainDelivery, _ provider: ProviderCapabilities
  ) -> UncertainDecision {
    UncertainDecision.decide(delivery, provider: provider, timing: .standard)
  }

  @Test func `a provider that keeps keys is sent to again while the key is young`() {
    let keeps = ProviderCapabilities(keepsKeySeconds: 3600)
    #expect(decide(uncertain(), keeps) == .sendAgain)
    #expect(decide(uncertain(openedSecondsAgo: 3500), keeps) == .leaveToOperator)
    #expect(decide(uncertain(stands: false), keeps) == .leaveToOperator)
    #expect(decide(uncertain(attempts: 3), keeps) == .leaveToOperator)
  }

  private func afterwards(_ seconds: Int64) -> Timestamp {
    DeliveryScene.start.adding(seconds: seconds)
  }

  @Test func `what a look-up does not find proves something only where late requests are refused`()
  {
    // Called off 30 s ago; a lease more, since the provider's clock is another.
    let sure = ProviderCapabilities(lookUpSettlesSeconds: 100, refusesLate: true)
    #expect(decide(uncertain(), sure) == .lookUp(absent: .lookAgain(at: afterwards(30))))
    #expect(
      decide(uncertain(calledOffSecondsAgo: 159), sure)
        == .lookUp(absent: .lookAgain(at: afterwards(1))), "asked again when it is sure")
    #expect(decide(uncertain(calledOffSecondsAgo: 160), sure) == .lookUp(absent: .proven))
    #expect(
      decide(uncertain(rule: .atLeastOnce, calledOffSecondsAgo: 100), sure)
        == .lookUp(absent: .lookAgain(at: afterwards(60))), "whatever the policy says")
  }

  @Test func `what a look-up finds counts whatever else the provider can do`() {
    let asked = [
      ProviderCapabilities(lookUpSettlesSeconds: 10), ProviderCapabilities(canBeAsked: true),
      ProviderCapabilities(canBeAsked: true, refusesLate: true),
    ]
    for provider in asked {
      // Soon, and again with growing pauses.
      #expect(
        decide(uncertain(calledOffSecondsAgo: -20), provider)
          == .lookUp(absent: .lookAgain(at: afterwards(15))))
      #expect(
        decide(uncertain(calledOffSecondsAgo: 240), provider)
          == .lookUp(absent: .lookAgain(at: afterwards(240))))
      #expect(
        decide(uncertain(calledOffSecondsAgo: 2000), provider)
          == .lookUp(absent: .lookAgain(at: afterwards(600))))
      // In the end the policy decides.
      #expect(
        decide(uncertain(calledOffSecondsAgo: 3700), provider)
          == .lookUp(absent: .leaveToOperator))
      #expect(
        decide(uncertain(rule: .atLeastOnce, calledOffSecondsAgo: 3700), provider)
          == .lookUp(absent: .sendAgain))
      #expect(
        decide(uncertain(attempts: 3, rule: .atLeastOnce, calledOffSecondsAgo: 3700), provider)
          == .lookUp(absent: .leaveToOperator))
    }
  }

  @Test func `put off by whoever, it is uncertain and left alone until its time`() {
    let throttled = SendOutcome.putOff(.throttled, retryAfterMilliseconds: 300_000)
    #expect(next(throttled, facts()) == .askLater(afterMilliseconds: 300_000))
    let unavailable = SendOutcome.putOff(.unavailable, retryAfterMilliseconds: nil)
    #expect(next(unavailable, facts(attempts: 2)) == .askLater(afterMilliseconds: 120_000))
    let verdict = AttemptVerdict.decide(unavailable, facts(), policy: policy, jitter: 0)
    #expect(verdict.unresolved == 1, "no other key until it is known")
    #expect(verdict.reason == .unavailable)
    #expect(StoredOutcome(throttled) == StoredOutcome(throttled))
    #expect(StoredOutcome(throttled).code == StoredOutcome.unknown)
    #expect(StoredOutcome(throttled).reason == "throttled")
  }

  /// What a provider says of itself, and what a ledger has, may be anything.
  @Test func `no number ends a decision`() {
    let numbers: [Int64] = [
      .min, .min + 1, -1, 0, 1, 86_400, .max / 1000, .max / 1000 + 1, .max - 1, .max,
    ]
    for seconds in numbers {
      for now in numbers.map(Timestamp.init(milliseconds:)) {
        for moment in numbers.map(Timestamp.init(milliseconds:)) {
          var delivery = uncertain()
          delivery.now = now
          delivery.keyOpenedAt = moment
          delivery.notAfter = moment
          for provider in [
            ProviderCapabilities(keepsKeySeconds: seconds),
            ProviderCapabilities(lookUpSettlesSeconds: seconds, refusesLate: true),
          ] { _ = decide(delivery, provider) }
        }
      }
      for jitter in [0, UInt64.max] {
        let policy = DeliveryPolicy(
          version: 1, channels: [.email], templateVersion: 1, attemptsPerChannel: 10,
          backoffSeconds: Int(seconds), maxBackoffSeconds: Int(seconds), uncertain: .atMostOnce,
          masksNames: true, dueDay: 1)
        for attempts in [Int.min, 0, 1, 40, Int.max] {
          #expect(
            AttemptVerdict.backoff(after: attempts, policy: policy, jitter: jitter) >= 0)
        }
      }
    }
    // A key that is kept for ever, as far as numbers go, is young.
    #expect(
      KeyAge.isYoung(
        openedAt: DeliveryScene.start, keptSeconds: .max, now: DeliveryScene.start,
        timing: .standard))
  }

  @Test func `without either the policy decides`() {
    let none = ProviderCapabilities()
    #expect(decide(uncertain(), none) == .leaveToOperator)
    #expect(decide(uncertain(rule: .atLeastOnce), none) == .sendAgain)
    #expect(decide(uncertain(attempts: 3, rule: .atLeastOnce), none) == .leaveToOperator)
  }

  @Test func `nothing leads from sending back by time, and nothing away from accepted`() {
    for state in DeliveryState.allCases {
      #expect(!DeliveryState.accepted.mayBecome(state))
      #expect(state == .accepted || state.mayBecome(.accepted))
      #expect(state == .claimed || !state.mayBecome(.sending), "an intent needs a claim")
    }
    #expect(!DeliveryState.sending.mayBecome(.queued))
    #expect(!DeliveryState.sending.mayBecome(.suppressed))
    #expect(!DeliveryState.uncertain.mayBecome(.claimed))
  }

  @Test func `nothing in the timing is longer than a day`() {
    #expect(throws: DeliveryTiming.Failure.relation("nothing is longer than a day")) {
      try DeliveryTiming(
        lease: .max, callDeadline: 20_000, startWithin: 2000, leaseGuard: 25_000,
        slotGuard: 30_000, reapAfter: 10_000)
    }
  }

  @Test func `the timing's relations are checked`() {
    #expect(throws: DeliveryTiming.Failure.relation("callDeadline < leaseGuard")) {
      try DeliveryTiming(
        lease: 60_000, callDeadline: 26_000, startWithin: 2000, leaseGuard: 25_000,
        slotGuard: 30_000, reapAfter: 10_000)
    }
  }
}

@Suite("Flow")
struct FlowTests {
  private func events(_ offsets: ClosedRange<Int64>, partition: Int = 0) -> [FeedEvent] {
    offsets.map { FeedEvent(partition: partition, offset: $0, event: nil) }
  }

  @Test func `an offset is stored only when everything below it is finished`() {
    var tracker = OffsetTracker()
    tracker.add(events(5...9))
    tracker.finish(partition: 0, offset: 6)
    tracker.finish(partition: 0, offset: 7)
    #expect(tracker.takeStorable().isEmpty)
    tracker.finish(partition: 0, offset: 5)
    #expect(tracker.takeStorable() == [0: 8])
    #expect(tracker.takeStorable().isEmpty)
    tracker.finish(partition: 0, offset: 9)
    tracker.finish(partition: 0, offset: 8)
    #expect(tracker.takeStorable() == [0: 10])
  }

  @Test func `a partition that came back is read from its beginning`() {
    var tracker = OffsetTracker()
    tracker.add(events(0...3))
    tracker.finish(partition: 0, offset: 0)
    tracker.add(events(0...3))
    for offset in Int64(0)...3 { tracker.finish(partition: 0, offset: offset) }
    #expect(tracker.takeStorable() == [0: 4])
  }

  @Test func `calls are spread evenly, and a pause is not made up for`() {
    var limit = RateLimit(perSecond: 100)
    var started = 0
    var now: Int64 = 10_000
    while now < 12_000 {
      switch limit.take(upTo: 50, at: now) {
      case .now(let count): started += count
      case .wait(let milliseconds):
        #expect(milliseconds > 0)
        now += milliseconds
      }
    }
    #expect((190...220).contains(started))
    guard case .now(let burst) = limit.take(upTo: 1000, at: now + 60_000) else {
      Issue.record("no token after a minute")
      return
    }
    #expect(burst <= 10)
    var extreme = RateLimit(perSecond: .max)
    for now in [Int64.min, 0, .max, .min, .max] { _ = extreme.take(upTo: .max, at: now) }
    var unlimited = RateLimit(perSecond: nil)
    #expect(unlimited.take(upTo: 5000, at: 0) == .now(5000))
  }
}
