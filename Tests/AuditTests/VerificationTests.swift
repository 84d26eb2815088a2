import Audit
import Billing
import Testing

@Suite("The proof of a month")
struct VerificationTests {
  private func report(_ change: (inout RecordedMonth) -> Void = { _ in }) async throws
    -> VerificationReport
  {
    var month = RecordedMonth()
    change(&month)
    return try await #require(month.verify())
  }

  private func findings(_ change: (inout RecordedMonth) -> Void) async throws -> [Finding.Code] {
    let report = try await report(change)
    #expect(!report.holds)
    return report.findings.map(\.code)
  }

  @Test func `holds for a month that is as it should be`() async throws {
    let report = try await report()
    #expect(report.holds, "\(report.findings)")
    #expect(report.counts.targets == 6)
    #expect(report.counts.statements == 5)
    #expect(report.counts.parked == 1)
    #expect(report.counts.bills == 10)
    #expect(report.counts.deliveries == [.accepted: 4, .failed: 1])
    #expect(report.counts.acceptedMessages == 4)
  }

  @Test func `a month that was not settled has no proof`() async throws {
    var month = RecordedMonth()
    month.settled = nil
    #expect(try await month.verify() == nil)
  }

  @Test func `does not hold while a run is open`() async throws {
    let report = try await report { $0.settled = SettledMonth(isComplete: false) }
    #expect(!report.holds)
  }

  @Test func `finds a target that has no statement and is not parked`() async throws {
    #expect(try await findings { $0.records.parked = [] } == [.targetWithoutStatement])
  }

  @Test func `finds a statement for somebody who is no target`() async throws {
    let codes = try await findings {
      $0.cohort[0].removeFirst()
    }
    #expect(codes == [.notATarget])
  }

  @Test func `a supplement's customers are targets too`() async throws {
    let report = try await report {
      $0.cohort[0].removeFirst()
      $0.records.supplemented = [CustomerID(1), CustomerID(6)]
    }
    #expect(report.holds, "\(report.findings)")
    #expect(report.counts.targets == 6)
  }

  @Test func `finds a customer both settled and parked`() async throws {
    let codes = try await findings { $0.records.parked.insert(CustomerID(1), at: 0) }
    #expect(codes == [.settledAndParked])
  }

