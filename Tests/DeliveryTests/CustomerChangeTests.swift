import Billing
import BillingTestKit
import Delivery
import LedgerTestKit
import Testing

@Suite("What a customer's change does to deliveries")
struct CustomerChangeTests {
  private func conformance(on kind: LedgerKind) async throws -> CustomerChangeConformance {
    let clock = TestClock(DeliveryScene.start)
    return CustomerChangeConformance(
      world: try await kind.world(clock: clock).world, clock: clock)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a contact mended before a retry begins a round of its own`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).mendedBeforeARetry()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a contact mended during an attempt begins a round with the retry`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).mendedUnderWay()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a contact mended while the outcome is unknown begins no round`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).mendedWhileUnknown()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a send day moved to a past day is late from the change on`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).movedToAPastDay()
  }

  @Test(
    arguments: LedgerKind.allCases,
    [SendOutcome.notAccepted(retryAfterMilliseconds: nil), .rejected(code: "no such address")])
  func `a contact mended during the last attempt begins a round`(
    on kind: LedgerKind, after outcome: SendOutcome
  ) async throws {
    try await conformance(on: kind).mendedDuringTheLastAttempt(outcome)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a contact mended before absence is known begins a round`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).mendedBeforeAbsenceIsKnown()
  }

  @Test(arguments: LedgerKind.allCases)
  func `a send day moved after the month is late from the change on`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).movedAfterItsMonth()
  }

  @Test(arguments: LedgerKind.allCases)
  func `opting in again brings back the month that is being sent`(
    on kind: LedgerKind
  ) async throws {
    try await conformance(on: kind).optingInAgain()
  }
}

@Suite("What a customer's change decides")
struct CustomerChangeRuleTests {
  private static let seoul = ZoneRules("Asia/Seoul")!
  /// Of 2026-10, due on the 5th of November.
  private static func delivery(
    _ state: DeliveryState = .planned, reason: DeliveryReason? = nil, channel: Channel? = .email,
    change: (inout DeliveryRecord) -> Void = { _ in }
  ) -> DeliveryRecord {
    var record = DeliveryRecord(
      made: DeliveryKey(
        month: DeliveryScene.month, customer: CustomerID(1), kind: .bill, sequence: 1),
      state: state, reason: reason, version: 1, issue: .first(dueDate: nil), policy: 1, template: 1,
      usable: [.email, .sms],
      channel: channel, quiet: .none, timeZone: "Asia/Seoul",
      dueAt: DeliverySchedule.due(month: DeliveryScene.month, sendDay: 5, zone: seoul),
      at: made)
    change(&record)
    return record
  }

  private static let made = day("2026-11-03T09:00:00+09:00")
  private static func day(_ text: String) -> Timestamp { Timestamp(iso8601: text)! }

  private static func customer(
    preferred: [Channel] = [.email, .sms], hasEmail: Bool = true, hasPhone: Bool = true,
    quiet: QuietSlots = .none, zone: String = "Asia/Seoul", sendDay: Int = 5
  ) -> CurrentCustomer {
    CurrentCustomer(
      preferred: preferred, hasEmail: hasEmail, hasPhone: hasPhone, quiet: quiet, timeZone: zone,
      sendDay: sendDay)
  }

  private func refreshed(
    _ record: DeliveryRecord, to customer: CurrentCustomer, contact: [UInt8]? = [1],
    at moment: String
  ) -> DeliveryRecord {
    var record = record
    _ = record.refresh(
      to: customer, policy: .first, zone: ZoneRules(customer.timeZone)!,
      contactHash: contact, at: Self.day(moment))
    return record
  }

  /// To be tried again, its key used with the contact 1.
  private func retry(_ state: DeliveryState, unresolved: Int = 0) -> DeliveryRecord {
    Self.delivery(state) {
      $0.isBegun = true
      $0.attempt = 2
      $0.channelAttempts = 2
      $0.unresolved = unresolved
      $0.keyOpenedAt = Self.made
      $0.frozenSHA = ContentHash(of: [1])
      $0.recipientHash = [1]
      $0.nextAt = Self.day("2026-11-05T12:00:00+09:00")
    }
  }

  @Test(
    "a mended contact begins a round from wherever nothing is under way",
    arguments: [DeliveryState.planned, .queued, .claimed])
  func mended(_ state: DeliveryState) {
    let moment = "2026-11-05T11:00:00+09:00"
    let after = refreshed(retry(state), to: Self.customer(), contact: [2], at: moment)
    #expect(after.state == .planned && after.reason == .recipientChanged)
    #expect(after.round == 2 && after.channelAttempts == 0 && after.attempt == 2)
    #expect(after.recipientHash == nil && after.frozenSHA == nil && after.keyOpenedAt == nil)
    #expect(after.nextAt == retry(state).nextAt, "a retry keeps its time")
    // The same contact, whatever else changed, is the same round.
    let other = refreshed(
      retry(state), to: Self.customer(quiet: QuietSlots(slots: [1])!), at: moment)
    #expect(other.round == 1 && other.channelAttempts == 2 && other.recipientHash == [1])
    // As long as nobody knows the outcome of one, its key stays.
    let open = refreshed(
      retry(state, unresolved: 1), to: Self.customer(), contact: [2], at: moment)
    #expect(open.state == .planned && open.round == 1 && open.recipientHash == [1])
  }

  @Test(
    "what is under way, or an operator's, begins no round",
    arguments: [DeliveryState.sending, .uncertain, .held])
  func mendedElsewhere(_ state: DeliveryState) {
    let after = refreshed(
      retry(state, unresolved: state == .uncertain ? 1 : 0), to: Self.customer(), contact: [2],
      at: "2026-11-05T11:00:00+09:00")
    #expect(after.state == state && after.round == 1 && after.recipientHash == [1])
  }

  @Test("a channel that is left takes its key along, also when the contact was mended")
  func leftChannel() {
    let after = refreshed(
      retry(.planned), to: Self.customer(preferred: [.sms]), contact: [2],
      at: "2026-11-05T11:00:00+09:00")
    #expect(after.state == .planned && after.channel == .sms && after.round == 1)
    #expect(after.closed.contains(.email) && after.recipientHash == nil)
  }

  @Test("lateness counts from the last change of the due moment, and of nothing else")
  func lateness() {
    let moment = "2026-11-20T10:00:00+09:00"
    let now = Self.day(moment)
    let moved = refreshed(
      Self.delivery { $0.dueAt = Self.day("2026-11-25T00:00:00+09:00") }, to: Self.customer(),
      at: moment)
    #expect(moved.dueAt == Self.day("2026-11-05T00:00:00+09:00"))
    #expect(moved.madeAt == now && moved.nextAt == moved.dueAt)
    let zone = refreshed(Self.delivery(), to: Self.customer(zone: "Asia/Tokyo"), at: moment)
    #expect(zone.madeAt == Self.made, "the same moment in another zone")
    let west = refreshed(
      Self.delivery(), to: Self.customer(zone: "America/New_York"), at: moment)
    #expect(west.madeAt == now)
    for same in [
      Self.customer(quiet: QuietSlots(slots: [1])!), Self.customer(preferred: [.sms]),
    ] {
      #expect(refreshed(Self.delivery(), to: same, at: moment).madeAt == Self.made)
    }
    // However long ago it was to be told: its due date, where it has one, keeps it from going then.
    let later = "2027-03-01T10:00:00+09:00"
    let old = refreshed(Self.delivery(), to: Self.customer(sendDay: 1), at: later)
    #expect(old.madeAt == Self.day(later))
  }

  @Test("a channel whose contact was mended is not given up", arguments: [[UInt8]?.none, [1], [2]])
  func closedChannel(_ contact: [UInt8]?) throws {
    var record = retry(.claimed)
    let release = Release(
      key: record.key, fence: record.fence, then: .closeChannel, reason: .contactUnreadable)
    #expect(
      record.release(release, at: Self.made, contactHash: { contact }) == .released(.planned))
    let isMended = contact != [1]
    #expect(record.round == (isMended ? 2 : 1))
    #expect(record.channel == (isMended ? .email : .sms))
    #expect(record.reason == (isMended ? .recipientChanged : .fallback))
  }

  @Test("a channel whose contact was mended is not given up when none of its messages was taken")
  func absentAfterTheLastAttempt() {
    for contact in [[UInt8](arrayLiteral: 1), [2]] {
      var record = retry(.uncertain, unresolved: 1)
      record.channelAttempts = DeliveryPolicy.first.attemptsPerChannel
      let resolution = Resolution(
        key: record.key, generation: record.generation, finding: .absent(jitter: 0))
      let outcome = record.resolve(
        resolution, policy: .first, at: Self.made, contactHash: { contact })
      #expect(outcome == .resolved(.planned))
      #expect(record.channel == (contact == [2] ? .email : .sms))
      #expect(record.unresolved == 0 && record.recipientHash == nil)
    }
  }

  @Test(
    "whatever suppressed it, it comes back in its own month, late from then on",
    arguments: [
      (DeliveryReason.optedOut, Channel?.none), (.noContact, nil), (.noSlot, .email),
    ])
  func comesBack(_ reason: DeliveryReason, _ channel: Channel?) {
    let suppressed = Self.delivery(.suppressed, reason: reason, channel: channel)
    let moment = "2026-11-30T23:59:59+09:00"
    let back = refreshed(suppressed, to: Self.customer(), at: moment)
    #expect(back.state == .planned && back.channel == .email && back.closed == [])
    #expect(back.madeAt == Self.day(moment) && back.nextAt == back.dueAt)
    // A second later the month is over, in the customer's own zone.
    let next = "2026-12-01T00:00:00+09:00"
    let stays = refreshed(suppressed, to: Self.customer(), at: next)
    #expect(stays.state == .suppressed && stays.madeAt == Self.made)
    #expect(stays.generation == suppressed.generation + 1 && stays.usable == [.email, .sms])
    let west = refreshed(suppressed, to: Self.customer(zone: "America/New_York"), at: next)
    #expect(west.state == .planned)
    let east = refreshed(
      suppressed, to: Self.customer(zone: "Pacific/Auckland"), at: "2026-11-30T20:30:00+09:00")
    #expect(east.state == .suppressed)
    // Before its sending month has begun it is as current.
    let early = refreshed(suppressed, to: Self.customer(), at: "2026-10-31T23:00:00+09:00")
    #expect(early.state == .planned)
  }

  @Test("what was begun, and who still cannot be told, stays suppressed")
  func staysSuppressed() {
    let moment = "2026-11-10T00:00:00+09:00"
    let begun = Self.delivery(.suppressed, reason: .optedOut) { $0.isBegun = true }
    #expect(refreshed(begun, to: Self.customer(), at: moment).state == .suppressed)
    let none = Self.delivery(.suppressed, reason: .optedOut, channel: nil)
    let unreachable = refreshed(
      none, to: Self.customer(hasEmail: false, hasPhone: false), at: moment)
    #expect(unreachable.state == .suppressed && unreachable.reason == .noContact)
    let quiet = refreshed(
      none, to: Self.customer(quiet: QuietSlots(mask: 0xFFF)!), at: moment)
    #expect(quiet.state == .suppressed && quiet.reason == .noSlot)
  }
}
