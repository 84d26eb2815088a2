import Billing
package import Delivery
import Dispatching
import Testing

/// What every ledger promises delivery, one function a promise. `clock` is the ledger's own.
package struct DeliveryLedgerConformance: Sendable {
  let world: any DeliveryWorld
  let clock: TestClock
  private let timing = DeliveryTiming.standard

  package init(world: any DeliveryWorld, clock: TestClock) {
    self.world = world
    self.clock = clock
  }

  var ledger: any DeliveryLedger { world.delivering }

  // MARK: Steps, which the operator's suite takes too

  func queue(_ deliveries: [SeededDelivery]) async throws -> [DeliveryEvent] {
    try await world.seed(deliveries)
    return try await queueAgain()
  }

  func queueAgain() async throws -> [DeliveryEvent] {
    let outcome = try await world.dispatching.queueDue(
      QueueRequest(
        zone: "UTC", slot: ZoneRules("UTC")!.slot(at: clock.now()), after: nil, onlyAgain: false,
        maxLatenessSeconds: 7 * 86_400, limit: 1000))
    guard case .batch(let batch) = outcome else { throw Unexpected("the slot was over") }
    return batch.events
  }

  func claim(_ event: DeliveryEvent, by owner: String = "a") async throws -> ClaimedDelivery {
    guard
      case .claimed(let claimed)? = try await ledger.claim([event], owner: owner, timing: timing)
        .first
    else { throw Unexpected("not claimed") }
    return claimed
  }

  private func refused(_ event: DeliveryEvent) async throws -> Bool {
    if case .claimed? = try await ledger.claim([event], owner: "b", timing: timing).first {
      return false
    }
    return true
  }

  func intend(_ claimed: ClaimedDelivery) async throws -> IntentOutcome {
    try await ledger.intend([claimed.intent], timing: timing)[0]
  }

  func sending(
    _ delivery: SeededDelivery
  ) async throws -> (claimed: ClaimedDelivery, attempt: Int) {
    let claimed = try await claim(try await queue([delivery])[0])
    guard case .intended(let attempt, _, _) = try await intend(claimed) else {
      throw Unexpected("not intended")
    }
    return (claimed, attempt)
  }

  func record(
    _ outcome: SendOutcome, _ claimed: ClaimedDelivery, attempt: Int
  ) async throws -> RecordOutcome {
    try await ledger.record([claimed.result(outcome, attempt: attempt)])[0]
  }

  private let one = SeededDelivery(SeededCustomer(1))

  // MARK: Claim

  /// One claim at a time; another generation means nothing; a lease that is over is taken over
  /// under a higher fence, and what the former holder does then is dropped.
  package func claimsAreExclusive() async throws {
    let event = try await queue([one])[0]
    var old = event
    old.generation -= 1
    #expect(try await refused(old))
    let first = try await claim(event)
    #expect(try await refused(event))
    clock.advance(seconds: 61)
    let second = try await claim(event, by: "b")
    #expect(second.fence == first.fence + 1)
    #expect(try await intend(first) == .stale)
    let release = Release(
      key: one.key, fence: first.fence, then: .plan(afterMilliseconds: 0), reason: .stopped)
    #expect(try await ledger.release([release]) == [.stale])
    guard case .intended = try await intend(second) else { throw Unexpected("not intended") }
    #expect(try await refused(event), "nobody takes over what is being sent")
    clock.advance(seconds: 3000)
    #expect(try await refused(event), "not by time either")
  }

  /// What comes when the slot is nearly over goes to the next permitted slot.
  package func claimNearSlotEndPlansAgain() async throws {
    let event = try await queue([one])[0]
    clock.advance(seconds: 7200 - 29)
    guard case .slotOver? = try await ledger.claim([event], owner: "a", timing: timing).first else {
      throw Unexpected("claimed at the slot's end")
    }
    let seen = try await world.seen(one.key)
    #expect(seen.state == .planned)
    #expect(seen.nextAt == DeliveryScene.start.adding(seconds: 7200))
  }

  // MARK: Intend

  /// An intent needs own fence and generation; an attempt is open once it is committed.
  package func intentsNeedTheirGeneration() async throws {
    let event = try await queue([one])[0]
    let claimed = try await claim(event)
    var other = claimed.intent
    other.generation += 1
    #expect(try await ledger.intend([other], timing: timing) == [.stale])
    #expect(
      try await intend(claimed)
        == .intended(attempt: 1, channelAttempt: 1, notAfter: clock.now().adding(seconds: 20)))
    #expect(try await intend(claimed) == .stale, "an intent is made once")
    #expect(try await world.seen(one.key).attempts == [.init(channel: .email, outcome: nil)])
  }

  /// A lease good for less than 25 s begins nothing, and no attempt is counted.
  package func intentsNeedALease() async throws {
    let claimed = try await claim(try await queue([one])[0])
    clock.advance(seconds: 36)
    #expect(try await intend(claimed) == .released(.leaseShort))
    let seen = try await world.seen(one.key)
    #expect(seen.state == .planned)
    #expect(seen.attempts.isEmpty)
  }

  /// A slot good for less than 30 s begins nothing.
  package func intentsNeedASlot() async throws {
    let event = try await queue([one])[0]
    clock.advance(seconds: 7200 - 35)
    let claimed = try await claim(event)
    clock.advance(seconds: 10)
    #expect(try await intend(claimed) == .released(.slotOver))
    #expect(try await world.seen(one.key).nextAt == DeliveryScene.start.adding(seconds: 7200))
  }

  /// What goes out under a key is what went first: another recipient or bill is refused.
  package func keysAreFrozen() async throws {
    let (claimed, attempt) = try await sending(one)
    #expect(
      try await record(.notAccepted(retryAfterMilliseconds: nil), claimed, attempt: attempt)
        == .recorded(.planned))
    clock.advance(seconds: 120)
    let again = try await claim(try await queueAgain()[0])
    #expect(again.frozenRecipient == claimed.contactHash)
    var other = again.intent
    other.recipientHash = [1, 2, 3]
    #expect(try await ledger.intend([other], timing: timing) == [.stale])
    other = again.intent
    other.sha256 = ContentHash(of: [1])
    #expect(try await ledger.intend([other], timing: timing) == [.stale])
    guard case .intended(attempt: 2, channelAttempt: 2, _) = try await intend(again) else {
      throw Unexpected("the second attempt was not intended")
    }
  }

  // MARK: Record

  /// Accepted is recorded whoever says so, whatever came between, and once.
  package func evidenceAlwaysWins() async throws {
    let (claimed, attempt) = try await sending(one)
    clock.advance(seconds: 31)
    #expect(try await ledger.reap(timing: timing, limit: 10) == 1)
    #expect(
      try await record(.rejected(code: "no"), claimed, attempt: attempt) == .stale,
      "after reaping only positive evidence counts")
    #expect(
      try await record(.accepted(reference: "r1"), claimed, attempt: attempt)
        == .recorded(.accepted))
    #expect(
      try await record(.accepted(reference: "r1"), claimed, attempt: attempt) == .alreadyRecorded)
    #expect(try await record(.unknown, claimed, attempt: attempt) == .alreadyRecorded)
    let seen = try await world.seen(one.key)
    #expect(seen.state == .accepted)
    #expect(seen.attempts == [.init(channel: .email, outcome: 1)])
  }

  /// Evidence by key needs no fence: from `sending`, and from a delivery that was given up.
  package func evidenceByKey() async throws {
    let (claimed, attempt) = try await sending(one)
    let evidence = AcceptanceEvidence(
      idempotencyKey: one.key.idempotencyKey(on: .email), reference: "webhook")
    #expect(try await ledger.recordAccepted([evidence]) == [.recorded])
    #expect(try await ledger.recordAccepted([evidence]) == [.alreadyRecorded])
    #expect(try await record(.unknown, claimed, attempt: attempt) == .alreadyRecorded)
    #expect(try await world.seen(one.key).state == .accepted)
    let nobody = AcceptanceEvidence(idempotencyKey: "2026-10:999:bill:1:email", reference: "x")
    #expect(try await ledger.recordAccepted([nobody]) == [.unknownDelivery])
  }

  /// Backoff, then the next channel, then failed, with every attempt kept.
  package func retriesThenFallbackThenFailed() async throws {
    var event = try await queue([one])[0]
    for round in 1...6 {
      let claimed = try await claim(event)
      #expect(claimed.channel == (round <= 3 ? .email : .sms))
      guard case .intended(let attempt, let ofChannel, _) = try await intend(claimed) else {
        throw Unexpected("round \(round) was not intended")
      }
      #expect(attempt == round)
      #expect(ofChannel == (round - 1) % 3 + 1)
      let outcome = try await record(
        .notAccepted(retryAfterMilliseconds: nil), claimed, attempt: attempt)
      guard round < 6 else {
        #expect(outcome == .recorded(.failed))
        break
      }
      #expect(outcome == .recorded(.planned))
      let wait = clock.now().milliseconds(until: try await world.seen(one.key).nextAt)
      let base: Int64 = [60_000, 120_000, 0][(round - 1) % 3]
      #expect(wait >= base && wait <= base + base / 4)
      clock.advance(seconds: wait / 1000 + 1)
      event = try await queueAgain()[0]
    }
    let seen = try await world.seen(one.key)
    #expect(seen.reason == .attemptsExhausted)
    #expect(seen.attempts.map(\.outcome) == [3, 3, 3, 3, 3, 3])
  }

  /// A rejection for good skips the rest of its channel at once.
  package func rejectionSkipsTheChannel() async throws {
    let (claimed, attempt) = try await sending(one)
    #expect(
      try await record(.rejected(code: "no"), claimed, attempt: attempt) == .recorded(.planned))
    let seen = try await world.seen(one.key)
    #expect(seen.channel == .sms)
    #expect(seen.channelAttempts == 0)
  }

  /// What was never written is no attempt.
  package func unwrittenIsNoAttempt() async throws {
    let (claimed, attempt) = try await sending(one)
    #expect(try await record(.notWritten, claimed, attempt: attempt) == .recorded(.planned))
    let seen = try await world.seen(one.key)
    #expect(seen.channelAttempts == 0)
    #expect(seen.channel == .email)
  }

  /// A holder whose intent's answer was lost gives it back, having written nothing.
  package func lostIntentIsGivenBack() async throws {
    let (claimed, _) = try await sending(one)
    let release = Release(
      key: one.key, fence: claimed.fence, then: .plan(afterMilliseconds: 0), reason: .notWritten)
    #expect(try await ledger.release([release]) == [.released(.planned)])
    let seen = try await world.seen(one.key)
    #expect(seen.channelAttempts == 0)
    #expect(seen.attempts == [.init(channel: .email, outcome: 3)])
  }

  // MARK: Reap, sweep, resolve

  /// A call past its deadline and 10 s becomes uncertain, never planned.
  package func reapIsNeverARetry() async throws {
    _ = try await sending(one)
    clock.advance(seconds: 29)
    #expect(try await ledger.reap(timing: timing, limit: 10) == 0)
    clock.advance(seconds: 2)
    #expect(try await ledger.reap(timing: timing, limit: 10) == 1)
    let seen = try await world.seen(one.key)
    #expect(seen.state == .uncertain)
    #expect(seen.unresolved == 1)
    #expect(seen.attempts == [.init(channel: .email, outcome: 4)])
    #expect(!seen.life.suffix(from: 2).contains(.planned))
  }

  /// At the slot's end queued deliveries, and claimed ones with their lease over, are planned
  /// again; a live claim and a call under way are left alone.
  package func sweepAtSlotEnd() async throws {
    let deliveries = (1...4).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = try await queue(deliveries)
    _ = try await claim(events[1])
    clock.advance(seconds: 7200 - 50)
    _ = try await claim(events[2])
    guard case .intended = try await intend(try await claim(events[3])) else {
      throw Unexpected("not intended")
    }
    #expect(try await ledger.sweep(committed: [:], limit: 100).slotOver == 0)
    clock.advance(seconds: 50)
    #expect(try await ledger.sweep(committed: [:], limit: 100).slotOver == 2)
    let states = try await states(of: deliveries)
    #expect(states == [.planned, .planned, .claimed, .sending])
  }

  /// Published and consumed, yet nobody has it: published again, at the same generation. By age
  /// alone nothing is.
  package func sweepFindsLostEvents() async throws {
    let deliveries = (1...3).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = try await queue(deliveries)
    for (offset, event) in events.enumerated() {
      _ = try await world.dispatching.markPublished([
        PublishedMark(
          delivery: event.delivery, generation: event.generation, partition: 0,
          offset: Int64(offset))
      ])
    }
    _ = try await claim(events[1])
    clock.advance(seconds: 600)
    #expect(try await ledger.sweep(committed: [0: 0], limit: 100).lostEvents == 0)
    #expect(try await ledger.sweep(committed: [0: 2], limit: 100).lostEvents == 2)
    let again = try await world.dispatching.takeUnpublished(olderThanSeconds: 60, limit: 10)
    #expect(Set(again) == [events[0], events[1]])
    _ = try await claim(events[0])
    _ = try await claim(events[1], by: "b")
  }

  /// An uncertain delivery goes nowhere by itself; what was found out moves it.
  package func uncertainIsResolvedByFindings() async throws {
    let deliveries = (1...4).map { SeededDelivery(SeededCustomer(Int64($0))) }
    for event in try await queue(deliveries) {
      let claimed = try await claim(event)
      guard case .intended(let attempt, _, _) = try await intend(claimed) else {
        throw Unexpected("not intended")
      }
      #expect(
        try await record(.unknown, claimed, attempt: attempt) == .recorded(.uncertain))
    }
    let uncertain = try await ledger.uncertain(limit: 10)
    #expect(Set(uncertain.map(\.key)) == Set(deliveries.map(\.key)))
    #expect(uncertain.allSatisfy { $0.recipientStands && $0.notAfter > clock.now() })
    let moment = clock.now().adding(seconds: 5)
    let findings: [Resolution.Finding] = [
      .lookAgain(at: moment), .absent(jitter: 0), .sendAgain, .park,
    ]
    let resolutions = zip(uncertain.sorted { $0.key < $1.key }, findings).map {
      Resolution(key: $0.key, generation: $0.generation, finding: $1)
    }
    let outcomes = try await ledger.resolve(resolutions, who: "test")
    #expect(
      outcomes == [
        .resolved(.uncertain), .resolved(.planned), .resolved(.planned), .resolved(.uncertain),
      ])
    #expect(try await world.seen(deliveries[0].key).nextAt == moment)
    let seen = try await world.seen(deliveries[2].key)
    #expect(seen.channel == .email)
    #expect(seen.unresolved == 1, "it still is unknown what became of the first attempt")
    #expect(try await ledger.uncertain(limit: 10).isEmpty, "a parked one is not looked at again")
    let stale = Resolution(key: deliveries[0].key, generation: 99, finding: .sendAgain)
    #expect(try await ledger.resolve([stale], who: "test") == [.stale])
  }

  /// While an attempt under the old key may have been taken, no other key is used (R3).
  package func noNewKeyWhileUnknown() async throws {
    let (claimed, attempt) = try await sending(one)
    _ = try await record(.unknown, claimed, attempt: attempt)
    let uncertain = try await ledger.uncertain(limit: 10)
    _ = try await ledger.resolve(
      uncertain.map { Resolution(key: $0.key, generation: $0.generation, finding: .sendAgain) },
      who: "test")
    let again = try await claim(try await queueAgain()[0])
    #expect(again.unresolved == 1)
    guard case .intended(let second, _, _) = try await intend(again) else {
      throw Unexpected("not intended")
    }
    #expect(
      try await record(.rejected(code: "no"), again, attempt: second) == .recorded(.uncertain))
    #expect(try await world.seen(one.key).channel == .email)
    #expect(
      try await ledger.uncertain(limit: 10).map(\.key) == [one.key], "its provider may be asked")
  }

  /// While it waits to be tried again under a key that may have been taken, the customer leaves the
  /// channel: its provider is asked, and nothing else is sent meanwhile.
  package func leavingAChannelWhileUnknown() async throws {
    let (claimed, attempt) = try await sending(one)
    _ = try await record(.unknown, claimed, attempt: attempt)
    let found = try await ledger.uncertain(limit: 10)
    _ = try await ledger.resolve(
      found.map { Resolution(key: $0.key, generation: $0.generation, finding: .sendAgain) },
      who: "test")
    var customer = one.customer
    customer.channels = [.sms]
    try await world.change(customer)
    #expect(try await world.seen(one.key).state == .uncertain)
    let uncertain = try await ledger.uncertain(limit: 10)
    #expect(uncertain.map(\.key) == [one.key])
    #expect(uncertain.map(\.recipientStands) == [false])
    let absent = uncertain.map {
      Resolution(key: $0.key, generation: $0.generation, finding: .absent(jitter: 0))
    }
    #expect(try await ledger.resolve(absent, who: "test") == [.resolved(.planned)])
    #expect(try await world.seen(one.key).channel == .sms)
  }

  // MARK: R4

  /// Opting out before the intent wins; after it the call's outcome is recorded first.
  package func optingOutAtAnyStep() async throws {
    let deliveries = (1...4).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = try await queue(deliveries)
    let claimed = try await claim(events[1])
    let sent = try await claim(events[2])
    guard case .intended(let attempt, _, _) = try await intend(sent) else {
      throw Unexpected("not intended")
    }
    for delivery in deliveries {
      var customer = delivery.customer
      customer.channels = []
      try await world.change(customer)
    }
    #expect(
      try await states(of: deliveries) == [.suppressed, .suppressed, .sending, .suppressed])
    #expect(try await refused(events[0]))
    #expect(try await intend(claimed) == .stale)
    #expect(
      try await record(.notAccepted(retryAfterMilliseconds: nil), sent, attempt: attempt)
        == .recorded(.planned))
    clock.advance(seconds: 3600)
    #expect(try await queueAgain().isEmpty)
    #expect(try await world.seen(deliveries[2].key).state == .suppressed)
    // Opting in again brings back what never began.
    for delivery in deliveries { try await world.change(delivery.customer) }
    #expect(try await states(of: deliveries) == [.planned, .planned, .suppressed, .planned])
    #expect(try await queueAgain().count == 3)
  }

  /// New quiet slots count at once, also for what is queued.
  package func newQuietSlotsCountAtOnce() async throws {
    let event = try await queue([one])[0]
    var customer = one.customer
    customer.quiet = QuietSlots(slots: [0])!
    try await world.change(customer)
    #expect(try await refused(event))
    #expect(try await queueAgain().isEmpty)
    clock.advance(seconds: 7200)
    #expect(try await queueAgain().count == 1)
  }

  private func states(of deliveries: [SeededDelivery]) async throws -> [DeliveryState] {
    var states: [DeliveryState] = []
    for delivery in deliveries { states.append(try await world.seen(delivery.key).state) }
    return states
  }
}

extension ClaimedDelivery {
  /// The intent that follows from a claim.
  package var intent: Intent {
    Intent(
      key: key, generation: generation, fence: fence, channel: channel, sha256: sha256,
      recipientHash: contactHash, provider: "test")
  }

  package func result(_ outcome: SendOutcome, attempt: Int) -> SendResult {
    SendResult(
      key: key, fence: fence, attempt: attempt, channel: channel, outcome: outcome,
      jitter: 12_345)
  }
}
