import Billing
import Delivery
import Dispatching
package import Rendering
import Testing

/// What every ledger promises about due dates and issues of bills, one function a promise. `clock` is
/// the ledger's own.
package struct BillIssueConformance: Sendable {
  private let world: any DeliveryWorld
  private let rendering: any RenderingLedger
  private let clock: TestClock
  private let steps: DeliveryLedgerConformance

  package init(world: any DeliveryWorld, rendering: any RenderingLedger, clock: TestClock) {
    self.world = world
    self.rendering = rendering
    self.clock = clock
    steps = DeliveryLedgerConformance(world: world, clock: clock)
  }

  private func day(_ text: String) -> CalendarDay { CalendarDay(text)! }

  private func delivery(
    _ customer: Int64, dueDate: String?, kind: DeliveryKind = .bill
  ) -> SeededDelivery {
    SeededDelivery(
      SeededCustomer(customer), kind: kind, issue: .first(dueDate: dueDate.map(day)),
      policy: DeliveryScene.policy(attempts: 1))
  }

  private func found(_ delivery: SeededDelivery) async throws -> FoundDelivery {
    let page = try await world.operating.find(
      DeliveryQuery(
        states: Set(DeliveryState.allCases), month: delivery.key.month,
        customer: delivery.customer.id), after: nil, limit: 10)
    guard let found = page.deliveries.first(where: { $0.key == delivery.key }) else {
      throw Unexpected("\(delivery.key) is not there")
    }
    return found
  }

  private func act(
    _ action: OperatorAction, on deliveries: SeededDelivery...
  ) async throws -> [OperatorOutcome] {
    var listed: [FoundDelivery] = []
    for delivery in deliveries { listed.append(try await found(delivery)) }
    return try await world.operating.act(
      OperatorRequest(action, providers: [:], timing: .standard, jitter: 7), on: listed,
      signature: OperatorSignature(who: "kim", why: "the outage is over"))
  }

  /// The bills of what is awaited, as Job 2 makes them.
  private func make() async throws -> [AwaitedIssue] {
    let awaited = try await rendering.awaitedIssues(after: nil, limit: 100)
    try await rendering.recordIssues(awaited.map { MadeIssue($0, bills: rows(of: $0)) })
    return awaited
  }

  private func rows(of issue: AwaitedIssue) -> [BillRow] {
    Channel.allCases.map { channel in
      let key = BillKey(
        statement: issue.statement, issue: issue.number, policy: issue.policy,
        template: issue.template, channel: channel)
      return BillRow(
        key: key, dueDate: issue.dueDate, size: 10, sha256: DeliveryScene.hash(of: key))
    }
  }

  /// On the day by which its bill is to be paid a delivery still goes; after it, it is held. A resend
  /// and what asks for nothing go whenever their slot comes.
  package func overdueIsHeld() async throws {
    let over = delivery(1, dueDate: "2026-11-03")
    let last = delivery(2, dueDate: "2026-11-04")
    let credit = delivery(3, dueDate: nil)
    let correction = delivery(4, dueDate: "2026-11-03", kind: .correction)
    try await world.seed([over, last, credit, correction])
    clock.advance(seconds: 3 * 86_400)
    let events = try await steps.queueAgain()
    #expect(Set(events.map(\.delivery)) == [last.key, credit.key])
    for held in [over, correction] {
      #expect(try await world.seen(held.key).state == .held)
      #expect(try await world.seen(held.key).reason == .dueDatePassed)
    }
  }

  /// Retried, it goes as it is, and is not held for the same reason again.
  package func retryLetsGoAsItIs() async throws {
    let over = delivery(1, dueDate: "2026-11-03")
    try await world.seed([over])
    clock.advance(seconds: 3 * 86_400)
    #expect(try await steps.queueAgain().isEmpty)
    #expect(try await act(.retry, on: over) == [.moved(.planned)])
    clock.advance(seconds: 86_400)
    let event = try #require(try await steps.queueAgain().first)
    #expect(event.bill == over.bill(on: .email))
    #expect(try await found(over).issue == 1)
    #expect(try await found(over).dueDate == day("2026-11-03"))
  }

  /// Dated anew it waits for its bills, and goes with them: with the bill that was recorded.
  package func redatedWaitsForItsBills() async throws {
    let over = delivery(1, dueDate: "2026-11-03")
    let paid = delivery(2, dueDate: nil)
    try await world.seed([over, paid])
    clock.advance(seconds: 3 * 86_400)
    _ = try await steps.queueAgain()
    #expect(try await act(.redate, on: over, paid) == [.moved(.planned), .refused(.nothingDue)])
    var now = try await found(over)
    #expect(now.issue == 2)
    #expect(now.dueDate == day("2026-11-25"))
    let notes = try await world.seen(over.key).notes
    #expect(notes.contains("kim: redate: the outage is over"), "\(notes)")
    #expect(try await act(.redate, on: over) == [.refused(.timeEnough)])
    #expect(try await steps.queueAgain().isEmpty)
    #expect(try await world.seen(over.key).state == .planned)
    let awaited = try await make()
    #expect(
      awaited == [
        AwaitedIssue(
          delivery: over.key, version: 1, number: 2, dueDate: day("2026-11-25"),
          policy: over.policy.version, template: over.policy.templateVersion)
      ])
    #expect(try await make().isEmpty)
    let event = try #require(try await steps.queueAgain().first)
    #expect(event.bill == rows(of: awaited[0])[0].key)
    #expect(event.sha256 == DeliveryScene.hash(of: event.bill))
    let row = try #require(try await rendering.bill(event.bill))
    #expect(row == rows(of: awaited[0])[0])
    let claimed = try await steps.claim(event)
    #expect(claimed.idempotencyKey == "2026-10:1:bill:1:email")
    now = try await found(over)
    #expect(now.issue == 2)
    #expect(try await act(.redate, on: over) == [.refused(.wrongState)])
  }

  /// What was tried and failed is dated anew under a key of its own.
  package func redatedAfterFailureBeginsAnewRound() async throws {
    let over = delivery(1, dueDate: "2026-11-03")
    let event = try #require(try await steps.queue([over]).first)
    let claimed = try await steps.claim(event)
    guard case .intended(let attempt, _, _) = try await steps.intend(claimed) else {
      throw Unexpected("not intended")
    }
    _ = try await steps.record(.rejected(code: "no"), claimed, attempt: attempt)
    clock.advance(seconds: 3 * 86_400)
    // On the next channel, and too late there.
    #expect(try await steps.queueAgain().isEmpty)
    #expect(try await world.seen(over.key).reason == .dueDatePassed)
    #expect(try await act(.redate, on: over) == [.moved(.planned)])
    _ = try await make()
    let again = try await steps.claim(try #require(try await steps.queueAgain().first))
    #expect(again.idempotencyKey == "2026-10:1:bill:1:email:2")
  }

  /// A send day moved past what the due date leaves makes the next issue; whoever had the delivery
  /// lets go. Quiet slots alone do not.
  package func movedSendDayMakesTheNextIssue() async throws {
    let moved = delivery(1, dueDate: "2026-11-25")
    let quiet = delivery(2, dueDate: "2026-11-25")
    let events = try await steps.queue([moved, quiet])
    #expect(events.count == 2)
    var customer = moved.customer
    customer.sendDay = 28
    try await world.change(customer)
    customer = quiet.customer
    customer.quiet = QuietSlots(slots: [3])!
    try await world.change(customer)
    #expect(try await found(quiet).issue == 1)
    let now = try await found(moved)
    #expect(now.state == .planned && now.generation == 3)
    #expect(now.issue == 2)
    #expect(now.dueDate == day("2026-12-05"))
    let notes = try await world.seen(moved.key).notes.joined()
    #expect(notes.contains("to be paid by 2026-11-25 → 2026-12-05, issue 2"), "\(notes)")
    // Moved on before its bills were made: those that were on their way are nobody's.
    let stale = try await rendering.awaitedIssues(after: nil, limit: 100)
    customer = moved.customer
    customer.sendDay = 30
    try await world.change(customer)
    try await rendering.recordIssues(stale.map { MadeIssue($0, bills: rows(of: $0)) })
    #expect(try await make().map(\.number) == [3])
    clock.advance(seconds: 29 * 86_400)
    #expect(try await steps.queueAgain().map(\.bill.issue) == [3])
  }

  /// Bills that cannot be made hold their delivery, which an operator may date anew.
  package func impossibleBillsAreHeld() async throws {
    let moved = delivery(1, dueDate: "2026-11-25")
    try await world.seed([moved])
    var customer = moved.customer
    customer.sendDay = 28
    try await world.change(customer)
    let awaited = try await rendering.awaitedIssues(after: nil, limit: 100)
    try await rendering.recordIssues(awaited.map { MadeIssue($0, bills: []) })
    #expect(try await world.seen(moved.key).state == .held)
    #expect(try await world.seen(moved.key).reason == .billUnusable)
    #expect(try await rendering.awaitedIssues(after: nil, limit: 100).isEmpty)
  }

  /// What is awaited is read in pages, in an order that stays.
  package func awaitedIssuesAreReadInPages() async throws {
    let deliveries = (1...5).map { delivery($0, dueDate: "2026-11-25") }
    try await world.seed(deliveries)
    for delivery in deliveries {
      var customer = delivery.customer
      customer.sendDay = 31
      try await world.change(customer)
    }
    var seen: [DeliveryKey] = []
    while true {
      let page = try await rendering.awaitedIssues(after: seen.last, limit: 2)
      guard !page.isEmpty else { break }
      seen += page.map(\.delivery)
    }
    #expect(seen == deliveries.map(\.key))
  }
}
