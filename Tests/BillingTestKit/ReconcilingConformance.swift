import Billing
package import Delivery
import Dispatching
import Testing

/// What every ledger promises the reconciler about bounds and leases.
extension DeliveryLedgerConformance {
  /// Rows that are being asked about are handed to nobody else until their lease is over; each
  /// channel's by themselves, the longest waiting first, no more than wanted.
  package func uncertainIsLeased() async throws {
    let deliveries = (1...5).map { number in
      SeededDelivery(
        SeededCustomer(Int64(number), channels: number == 5 ? [.sms] : [.email]))
    }
    for event in try await queue(deliveries) {
      let claimed = try await claim(event)
      guard case .intended(let attempt, _, _) = try await intend(claimed) else {
        throw Unexpected("not intended")
      }
      _ = try await record(.unknown, claimed, attempt: attempt)
      clock.advance(seconds: 1)
    }
    let first = try await take(.email, 3)
    #expect(first.map(\.key) == deliveries[0..<3].map(\.key))
    #expect(try await take(.email, 3).map(\.key) == [deliveries[3].key])
    #expect(try await take(.email, 3).isEmpty)
    #expect(try await take(.sms, 3).map(\.key) == [deliveries[4].key])
    // A lease is no change of the delivery: what was found out under it counts, also afterwards.
    let seen = try await world.seen(deliveries[0].key)
    #expect(seen.state == .uncertain && seen.generation == first[0].generation)
    #expect(seen.life == [.queued, .claimed, .sending, .uncertain])
    #expect(try await ledger.underWay().unsettled == 5)
    let resolutions = [
      Resolution(key: first[0].key, generation: first[0].generation, finding: .park),
      Resolution(
        key: first[1].key, generation: first[1].generation,
        finding: .lookAgain(at: clock.now().adding(seconds: 5))),
    ]
    _ = try await ledger.resolve(resolutions, who: "test")
    clock.advance(seconds: 5)
    #expect(try await take(.email, 9).map(\.key) == [deliveries[1].key])
    clock.advance(seconds: 60)
    #expect(
      Set(try await take(.email, 9).map(\.key)) == Set(deliveries[1..<4].map(\.key)),
      "whoever had them is gone")
    #expect(try await world.seen(deliveries[0].key).nextAt == .never)
  }

  /// Sent, and nobody knows whether it was taken; then planned for another attempt under its key.
  private func sentAndPlannedAgain(_ delivery: SeededDelivery) async throws {
    let (claimed, attempt) = try await sending(delivery)
    #expect(try await record(.unknown, claimed, attempt: attempt) == .recorded(.uncertain))
    let taken = try await take(.email, 9)
    #expect(taken.map(\.isSetAside) == [false])
    #expect(try await resolve(taken[0], .sendAgain) == .resolved(.planned))
  }

  private func resolve(
    _ taken: UncertainDelivery, _ finding: Resolution.Finding
  ) async throws -> ResolveOutcome {
    try await ledger.resolve(
      [Resolution(key: taken.key, generation: taken.generation, finding: finding)], who: "test")[0]
  }

  /// What came to be too late while nobody knows whether an attempt was taken is asked about before
  /// it is set aside, without being sent again; where nothing is found out, an operator sees why.
  package func setAsideIsAskedFirst(_ finding: Resolution.Finding) async throws {
    let one = SeededDelivery(SeededCustomer(1))
    try await sentAndPlannedAgain(one)
    clock.advance(seconds: 8 * 86_400)
    #expect(try await queueAgain().isEmpty)
    let seen = try await world.seen(one.key)
    #expect(seen.state == .uncertain && seen.reason == .tooLate && seen.unresolved == 1)
    let taken = try await take(.email, 9)
    guard taken.map(\.key) == [one.key] else {
      throw Unexpected("it is asked about at once, not only when somebody comes to look")
    }
    #expect(taken[0].isSetAside)
    let keepsKeys = ProviderCapabilities(keepsKeySeconds: 365 * 86_400)
    #expect(
      UncertainDecision.decide(taken[0], provider: keepsKeys, timing: .standard)
        == .leaveToOperator, "it is not sent again under a key that is kept")
    let outcome = try await resolve(taken[0], finding)
    let after = try await world.seen(one.key)
    #expect(outcome == .resolved(after.state))
    if finding == .park {
      #expect(after.state == .uncertain && after.nextAt == .never && after.reason == .tooLate)
      return
    }
    #expect(after.state == .planned)
    clock.advance(seconds: 600)
    #expect(try await queueAgain().isEmpty)
    let held = try await world.seen(one.key)
    #expect(held.state == .held && held.reason == .tooLate && held.unresolved == 0)
  }

  /// A change of its customer's may have ended what kept it: it is looked at like any other again.
  package func setAsideIsOverWithAChange() async throws {
    let one = SeededDelivery(SeededCustomer(1, sendDay: 1))
    try await sentAndPlannedAgain(one)
    clock.advance(seconds: 8 * 86_400)
    #expect(try await queueAgain().isEmpty)
    var customer = one.customer
    customer.sendDay = 2
    try await world.change(customer)
    let taken = try await take(.email, 9)
    #expect(taken.map(\.isSetAside) == [false])
    #expect(try await resolve(taken[0], .sendAgain) == .resolved(.planned))
    #expect(try await queueAgain().map(\.delivery) == [one.key])
  }

  /// Evidence counts for the attempt under its key that was not refused, wherever its delivery
  /// stands: tried again, in a later round, set aside.
  package func foundCountsWhereverItStands() async throws {
    let one = SeededDelivery(SeededCustomer(1))
    try await sentAndPlannedAgain(one)
    let again = try await claim(try await queueAgain()[0])
    guard case .intended(let second, _, _) = try await intend(again) else {
      throw Unexpected("not intended")
    }
    #expect(
      try await record(.rejected(code: "x"), again, attempt: second) == .recorded(.uncertain))
    let taken = try await take(.email, 9)
    // An import, while the provider is asked.
    var customer = one.customer
    customer.quiet = QuietSlots(slots: [5])!
    try await world.change(customer)
    #expect(try await resolve(taken[0], .sendAgain) == .stale)
    let evidence = AcceptanceEvidence(idempotencyKey: taken[0].idempotencyKey, reference: "m-1")
    #expect(try await ledger.recordAccepted([evidence]) == [.recorded])
    let seen = try await world.seen(one.key)
    #expect(seen.state == .accepted && seen.unresolved == 0)
    #expect(seen.attempts.map(\.outcome) == [1, 2], "the one that nobody knew the outcome of")
    #expect(seen.references == ["m-1"])
  }

  private func take(_ channel: Channel, _ limit: Int) async throws -> [UncertainDelivery] {
    try await ledger.takeUncertain(on: channel, leaseSeconds: 60, limit: limit)
  }

  /// A walk that is broken off goes on where it was, whatever is in the way, and looks at each row
  /// once: those that are published, those that are not, claims, and lost events.
  package func sweepGoesAlongACursor() async throws {
    let deliveries = (1...9).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = try await queue(deliveries)
    // 1…4 are published, 5…7 are not, 8 and 9 are claimed.
    for (number, event) in events[0..<4].enumerated() {
      _ = try await world.dispatching.markPublished([
        PublishedMark(
          delivery: event.delivery, generation: event.generation, partition: number % 2,
          offset: Int64(number))
      ])
    }
    _ = try await claim(events[7])
    _ = try await claim(events[8])
    clock.advance(seconds: 7200)
    var stop: SweepStop?
    var steps: [Int] = []
    repeat {
      let step = try await ledger.sweep(committed: [0: 0, 1: 0], from: stop, limit: 2)
      #expect(step.counts.slotOver <= 2 && step.counts.lostEvents == 0)
      steps.append(step.counts.slotOver)
      stop = step.next
    } while stop != nil && steps.count < 20
    #expect(steps.reduce(0, +) == 9)
    #expect(steps.filter { $0 < 2 }.count <= 1, "each but the last does what it may: \(steps)")
    for delivery in deliveries {
      #expect(try await world.seen(delivery.key).state == .planned)
    }
    #expect(try await ledger.sweep(committed: [:], from: nil, limit: 2) == SweepStep())
  }

  /// A walk for lost events is bounded too, and finds those of every partition.
  package func lostEventsAreFoundInSteps() async throws {
    let deliveries = (1...6).map { SeededDelivery(SeededCustomer(Int64($0))) }
    let events = try await queue(deliveries)
    for (number, event) in events.enumerated() {
      _ = try await world.dispatching.markPublished([
        PublishedMark(
          delivery: event.delivery, generation: event.generation, partition: number % 3,
          offset: Int64(number))
      ])
    }
    _ = try await claim(events[5])
    clock.advance(seconds: 600)
    // Of partition 0 both are read, of 1 the first, of 2 both, one of which was claimed.
    let committed = [0: Int64(4), 1: 2, 2: 6]
    var lost = 0
    var stop: SweepStop?
    var steps = 0
    repeat {
      let step = try await ledger.sweep(committed: committed, from: stop, limit: 1)
      #expect(step.counts.lostEvents <= 1 && step.counts.slotOver == 0)
      lost += step.counts.lostEvents
      stop = step.next
      steps += 1
    } while stop != nil && steps < 20
    #expect(lost == 5)
    let again = try await world.dispatching.takeUnpublished(olderThanSeconds: 60, limit: 10)
    #expect(Set(again) == Set(events).subtracting([events[4]]))
  }
}
