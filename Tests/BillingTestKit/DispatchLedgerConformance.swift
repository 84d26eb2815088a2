import Billing
import Delivery
import Dispatching
import Testing

/// What every ledger promises dispatch, one function a promise. `clock` is the ledger's own.
package struct DispatchLedgerConformance: Sendable {
  private let world: any DeliveryWorld
  private let clock: TestClock

  package init(world: any DeliveryWorld, clock: TestClock) {
    self.world = world
    self.clock = clock
  }

  private var ledger: any DispatchLedger { world.dispatching }

  private func request(
    zone: String = "UTC", after: QueueCursor? = nil, again: Bool = false, limit: Int = 100,
    slot: ZoneSlot? = nil
  ) -> QueueRequest {
    QueueRequest(
      zone: zone, slot: slot ?? ZoneRules(zone)!.slot(at: clock.now()), after: after,
      onlyAgain: again, maxLatenessSeconds: 7 * 86_400, limit: limit)
  }

  private func queued(_ request: QueueRequest) async throws -> QueuedBatch {
    guard case .batch(let batch) = try await ledger.queueDue(request) else {
      throw Unexpected("the slot was over")
    }
    return batch
  }

  private func quiet(_ slots: Int...) -> QuietSlots { QuietSlots(slots: slots)! }

  /// What is due and permitted is queued under the next generation, with the slot's end and the
  /// identity of the bill of its channel; what is quiet now stays.
  package func dueAndPermittedIsQueued() async throws {
    let go = SeededDelivery(SeededCustomer(1, channels: [.sms, .email]))
    let quietNow = SeededDelivery(SeededCustomer(2, quiet: quiet(0)))
    let later = SeededDelivery(SeededCustomer(3, sendDay: 2))
    try await world.seed([go, quietNow, later])
    let batch = try await queued(request())
    let slotEnd = DeliveryScene.start.adding(seconds: 7200)
    #expect(
      batch.events == [
        DeliveryEvent(
          delivery: go.key, generation: 2, bill: go.bill(on: .sms),
          sha256: DeliveryScene.hash(of: go.bill(on: .sms)), slotEnd: slotEnd)
      ])
    #expect(try await world.seen(go.key).state == .queued)
    #expect(try await world.seen(quietNow.key).state == .planned)
    #expect(try await world.seen(later.key).state == .planned)
    #expect(
      try await ledger.remaining(
        in: ZoneSlot(slot: 0, start: DeliveryScene.start, end: slotEnd), of: "UTC") == 0)
    #expect(try await queued(request()).events.isEmpty, "nothing is queued twice")
  }

  /// A pass goes through everything in batches and leaves nothing out, quiet rows between or not.
  package func passesAreComplete() async throws {
    let deliveries = (1...50).map { number in
      SeededDelivery(
        SeededCustomer(Int64(number), quiet: number % 3 == 0 ? quiet(0) : .none))
    }
    try await world.seed(deliveries)
    var queuedKeys: Set<DeliveryKey> = []
    var next: QueueCursor?
    repeat {
      let batch = try await queued(request(after: next, limit: 7))
      queuedKeys.formUnion(batch.events.map(\.delivery))
      next = batch.next
    } while next != nil
    #expect(queuedKeys.count == 50 - 16)
  }

  /// A share is queued alone; together they have everybody, also where numbers are given out in steps.
  package func sharesAreDisjointAndComplete() async throws {
    let numbers = (1...60).map { Int64($0 * 6) }
    try await world.seed(numbers.map { SeededDelivery(SeededCustomer($0)) })
    var seen: [Int64] = []
    for index in 0..<3 {
      var request = request()
      request.share = CustomerShare(index: index, count: 3)
      let customers = try await queued(request).events.map(\.delivery.customer)
      #expect(customers.count > 10)
      #expect(customers.allSatisfy(request.share.contains))
      seen += customers.map(\.number)
    }
    #expect(seen.sorted() == numbers)
  }

  /// A slot that is not the current one any more queues nothing.
  package func endedSlotQueuesNothing() async throws {
    let delivery = SeededDelivery(SeededCustomer(1))
    try await world.seed([delivery])
    let old = request()
    clock.advance(seconds: 7200)
    guard case .slotOver = try await ledger.queueDue(old) else {
      throw Unexpected("an ended slot was used")
    }
    #expect(try await world.seen(delivery.key).state == .planned)
  }

  /// Seven days after it was due and made it waits for an operator; not a moment before.
  package func lateIsHeld() async throws {
    let late = SeededDelivery(SeededCustomer(1))
    try await world.seed([late])
    clock.advance(seconds: 7 * 86_400 + 1)
    let batch = try await queued(request())
    #expect(batch.held == 1)
    #expect(batch.events.isEmpty)
    let seen = try await world.seen(late.key)
    #expect(seen.state == .held)
    #expect(seen.reason == .tooLate)
  }

  /// All twelve slots quiet: suppressed and listed, not left for ever.
  package func noSlotIsSuppressed() async throws {
    let delivery = SeededDelivery(SeededCustomer(1, quiet: QuietSlots(mask: 0xFFF)!))
    try await world.seed([delivery])
    #expect(try await queued(request()).suppressed == 1)
    #expect(try await world.seen(delivery.key).reason == .noSlot)
  }

  /// A delivery whose bill nobody made waits for an operator.
  package func missingBillIsHeld() async throws {
    var delivery = SeededDelivery(SeededCustomer(1))
    delivery.hasBill = false
    try await world.seed([delivery])
    #expect(try await queued(request()).held == 1)
    #expect(try await world.seen(delivery.key).reason == .billUnusable)
  }

  /// Publishing is noted only where the generation still matches.
  package func marksMatchGenerations() async throws {
    let delivery = SeededDelivery(SeededCustomer(1))
    try await world.seed([delivery])
    let event = try await queued(request()).events[0]
    let stale = PublishedMark(
      delivery: delivery.key, generation: event.generation - 1, partition: 3, offset: 9)
    #expect(try await ledger.markPublished([stale]) == 0)
    #expect(try await world.seen(delivery.key).partition == nil)
    let mark = PublishedMark(
      delivery: delivery.key, generation: event.generation, partition: 3, offset: 9)
    #expect(try await ledger.markPublished([mark]) == 1)
    let seen = try await world.seen(delivery.key)
    #expect(seen.partition == 3)
    #expect(seen.offset == 9)
  }

  /// What was never marked is taken again after 60 s, by one dispatcher at a time.
  package func unpublishedIsTakenAgain() async throws {
    let delivery = SeededDelivery(SeededCustomer(1))
    try await world.seed([delivery])
    let event = try await queued(request()).events[0]
    clock.advance(seconds: 59)
    #expect(try await ledger.takeUnpublished(olderThanSeconds: 60, limit: 10).isEmpty)
    clock.advance(seconds: 2)
    #expect(try await ledger.takeUnpublished(olderThanSeconds: 60, limit: 10) == [event])
    #expect(try await ledger.takeUnpublished(olderThanSeconds: 60, limit: 10).isEmpty)
    _ = try await ledger.markPublished([
      PublishedMark(
        delivery: delivery.key, generation: event.generation, partition: 0, offset: 0)
    ])
    clock.advance(seconds: 120)
    #expect(try await ledger.takeUnpublished(olderThanSeconds: 60, limit: 10).isEmpty)
  }

  /// Between ticks only what was queued before is queued.
  package func retriesAloneBetweenTicks() async throws {
    let first = SeededDelivery(SeededCustomer(1))
    try await world.seed([first])
    _ = try await queued(request())
    try await world.change(first.customer)
    let fresh = SeededDelivery(SeededCustomer(2))
    try await world.seed([fresh])
    let batch = try await queued(request(again: true))
    #expect(batch.events.map(\.delivery) == [first.key])
  }

  /// A correction takes the place of what has not gone, and waits for what is on its way.
  package func correctionsWaitTheirTurn() async throws {
    let old = SeededDelivery(SeededCustomer(1))
    let new = SeededDelivery(SeededCustomer(1), kind: .correction, version: 2)
    try await world.seed([old])
    let event = try await queued(request()).events[0]
    let claims = try await world.delivering.claim([event], owner: "a", timing: .standard)
    guard case .claimed(let claimed)? = claims.first else { throw Unexpected("not claimed") }
    guard
      case .intended(let attempt, _, _)? = try await world.delivering.intend(
        [claimed.intent], timing: .standard
      ).first
    else { throw Unexpected("not intended") }
    try await world.seed([new])
    let waiting = try await queued(request())
    #expect(waiting.waiting == 1)
    #expect(waiting.events.isEmpty)
    _ = try await world.delivering.record([
      claimed.result(.rejected(code: "no"), attempt: attempt)
    ])
    // The old one was refused and could still go by SMS: it gives way to the new one.
    let batch = try await queued(request())
    #expect(batch.superseded == 1)
    #expect(batch.events.map(\.delivery) == [new.key])
    #expect(try await world.seen(old.key).state == .superseded)
    #expect(try await world.seen(new.key).state == .queued)
  }

  /// While nothing was begun a ledger's time can be turned, and what the old time decided is decided
  /// anew; afterwards it cannot.
  package func timeIsTurnedWhileNothingWasSent() async throws {
    let now = SeededDelivery(SeededCustomer(1))
    let claimed = SeededDelivery(SeededCustomer(2))
    let late = SeededDelivery(SeededCustomer(3))
    try await world.seed([late])
    let time = world.time
    #expect(try await time.turnTime(to: .simulated) == .turned)
    #expect(try await time.turnTime(to: .simulated) == .unchanged)
    let later = DeliveryScene.start.adding(seconds: 9 * 86_400)
    _ = try await time.advance(to: later)
    // Held for being late by a time that never was.
    var request = request(slot: ZoneRules("UTC")!.slot(at: later))
    #expect(try await queued(request).held == 1)
    request.maxLatenessSeconds = 90 * 86_400
    try await world.seed([now, claimed])
    var optedOut = SeededDelivery(SeededCustomer(4))
    try await world.seed([optedOut])
    optedOut.customer.channels = []
    try await world.change(optedOut.customer)
    let events = try await queued(request).events
    #expect(events.count == 2)
    let claims = try await world.delivering.claim(
      events.filter { $0.delivery == claimed.key }, owner: "a", timing: .standard)
    guard case .claimed(let claim)? = claims.first else { throw Unexpected("not claimed") }

    #expect(try await time.turnTime(to: .real) == .turned)
    #expect(try await time.timeKeeping() == .real)
    for delivery in [now, claimed, late] {
      let seen = try await world.seen(delivery.key)
      #expect(seen.state == .planned)
      #expect(seen.partition == nil)
    }
    // Whoever had it by the old time sends nothing.
    let intents = try await world.delivering.intend([claim.intent], timing: .standard)
    if case .intended? = intents.first { throw Unexpected("intended by a time that is no more") }
    // By the real clock nobody is late.
    let again = try await queued(self.request())
    #expect(Set(again.events.map(\.delivery)) == [now.key, claimed.key, late.key])
    guard let event = again.events.first,
      case .claimed(let begun)? = try await world.delivering.claim(
        [event], owner: "a", timing: .standard
      ).first
    else { throw Unexpected("not claimed") }
    _ = try await world.delivering.intend([begun.intent], timing: .standard)
    #expect(try await time.turnTime(to: .simulated) == .refused(begun: 1))
    #expect(try await time.timeKeeping() == .real)
    // Made far ahead by the old time, and late from opting in by this one.
    try await world.change(SeededCustomer(4))
    #expect(try await world.seen(optedOut.key).state == .planned)
    clock.advance(seconds: 8 * 86_400)
    let after = try await queued(self.request(slot: ZoneRules("UTC")!.slot(at: clock.now())))
    #expect(after.held == 1 && after.events.isEmpty)
  }

  /// A ledger is simulated or real for good, and its simulated time only rises.
  package func timeIsOfOneKind() async throws {
    #expect(try await world.time.timeKeeping() == .undecided)
    guard case .kept = try await world.time.keepTime(.simulated) else {
      throw Unexpected("an undecided ledger refused")
    }
    #expect(try await world.time.keepTime(.real) == .refused)
    let moment = DeliveryScene.start
    #expect(try await world.time.advance(to: moment) == moment)
    #expect(try await world.time.advance(to: moment.adding(seconds: -5)) == moment)
    #expect(try await ledger.now() == moment)
    #expect(try await world.time.keepTime(.simulated) == .kept(now: moment))
  }
}
