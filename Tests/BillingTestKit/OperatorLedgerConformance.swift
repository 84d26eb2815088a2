import Billing
import Delivery
import Dispatching
import Testing

/// What every ledger promises an operator, one function a promise. `clock` is the ledger's own.
package struct OperatorLedgerConformance: Sendable {
  private let world: any DeliveryWorld
  private let clock: TestClock
  private let steps: DeliveryLedgerConformance
  private let signature = OperatorSignature(who: "kim", why: "the outage is over")

  package init(world: any DeliveryWorld, clock: TestClock) {
    self.world = world
    self.clock = clock
    steps = DeliveryLedgerConformance(world: world, clock: clock)
  }

  private var ledger: any OperatorLedger { world.operating }
  private let one = SeededDelivery(SeededCustomer(1), policy: DeliveryScene.policy(attempts: 1))

  // MARK: Steps

  private func found(
    _ states: DeliveryState..., customer: SeededDelivery? = nil
  ) async throws -> [FoundDelivery] {
    try await all(
      DeliveryQuery(
        states: Set(states), month: DeliveryScene.month, customer: customer?.customer.id))
  }

  private func all(_ query: DeliveryQuery, limit: Int = 100) async throws -> [FoundDelivery] {
    var found: [FoundDelivery] = []
    var cursor: DeliveryCursor?
    repeat {
      let page = try await ledger.find(query, after: cursor, limit: limit)
      found += page.deliveries
      cursor = page.next
    } while cursor != nil
    return found
  }

  private func request(
    _ action: OperatorAction, keepsKeySeconds: Int64? = nil
  ) -> OperatorRequest {
    let provider = ProviderCapabilities(keepsKeySeconds: keepsKeySeconds)
    return OperatorRequest(
      action, providers: [.email: provider, .sms: provider], timing: .standard, jitter: 7)
  }

  private func act(
    _ action: OperatorAction, on found: [FoundDelivery]
  ) async throws -> [OperatorOutcome] {
    try await ledger.act(request(action), on: found, signature: signature)
  }

  /// Begins an attempt of what was queued, and records its outcome.
  private func attempt(
    _ event: DeliveryEvent, _ outcome: SendOutcome
  ) async throws -> RecordOutcome {
    let claimed = try await steps.claim(event)
    guard case .intended(let attempt, _, _) = try await steps.intend(claimed) else {
      throw Unexpected("not intended")
    }
    return try await steps.record(outcome, claimed, attempt: attempt)
  }

  private static let refused = SendOutcome.rejected(code: "no")

  /// Rejected on both channels.
  private func fail(_ deliveries: [SeededDelivery]) async throws {
    for event in try await steps.queue(deliveries) { _ = try await attempt(event, Self.refused) }
    for event in try await steps.queueAgain() {
      #expect(try await attempt(event, Self.refused) == .recorded(.failed))
    }
  }

  /// Parked for an operator, its last call long over.
  private func park(_ deliveries: [SeededDelivery]) async throws {
    for event in try await steps.queue(deliveries) {
      #expect(try await attempt(event, .unknown) == .recorded(.uncertain))
    }
    try await parkUncertain()
    clock.advance(seconds: 60)
  }

  /// The reconciler finds that nobody but an operator can say what became of them.
  private func parkUncertain() async throws {
    let uncertain = try await world.delivering.uncertain(limit: 100)
    _ = try await world.delivering.resolve(
      uncertain.map { Resolution(key: $0.key, generation: $0.generation, finding: .park) },
      who: "reconciler")
  }

  // MARK: Finding

  /// Every part of a predicate counts, and pages of any size hold each match once.
  package func deliveriesAreFoundByPredicate() async throws {
    let policy = one.policy
    let failing = (1...4).map { SeededDelivery(SeededCustomer(Int64($0)), policy: policy) }
    try await fail(failing)
    clock.advance(seconds: 3600)
    let unknown = (11...13).map { SeededDelivery(SeededCustomer(Int64($0)), policy: policy) }
    try await park(unknown)
    let waiting = SeededDelivery(SeededCustomer(21, sendDay: 28), policy: policy)
    try await world.seed([waiting])

    for limit in [1, 2, 3, 100] {
      let setAside = try await all(DeliveryQuery(states: DeliveryQuery.setAside), limit: limit)
      #expect(setAside.map(\.key) == (failing + unknown).map(\.key))
      let month = try await all(
        DeliveryQuery(states: [.planned, .failed], month: DeliveryScene.month), limit: limit)
      #expect(month.map(\.key) == (failing + [waiting]).map(\.key))
    }
    func keys(_ change: (inout DeliveryQuery) -> Void) async throws -> [DeliveryKey] {
      var query = DeliveryQuery(states: DeliveryQuery.setAside)
      change(&query)
      return try await all(query).map(\.key)
    }
    #expect(try await keys { $0.states = [.uncertain] } == unknown.map(\.key))
    #expect(try await keys { $0.customer = CustomerID(3) } == [failing[2].key])
    #expect(try await keys { $0.channel = .email } == unknown.map(\.key))
    #expect(try await keys { $0.channel = .sms } == failing.map(\.key))
    #expect(try await keys { $0.reason = .rejected } == failing.map(\.key))
    #expect(try await keys { $0.reason = .awaitsOperator } == unknown.map(\.key))
    #expect(try await keys { $0.provider = "test" } == (failing + unknown).map(\.key))
    #expect(try await keys { $0.provider = "other" }.isEmpty)
    #expect(try await keys { $0.olderThanSeconds = 1800 } == failing.map(\.key))
    #expect(try await keys { $0.month = DeliveryScene.month.next }.isEmpty)
    let first = try #require(try await found(.uncertain).first)
    #expect(first.unresolved == 1)
    #expect(first.idempotencyKey == "2026-10:11:bill:1:email")
    #expect(first.changedAt == DeliveryScene.start.adding(seconds: 3600), "parking is no change")
  }

  // MARK: Retry

  /// What failed is planned anew: with the customer's data of now, on the first channel, under keys
  /// that were never used; evidence under an old key still counts.
  package func failedBeginsANewRound() async throws {
    try await fail([one])
    var customer = one.customer
    customer.email = "mended@example.com"
    customer.quiet = QuietSlots(slots: [0])!
    try await world.change(customer)
    let listed = try await found(.failed)
    #expect(try await ledger.foresee(request(.retry), on: listed) == [.moved(.planned)])
    #expect(try await world.seen(one.key).state == .failed, "foreseeing changes nothing")
    #expect(try await act(.retry, on: listed) == [.moved(.planned)])
    let seen = try await world.seen(one.key)
    #expect(seen.round == 2)
    #expect(seen.channel == .email)
    #expect(seen.channelAttempts == 0)
    #expect(seen.reason == .operatorDecision)
    #expect(seen.notes == ["kim: retry: the outage is over"])
    #expect(try await steps.queueAgain().isEmpty, "the slot is quiet by now")
    clock.advance(seconds: 7200)
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email:2")
    #expect(claimed.frozenRecipient == nil)
    #expect(
      claimed.contactHash == DeliveryScene.seal.lookupHash("mended@example.com", column: .email))
    guard case .intended(attempt: 3, channelAttempt: 1, _) = try await steps.intend(claimed) else {
      throw Unexpected("attempts are not counted anew")
    }
    _ = try await steps.record(.unknown, claimed, attempt: 3)
    let uncertain = try await world.delivering.uncertain(limit: 10)
    #expect(uncertain.map(\.idempotencyKey) == ["2026-10:1:bill:1:email:2"])
    let evidence = AcceptanceEvidence(
      idempotencyKey: "2026-10:1:bill:1:email", reference: "late")
    #expect(try await world.delivering.recordAccepted([evidence]) == [.recorded])
    let ended = try await world.seen(one.key)
    #expect(ended.state == .accepted)
    #expect(ended.attempts.map(\.outcome) == [1, 2, 4], "the attempt of the first round")
  }

  /// A retry may fail again, and be tried again.
  package func roundsFollowEachOther() async throws {
    try await fail([one])
    for round in 2...3 {
      #expect(try await act(.retry, on: try await found(.failed)) == [.moved(.planned)])
      for channel in Channel.allCases {
        let claimed = try await steps.claim(try await steps.queueAgain()[0])
        #expect(claimed.idempotencyKey == one.key.idempotencyKey(on: channel, round: round))
        guard case .intended(let attempt, 1, _) = try await steps.intend(claimed) else {
          throw Unexpected("not intended")
        }
        _ = try await steps.record(Self.refused, claimed, attempt: attempt)
      }
      #expect(try await world.seen(one.key).state == .failed)
    }
  }

  /// What was held for being late is not held again at once; it begins under its first key.
  package func heldGoesAfterAll() async throws {
    try await world.seed([one])
    clock.advance(seconds: 8 * 86_400)
    #expect(try await steps.queueAgain().isEmpty)
    #expect(try await world.seen(one.key).state == .held)
    #expect(try await act(.retry, on: try await found(.held)) == [.moved(.planned)])
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email")
  }

  /// Of an uncertain one only a provider that keeps keys lets a retry be: one attempt more, under
  /// the same key.
  package func uncertainIsRetriedUnderItsKeyOnly() async throws {
    try await park([one])
    let listed = try await found(.uncertain)
    #expect(try await act(.retry, on: listed) == [.refused(.unresolved)])
    #expect(try await world.seen(one.key).state == .uncertain)
    let keeping = request(.retry, keepsKeySeconds: 86_400)
    #expect(
      try await ledger.act(keeping, on: listed, signature: signature) == [.moved(.planned)])
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email")
    #expect(claimed.unresolved == 1)
    guard case .intended(_, channelAttempt: 2, _) = try await steps.intend(claimed) else {
      throw Unexpected("not intended")
    }
  }

  // MARK: Resolve

  /// Accepted: the attempt that nobody knew of is closed with what the operator found.
  package func resolvedAsAccepted() async throws {
    let other = SeededDelivery(SeededCustomer(2), policy: one.policy)
    try await park([one, other])
    let listed = try await found(.uncertain)
    #expect(
      try await act(.resolveAccepted(reference: "m-77"), on: [listed[0]]) == [.moved(.accepted)])
    #expect(
      try await act(.resolveAccepted(reference: nil), on: [listed[1]]) == [.moved(.accepted)])
    let seen = try await world.seen(one.key)
    #expect(seen.state == .accepted)
    #expect(seen.unresolved == 0)
    #expect(seen.attempts.map(\.outcome) == [1])
    #expect(seen.references == ["m-77"])
    #expect(seen.notes == ["kim: resolve --accepted: the outage is over"])
    #expect(try await world.seen(other.key).references == ["operator:kim"])
    #expect(try await steps.queueAgain().isEmpty)
  }

  /// Absent: on as if the provider had said so; the next channel, then failed.
  package func resolvedAsAbsent() async throws {
    try await park([one])
    #expect(try await act(.resolveAbsent, on: try await found(.uncertain)) == [.moved(.planned)])
    var seen = try await world.seen(one.key)
    #expect(seen.channel == .sms)
    #expect(seen.unresolved == 0)
    #expect(seen.notes == ["kim: resolve --absent: the outage is over"])
    #expect(
      try await attempt(try await steps.queueAgain()[0], .unknown) == .recorded(.uncertain))
    try await parkUncertain()
    let early = try await found(.uncertain)
    #expect(try await act(.resolveAbsent, on: early) == [.refused(.callUnderWay)])
    clock.advance(seconds: 21)
    #expect(try await act(.resolveAbsent, on: early) == [.moved(.failed)])
    seen = try await world.seen(one.key)
    #expect(seen.reason == .attemptsExhausted)
    #expect(seen.attempts.map(\.outcome) == [4, 4])
  }

  /// What the reconciler still looks at is left to it, by the row as it is then.
  package func onlyParkedOnesAreResolved() async throws {
    let event = try await steps.queue([one])[0]
    #expect(try await attempt(event, .unknown) == .recorded(.uncertain))
    clock.advance(seconds: 60)
    let listed = try await found(.uncertain)
    for action in [OperatorAction.resolveAbsent, .resolveAccepted(reference: "m-1")] {
      let foreseen = try await ledger.foresee(request(action), on: listed)
      #expect(foreseen == [.refused(.notParked)])
      #expect(try await act(action, on: listed) == [.refused(.notParked)])
    }
    let seen = try await world.seen(one.key)
    #expect(seen.state == .uncertain && seen.notes.isEmpty)
    // Parked meanwhile, it is the operator's, though it was found before.
    try await parkUncertain()
    #expect(try await act(.resolveAbsent, on: listed) == [.moved(.planned)])
  }

  /// Absent while attempts are left: the same channel and key, after a backoff; late or not.
  package func absentIsTriedAgainUnderTheSameKey() async throws {
    let patient = SeededDelivery(SeededCustomer(1))
    try await park([patient])
    clock.advance(seconds: 9 * 86_400)
    #expect(try await act(.resolveAbsent, on: try await found(.uncertain)) == [.moved(.planned)])
    let wait = clock.now().milliseconds(until: try await world.seen(patient.key).nextAt)
    #expect(wait >= 60_000 && wait <= 75_000)
    clock.advance(seconds: 76)
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email")
    #expect(claimed.unresolved == 0)
  }

  /// An uncertain delivery that nobody can settle stays on the list, however often and however long
  /// the platform looks after itself.
  package func parkedIsNobodysButTheOperators() async throws {
    try await park([one])
    for _ in 0..<40 {
      clock.advance(seconds: 6 * 3600)
      _ = try await world.delivering.reap(timing: .standard, limit: 10)
      _ = try await world.delivering.sweep(committed: [0: 1000], limit: 10)
      #expect(try await world.delivering.uncertain(limit: 10).isEmpty)
      #expect(try await steps.queueAgain().isEmpty)
    }
    let listed = try await found(.uncertain)
    #expect(listed.map(\.key) == [one.key])
    #expect(listed.map(\.reason) == [.awaitsOperator])
    #expect(try await world.seen(one.key).attempts.count == 1)
  }

  // MARK: Resend

  /// A new delivery with keys of its own, due now, to where the customer is told now; once.
  package func acceptedIsSentAgainOnce() async throws {
    let event = try await steps.queue([one])[0]
    #expect(try await attempt(event, .accepted(reference: "a")) == .recorded(.accepted))
    var customer = one.customer
    customer.channels = [.sms]
    try await world.change(customer)
    clock.advance(seconds: 20 * 86_400)
    let listed = try await found(.accepted)
    var key = one.key
    key.kind = .resend
    let request = request(.resend(again: false))
    #expect(try await ledger.foresee(request, on: listed) == [.made(key)])
    #expect(try await found(.planned).isEmpty, "foreseeing changes nothing")
    #expect(try await act(.resend(again: false), on: listed) == [.made(key)])
    #expect(try await act(.resend(again: false), on: listed) == [.refused(.alreadyResent)])
    #expect(try await world.seen(key).notes == ["kim: resend of \(one.key): \(signature.why)"])
    #expect(try await world.seen(one.key).notes == ["kim: resend as \(key): \(signature.why)"])
    #expect(try await world.seen(one.key).state == .accepted)
    let again = try await steps.queueAgain()
    #expect(again.map(\.delivery) == [key])
    #expect(try await attempt(again[0], .accepted(reference: "b")) == .recorded(.accepted))
    #expect(try await world.seen(key).attempts == [.init(channel: .sms, outcome: 1)])

    let both = try await found(.accepted)
    #expect(
      try await act(.resend(again: false), on: both)
        == [.refused(.alreadyResent), .refused(.alreadyResent)])
    var third = key
    third.sequence = 2
    #expect(
      try await act(.resend(again: true), on: both) == [.refused(.alreadyResent), .made(third)])
  }

  /// A failed original gives way: nothing can be sent beside its resend.
  package func failedGivesWayToItsResend() async throws {
    try await fail([one])
    let listed = try await found(.failed)
    var key = one.key
    key.kind = .resend
    #expect(try await act(.resend(again: false), on: listed) == [.made(key)])
    #expect(try await world.seen(one.key).state == .superseded)
    #expect(try await act(.retry, on: listed) == [.stale])
    #expect(try await act(.resend(again: false), on: listed) == [.stale])
    let claimed = try await steps.claim(try await steps.queueAgain()[0])
    #expect(claimed.idempotencyKey == "2026-10:1:resend:1:email")
  }

  /// A resend keeps to the customer's changes like any other delivery (R4), but its day is when it
  /// was asked for.
  package func resendsFollowTheirCustomer() async throws {
    let event = try await steps.queue([one])[0]
    _ = try await attempt(event, .accepted(reference: "a"))
    clock.advance(seconds: 4 * 86_400)
    _ = try await act(.resend(again: false), on: try await found(.accepted))
    var customer = one.customer
    customer.sendDay = 28
    customer.quiet = QuietSlots(slots: [0])!
    try await world.change(customer)
    #expect(try await steps.queueAgain().isEmpty, "the slot is quiet by now")
    clock.advance(seconds: 7200)
    #expect(try await steps.queueAgain().map(\.delivery.kind) == [.resend])
    customer.channels = []
    try await world.change(customer)
    let resend = try #require(try await found(.suppressed).first)
    #expect(resend.reason == .optedOut)
  }

  /// Neither retried nor sent again is what a later bill took the place of, or whose customer does
  /// not want to be told.
  package func refusalsNameTheirReason() async throws {
    let leaving = SeededDelivery(SeededCustomer(2), policy: one.policy)
    try await fail([one, leaving])
    var customer = leaving.customer
    customer.channels = []
    try await world.change(customer)
    try await world.seed([
      SeededDelivery(one.customer, kind: .correction, version: 2, policy: one.policy)
    ])
    let listed = try await found(.failed)
    let refusals: [OperatorOutcome] = [.refused(.superseded), .refused(.optedOut)]
    #expect(try await act(.retry, on: listed) == refusals)
    #expect(try await act(.resend(again: false), on: listed) == refusals)
    #expect(try await found(.failed).count == 2)
  }

  // MARK: Beside others

  /// Where a delivery is no longer as it was found, nothing is done: twice at once, beside an
  /// import, beside evidence.
  package func actionsCompareAndSet() async throws {
    let deliveries = (1...3).map { SeededDelivery(SeededCustomer(Int64($0)), policy: one.policy) }
    try await park(deliveries)
    let listed = try await found(.uncertain)
    var customer = deliveries[1].customer
    customer.phone = "0109999"
    try await world.change(customer)
    let evidence = AcceptanceEvidence(
      idempotencyKey: deliveries[2].key.idempotencyKey(on: .email), reference: "webhook")
    _ = try await world.delivering.recordAccepted([evidence])
    #expect(try await act(.resolveAbsent, on: listed) == [.moved(.planned), .stale, .stale])
    #expect(try await act(.resolveAbsent, on: listed) == [.stale, .stale, .stale])
    #expect(
      try await act(.resolveAccepted(reference: nil), on: listed) == [.stale, .stale, .stale])
    #expect(try await world.seen(deliveries[2].key).references == ["webhook"])
  }

  /// Many operators at once over pages of a few: each delivery is acted on once.
  package func operatorsAtOnce() async throws {
    let deliveries = (1...20).map { SeededDelivery(SeededCustomer(Int64($0)), policy: one.policy) }
    try await fail(deliveries)
    let desk = OperatorDesk(ledger: ledger, batchSize: 3)
    let query = DeliveryQuery(states: [.failed])
    let request = request(.retry)
    let signature = signature
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await desk.run(request, on: query, limit: nil, mode: .act(signature)).done
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(done == 20)
    for delivery in deliveries {
      let seen = try await world.seen(delivery.key)
      #expect(seen.state == .planned)
      #expect(seen.round == 2)
      #expect(seen.notes.count == 1)
    }
  }

  /// What is refused stands in nobody's way: a limit counts what is changed, however little of it
  /// there is on a page, and the foresight says the same.
  package func limitsCountWhatIsChanged() async throws {
    let deliveries = (1...10).map { SeededDelivery(SeededCustomer(Int64($0)), policy: one.policy) }
    try await fail(deliveries)
    for delivery in deliveries.prefix(5) + [deliveries[7]] {
      var customer = delivery.customer
      customer.channels = []
      try await world.change(customer)
    }
    let query = DeliveryQuery(states: [.failed])
    for batchSize in [2, 100] {
      let desk = OperatorDesk(ledger: ledger, batchSize: batchSize)
      let foreseen = try await desk.run(request(.retry), on: query, limit: 2, mode: .foresee)
      let done = try await desk.run(request(.retry), on: query, limit: 2, mode: .act(signature))
      #expect(done.done == 2)
      #expect(foreseen.done == 2)
      #expect(foreseen.found == done.found)
      #expect(foreseen.confirmation == done.confirmation)
      #expect(done.refused == [.optedOut: batchSize == 2 ? 5 : 6])
    }
    #expect(try await found(.failed).count == 6)
    let nothing = try await OperatorDesk(ledger: ledger).run(
      request(.retry), on: query, limit: 1, mode: .act(signature))
    #expect(nothing.done == 0 && nothing.found == 6)
  }

  /// A limit is kept, and what is interrupted goes on where it was.
  package func interruptedGoesOn() async throws {
    let deliveries = (1...10).map { SeededDelivery(SeededCustomer(Int64($0)), policy: one.policy) }
    try await fail(deliveries)
    let desk = OperatorDesk(ledger: ledger, batchSize: 2)
    let query = DeliveryQuery(states: [.failed])
    let request = request(.retry)
    let signature = signature
    let limited = try await desk.run(request, on: query, limit: 3, mode: .act(signature))
    #expect(limited.done == 3)
    let cancelled = try await withThrowingTaskGroup(of: OperatorReport.self) { group in
      group.addTask {
        try await desk.run(request, on: query, limit: nil, mode: .act(signature)) { _ in
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
      return try await group.next()
    }
    #expect(cancelled?.wasInterrupted == true)
    #expect(cancelled?.done == 2)
    let rest = try await desk.run(request, on: query, limit: nil, mode: .act(signature))
    #expect(rest.done == 5)
    #expect(!rest.wasInterrupted)
  }
}