  @Test func `finds a missing, an altered and an unlisted statement`() async throws {
    #expect(try await findings { $0.stored.removeFirst() } == [.statementMissing])
    #expect(
      try await findings { $0.stored[1].hash = ContentHash(of: [9]) } == [.statementAltered])
    let unlisted = HashedStatement(
      key: StatementKey(month: RecordedMonth.month, customer: CustomerID(2), version: 2),
      hash: ContentHash(of: [9]))
    #expect(try await findings { $0.stored.insert(unlisted, at: 2) } == [.statementNotListed])
  }

  @Test func `finds a missing and an altered bill, and a statement without one`() async throws {
    let path = RecordedMonth().records.bills[0].key.path
    #expect(try await findings { $0.objects[path] = nil } == [.billMissing])
    #expect(
      try await findings {
        $0.objects[path] = ExaminedBill(size: 1, sha256: ContentHash(of: [9]))
      } == [.billAltered])
    #expect(
      try await findings { $0.records.bills.remove(at: 1) } == [.statementWithoutBill])
    #expect(
      try await findings { $0.records.bills.removeFirst(2) }
        == [.sentOtherContent, .statementWithoutBill])
  }

  @Test func `finds a statement without a delivery`() async throws {
    #expect(
      try await findings { $0.records.deliveries.removeLast() } == [.statementWithoutDelivery])
  }

  @Test func `finds a customer whose latest bill no delivery carries`() async throws {
    let correct = { (month: inout RecordedMonth) in
      var key = month.records.statements[0].key
      key.version = 2
      let hash = ContentHash(of: [9])
      month.records.statements.insert(
        ListedStatement(key: key, hash: hash, total: 90, isRendered: true), at: 1)
      month.stored.insert(HashedStatement(key: key, hash: hash), at: 1)
      for channel in [Channel.email, .sms] {
        let bill = ListedBill(
          key: BillKey(statement: key, policy: 1, template: 1, channel: channel), size: 10,
          sha256: hash, policyChannels: [.email, .sms])
        month.records.bills.insert(bill, at: 2)
        month.objects[bill.key.path] = ExaminedBill(size: 10, sha256: hash)
      }
    }
    #expect(try await findings(correct) == [.statementWithoutDelivery])
    func correction(_ state: DeliveryState) -> ListedDelivery {
      ListedDelivery(
        key: DeliveryKey(
          month: RecordedMonth.month, customer: CustomerID(1), kind: .correction, sequence: 1),
        state: state, version: 2, attempts: [])
    }
    let carried = try await report { month in
      correct(&month)
      month.records.deliveries.insert(correction(.planned), at: 1)
    }
    #expect(carried.holds, "\(carried.findings)")
    let superseded = try await findings { month in
      correct(&month)
      month.records.deliveries.insert(correction(.superseded), at: 1)
    }
    #expect(superseded == [.statementWithoutDelivery])
  }

  @Test func `does not hold, though nothing is wrong, while bills are to be made`() async throws {
    let report = try await report { month in
      month.records.statements[0].isRendered = false
      month.records.bills.removeFirst(2)
      month.records.deliveries.removeFirst()
      month.accepted.removeFirst()
    }
    #expect(report.findings == [])
    #expect(report.counts.unrendered == 1)
    #expect(!report.holds && report.awaitsRendering)
  }

  @Test func `finds a message accepted twice, even on two channels`() async throws {
    let codes = try await findings { month in
      var again = month.accepted[0]
      again.channel = .sms
      month.accepted.append(again)
    }
    // The second one has no attempt.
    #expect(codes == [.acceptedTwice, .sentOtherwise])
  }

  @Test func `finds what only one of ledger and provider believes`() async throws {
    #expect(
      try await findings { $0.accepted.removeFirst() } == [.acceptedUnknownToProvider])
    #expect(
      try await findings { $0.records.deliveries[0].state = .failed } == [.acceptedButNotRecorded])
    let stray = Acceptance(
      delivery: DeliveryKey(
        month: RecordedMonth.month, customer: CustomerID(77), kind: .bill, sequence: 1),
      channel: .email, at: RecordedMonth.noon, digest: RecordedMonth.digest(77))
    let report = try await report { $0.accepted += [stray, stray] }
    #expect(!report.holds)
    #expect(report.findings.map(\.code) == [.acceptedWithoutDelivery])
    #expect(report.findings.map(\.count) == [1])
    #expect(report.findings.map(\.examples) == [["2026-10:77:bill:1"]])
  }

  @Test func `a correction and a resend are deliveries of their own, with a message each`()
    async throws
  {
    let month = RecordedMonth()
    let report = try await report {
      $0.tellAgain(.correction); $0.tellAgain(.resend)
    }
    #expect(report.holds, "\(report.findings)")
    #expect(report.counts.deliveries == [.accepted: 6, .failed: 1])
    #expect(report.counts.acceptedMessages == 6)
    // Two of one delivery are two, whatever its kind.
    for kind in [DeliveryKind.correction, .resend] {
      let codes = try await findings { month in
        month.tellAgain(kind)
        month.accepted.append(month.accepted[month.accepted.count - 1])
      }
      #expect(codes == [.acceptedTwice])
    }
    // One that the ledger has and the provider has not, and the other way round.
    let unknown = try await findings {
      $0.tellAgain(.resend); $0.accepted.removeLast()
    }
    #expect(unknown == [.acceptedUnknownToProvider])
    let strange = try await findings { changed in
      changed.tellAgain(.resend)
      changed.records.deliveries = month.records.deliveries
    }
    #expect(strange == [.acceptedWithoutDelivery])
  }

  @Test func `a failed delivery that gave way to its resend has no message of its own`()
    async throws
  {
    let superseded = try await report { month in
      month.tellAgain(.resend, customer: 5)
      month.records.deliveries[4].state = .superseded
    }
    #expect(superseded.holds, "\(superseded.findings)")
    let codes = try await findings { month in
      month.tellAgain(.resend, customer: 5)
      month.records.deliveries[4].state = .superseded
      month.accepted.append(
        Acceptance(
          delivery: month.records.deliveries[4].key, channel: .sms, at: RecordedMonth.noon,
          digest: RecordedMonth.digest(5)))
    }
    #expect(codes == [.acceptedButNotRecorded, .sentOtherwise])
  }

  @Test func `finds a message sent in a quiet slot`() async throws {
    // Noon in Seoul lies in slot 6.
    let codes = try await findings {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [6])!
    }
    #expect(codes == [.sentInQuietSlot])
    let report = try await report {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [5, 7])!
    }
    #expect(report.holds)
  }

  @Test func `finds a message that carries another bill, or went to somebody else`() async throws {
    let other = MessageDigest(content: ContentHash(of: [2]), recipientHash: [1, 1, 2])
    let bill = try await findings {
      $0.accepted[0].digest = other
      $0.records.deliveries[0].attempts[0].digest = other
    }
    #expect(bill == [.sentOtherContent])
    let recipient = try await findings {
      $0.accepted[0].digest = MessageDigest(
        content: ContentHash(of: [1]), recipientHash: [2, 1, 2])
    }
    #expect(recipient == [.sentOtherwise])
  }

  @Test func `a message that was under way for longer than its call was written before`()
    async throws
  {
    let late = try await report {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [6])!
      $0.records.deliveries[0].attempts[0].deadline = RecordedMonth.noon.adding(seconds: -1)
    }
    #expect(late.holds)
  }

  @Test func `judges a message by what was known when its attempt was opened`() async throws {
    func later(_ minutes: Int64, quiet: QuietSlots) -> ListedAttempt {
      ListedAttempt(
        channel: .email, openedAt: RecordedMonth.noon.adding(seconds: minutes * 60),
        deadline: RecordedMonth.noon.adding(seconds: minutes * 60 + 120), quietSlots: quiet,
        timeZone: "Asia/Seoul", digest: RecordedMonth.digest(1))
    }
    // Noon became quiet after the message was under way; a later attempt knows it.
    let changed = try await report {
      $0.records.deliveries[0].attempts.insert(later(5, quiet: QuietSlots(slots: [6])!), at: 0)
    }
    #expect(changed.holds)
    // The attempt just before the message knew it.
    let codes = try await findings {
      $0.records.deliveries[0].attempts.insert(later(-1, quiet: QuietSlots(slots: [6])!), at: 0)
    }
    #expect(codes == [.sentInQuietSlot])
    // One on another channel is not where it came from.
    let other = try await report {
      var attempt = later(-1, quiet: QuietSlots(slots: [6])!)
      attempt.channel = .sms
      $0.records.deliveries[0].attempts.insert(attempt, at: 0)
    }
    #expect(other.holds)
  }

  @Test func `an open delivery may have a message that is not recorded yet`() async throws {
    for state in [DeliveryState.sending, .uncertain] {
      #expect(try await report { $0.records.deliveries[0].state = state }.holds)
    }
  }

  @Test func `says that it only sampled`() async throws {
    let month = RecordedMonth()
    let report = try #require(try await month.verify(sample: 1))
    #expect(report.isSample)
    #expect(report.holds)
    #expect(report.counts.targets == 3)
  }
}

/// A small month as the stores hold it: customers 1…6 in two chunks, 6 is parked, everybody told by
/// e-mail at noon in Seoul but customer 5, whose delivery failed.
private struct RecordedMonth: AuditLedger, AuditStatements, AuditBills, AuditAcceptances {
  static let month = BillingMonth(year: 2026, month: 10)!
  static let noon = Timestamp(iso8601: "2026-11-05T12:00:00+09:00")!

  var settled: SettledMonth? = SettledMonth(isComplete: true)
  var cohort = [[1, 2, 3].map { CustomerID($0) }, [4, 5, 6].map { CustomerID($0) }]
  var records = LedgerRecords(
    statements: [], parked: [CustomerID(6)], supplemented: [], bills: [], deliveries: [])
  var stored: [HashedStatement] = []
  var objects: [String: ExaminedBill] = [:]
  var accepted: [Acceptance] = []

  init() {
    for number in Int64(1)...5 {
      let key = StatementKey(month: Self.month, customer: CustomerID(number), version: 1)
      let hash = ContentHash(of: [UInt8(number)])
      records.statements.append(
        ListedStatement(key: key, hash: hash, total: 100, isRendered: true))
      stored.append(HashedStatement(key: key, hash: hash))
      for channel in [Channel.email, .sms] {
        let bill = ListedBill(
          key: BillKey(statement: key, policy: 1, template: 1, channel: channel), size: 10,
          sha256: hash, policyChannels: [.email, .sms])
        records.bills.append(bill)
        objects[bill.key.path] = ExaminedBill(size: 10, sha256: hash)
      }
      let delivery = DeliveryKey(
        month: Self.month, customer: CustomerID(number), kind: .bill, sequence: 1)
      records.deliveries.append(
        ListedDelivery(
          key: delivery, state: number == 5 ? .failed : .accepted, version: 1,
          attempts: [
            ListedAttempt(
              channel: .email, openedAt: Self.noon.adding(seconds: -120),
              deadline: Self.noon.adding(seconds: 20), quietSlots: .none,
              timeZone: "Asia/Seoul", digest: Self.digest(number))
          ]))
      if number != 5 {
        accepted.append(
          Acceptance(
            delivery: delivery, channel: .email, at: Self.noon, digest: Self.digest(number)))
      }
    }
  }

  /// The bill of a customer, to the customer.
  static func digest(_ customer: Int64) -> MessageDigest {
    MessageDigest(
      content: ContentHash(of: [UInt8(customer)]), recipientHash: [UInt8(customer), 1, 2])
  }

  /// Another delivery of a customer, accepted at noon.
  mutating func tellAgain(_ kind: DeliveryKind, customer: Int64 = 1) {
    let key = DeliveryKey(
      month: Self.month, customer: CustomerID(customer), kind: kind, sequence: 1)
    var again = records.deliveries[0]
    again.key = key
    again.attempts[0].digest = Self.digest(customer)
    records.deliveries.append(again)
    accepted.append(
      Acceptance(delivery: key, channel: .email, at: Self.noon, digest: Self.digest(customer)))
  }

  func verify(sample: Int? = nil) async throws -> VerificationReport? {
    try await Verification(ledger: self, statements: self, bills: self, acceptances: self)
      .verify(Self.month, sample: sample)
  }

  // MARK: AuditLedger

  func settledMonth(_ month: BillingMonth) async throws -> SettledMonth? { settled }

  func records(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> LedgerRecords
  {
    LedgerRecords(
      statements: records.statements.filter { customers.contains($0.key.customer) },
      parked: records.parked.filter { customers.contains($0) },
      supplemented: records.supplemented.filter { customers.contains($0) },
      bills: records.bills.filter { customers.contains($0.key.statement.customer) },
      deliveries: records.deliveries.filter { customers.contains($0.key.customer) })
  }

  func life(of delivery: DeliveryKey) async throws -> DeliveryLife? { nil }
  func deliveries(of customer: CustomerID) async throws -> [DeliveryKey] { [] }
  func statements(of customer: CustomerID, month: BillingMonth?) async throws -> [ListedStatement] {
    records.statements.filter { $0.key.customer == customer }
  }
  func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int64] { [:] }
  func setAside(of month: BillingMonth) async throws -> [SetAsideDeliveries] { [] }
  func parking(of customer: CustomerID) async throws -> [(
    month: BillingMonth, reason: ParkingReason
  )] { [] }

  // MARK: AuditStatements, AuditBills, AuditAcceptances

  func cohortChunks(of month: BillingMonth) async throws -> [ClosedRange<CustomerID>] {
    cohort.map { $0[0]...$0[$0.count - 1] }
  }

  func cohort(of month: BillingMonth, chunk: Int) async throws -> [CustomerID] { cohort[chunk] }

  func statementHashes(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> [HashedStatement]
  {
    stored.filter { customers.contains($0.key.customer) }
  }

  func statementBody(_ key: StatementKey) async throws -> [UInt8]? { nil }

  func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?] { keys.map { objects[$0.path] } }

  func acceptances(of month: BillingMonth, _ body: @Sendable ([Acceptance]) throws -> Void)
    async throws
  {
    try body(accepted)
  }
}
