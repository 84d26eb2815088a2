import Audit
import Billing
import Synchronization
import Testing

@Suite("The proof of a month that others work on")
struct VerificationUnderWayTests {
  typealias Step = @Sendable (inout RecordedMonth) -> Void

  /// What really happens to customer 1, step by step, in the order in which it is written.
  struct Life: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var before: Step
    var steps: [Step]
  }

  /// The first step comes after that many readings, each other one so many later.
  private static let starts = 0..<14
  private static let gaps = 0...4

  @Test("what others write between any two readings is no contradiction", arguments: lives)
  func betweenReadings(_ life: Life) async throws {
    for start in Self.starts {
      for gap in Self.gaps {
        var month = RecordedMonth()
        life.before(&month)
        let changing = ChangingMonth(month, steps: life.steps, start: start, gap: gap)
        let report = try #require(try await changing.verify())
        #expect(report.isConsistent, "\(start), \(gap): \(report.findings)")
        let counts = report.counts
        #expect(
          counts.acceptedMessages == counts.deliveries[.accepted, default: 0]
            + counts.unrecordedMessages, "\(start), \(gap)")
        // What came of it in the end is right too.
        changing.finish()
        let after = try #require(try await changing.verify())
        #expect(after.isConsistent, "\(after.findings)")
      }
    }
  }

  @Test("what is wrong stays wrong, however often it is looked at", arguments: lives)
  func found(_ life: Life) async throws {
    for start in Self.starts {
      var month = RecordedMonth()
      life.before(&month)
      month.accepted.append(month.accepted[month.accepted.count - 1])
      month.stored[2].hash = ContentHash(of: [99])
      let changing = ChangingMonth(month, steps: life.steps, start: start, gap: 1)
      let report = try #require(try await changing.verify())
      #expect(report.findings.map(\.code) == [.acceptedTwice, .statementAltered], "\(start)")
      #expect(report.findings.map(\.count) == [1, 1])
    }
  }

  @Test("who changes between all looks is counted apart, and nowhere by half")
  func restless() async throws {
    let one = CustomerID(1)
    let toggles: [Step] = (0..<30).flatMap { _ -> [Step] in
      [
        { $0.records.parked.insert(one, at: 0) },
        {
          $0.records.parked.removeFirst()
          $0.records.statements.removeFirst()
          $0.stored.removeFirst()
        },
        {
          let calm = RecordedMonth()
          $0.records.statements.insert(calm.records.statements[0], at: 0)
          $0.stored.insert(calm.stored[0], at: 0)
        },
      ]
    }
    var unjudged: Set<Int64> = []
    for start in Self.starts {
      for gap in 0...8 {
        let changing = ChangingMonth(RecordedMonth(), steps: toggles, start: start, gap: gap)
        let report = try #require(try await changing.verify())
        let counts = report.counts
        #expect(
          counts.targets == counts.settledCustomers + counts.parked + counts.unsettled
            || !report.findings.isEmpty, "\(start), \(gap): \(counts)")
        if counts.unjudged > 0 { #expect(!report.isComplete && counts.targets == 5) }
        unjudged.insert(counts.unjudged)
      }
    }
    #expect(unjudged == [0, 1])
  }

  @Test("many that look wrong are looked at again in one piece, and counted once")
  func many() async throws {
    var month = RecordedMonth()
    month.grow(to: 500)
    let alright = try #require(try await month.verify())
    #expect(alright.isConsistent, "\(alright.findings)")
    #expect(alright.counts.deliveries[.accepted] == 499)
    // Every message arrives between the reading of the rows and of the providers' ledgers.
    let rows = month.records.deliveries
    for position in month.records.deliveries.indices {
      month.records.deliveries[position].state = .claimed
      month.records.deliveries[position].attempts = []
    }
    let messages = month.accepted
    month.accepted = []
    let changing = ChangingMonth(
      month, steps: [{ $0.accepted = messages }, { $0.records.deliveries = rows }], start: 5,
      gap: 1)
    let report = try #require(try await changing.verify())
    #expect(report.isConsistent, "\(report.findings)")
    #expect(report.counts.targets == 501 && report.counts.statements == 500)
    changing.finish()
    var wrong = month
    wrong.accepted = messages
    let codes = try #require(try await wrong.verify()).findings
    #expect(codes.map(\.code) == [.acceptedButNotRecorded, .sentOtherwise])
    #expect(codes.map(\.count) == [499, 499])
  }

  @Test("a range of customers is asked for at a time, the ledger's rows before all else")
  func order() async throws {
    var month = RecordedMonth()
    month.grow(to: 500)
    let changing = ChangingMonth(month, steps: [], start: 0, gap: 0)
    _ = try await changing.verify()
    let readings = changing.readings
    for (position, reading) in readings.enumerated() where reading.what != .rows {
      #expect(readings[..<position].contains { $0.what == .rows && $0.span == reading.span })
    }
    let spans = readings.filter { $0.what == .messages }.map(\.span)
    #expect(spans.count == 2, "one for each chunk")
    #expect(
      spans.first?.lowerBound == CustomerID(.min) && spans.last?.upperBound == CustomerID(.max))
  }

  // MARK: Lives

  private static let lives = [
    Life(
      testDescription: "is sent", before: { $0.plan() },
      steps: [
        { $0[0].state = .queued }, { $0[0].state = .claimed }, { $0.intend() }, { $0.take() },
        { $0.recordAccepted() },
      ]),
    Life(
      testDescription: "is uncertain, and looked up", before: { $0.plan() },
      steps: [
        { $0[0].state = .claimed }, { $0.intend() }, { $0.take() }, { $0.loseAnswer() },
        { $0.recordAccepted() },
      ]),
    Life(
      testDescription: "is sent again under its key", before: { $0.plan() },
      steps: [
        { $0[0].state = .claimed }, { $0.intend() }, { $0.take() }, { $0.loseAnswer() },
        { $0[0].state = .planned }, { $0[0].state = .queued }, { $0[0].state = .claimed },
        { $0.intend() }, { $0.recordAccepted() },
      ]),
    Life(
      testDescription: "fails, and is sent again by a delivery of its own",
      before: {
        $0.plan()
        $0[0].state = .failed
      },
      steps: [
        {
          $0[0].state = .superseded
          $0.addDelivery(.resend, version: 1)
        }, { $0.intend(1) }, { $0.take(1) }, { $0.recordAccepted(1) },
      ]),
    Life(
      testDescription: "is corrected before it was sent", before: { $0.plan() },
      steps: correction + [
        {
          $0.listBills()
          $0[0].state = .superseded
          $0.addDelivery(.correction, version: 2)
        },
        { $0.finishRun() }, { $0.intend(1) }, { $0.take(1) }, { $0.recordAccepted(1) },
      ]),
    Life(
      testDescription: "is corrected after it was sent", before: { _ in },
      steps: correction + [
        {
          $0.listBills()
          $0.addDelivery(.correction, version: 2)
        },
        { $0.finishRun() }, { $0.intend(1) }, { $0.take(1) }, { $0.recordAccepted(1) },
      ]),
    Life(
      testDescription: "has a bill that is made again", before: { _ in },
      steps: [
        { $0.objects[$0.records.bills[0].key.path] = nil },
        { $0.objects[$0.records.bills[0].key.path] = $0.objects[$0.records.bills[1].key.path] },
      ]),
  ]

  private static let correction: [Step] = [
    {
      $0.settled = SettledMonth(isComplete: false)
      $0.records.isSettling = true
    },
    { $0.storeCorrection() }, { $0.listCorrection() }, { $0.records.isSettling = false },
    { $0.storeBills() },
  ]
}

/// What happens to the first customer's deliveries, in a recorded month.
extension RecordedMonth {
  subscript(_ delivery: Int) -> ListedDelivery {
    get { records.deliveries[delivery] }
    set { records.deliveries[delivery] = newValue }
  }

  private var customer: CustomerID { CustomerID(1) }
  private var corrected: StatementKey {
    StatementKey(month: Self.month, customer: customer, version: 2)
  }
  private static let correctedHash = ContentHash(of: [101])

  mutating func plan() {
    records.deliveries[0].state = .planned
    records.deliveries[0].attempts = []
    accepted.removeFirst()
  }

  private func digest(of delivery: Int) -> MessageDigest {
    var digest = Self.digest(1)
    if records.deliveries[delivery].bill.version == 2 { digest.content = Self.correctedHash }
    return digest
  }

  mutating func intend(_ delivery: Int = 0) {
    records.deliveries[delivery].state = .sending
    records.deliveries[delivery].attempts.insert(
      ListedAttempt(
        provider: "http-email", isAccepted: false, channel: .email,
        openedAt: Self.noon.adding(seconds: -1), deadline: Self.noon.adding(seconds: 20),
        quietSlots: .none, timeZone: "Asia/Seoul", digest: digest(of: delivery)), at: 0)
  }

  mutating func take(_ delivery: Int = 0) {
    accepted.append(
      Acceptance(
        delivery: records.deliveries[delivery].key, channel: .email, at: Self.noon,
        digest: digest(of: delivery)))
  }

  mutating func recordAccepted(_ delivery: Int = 0) {
    records.deliveries[delivery].state = .accepted
    records.deliveries[delivery].unresolved = 0
    records.deliveries[delivery].attempts[0].isAccepted = true
  }

  mutating func loseAnswer() {
    records.deliveries[0].state = .uncertain
    records.deliveries[0].unresolved = 1
  }

  /// Beside the customer's first.
  mutating func addDelivery(_ kind: DeliveryKind, version: Int) {
    records.deliveries.insert(
      ListedDelivery(
        key: DeliveryKey(month: Self.month, customer: customer, kind: kind, sequence: 1),
        state: .planned, bill: ListedIssue(version: version), attempts: []), at: 1)
  }

  mutating func storeCorrection() {
    stored.insert(HashedStatement(key: corrected, hash: Self.correctedHash), at: 1)
  }

  mutating func listCorrection() {
    records.statements.insert(
      ListedStatement(key: corrected, hash: Self.correctedHash, total: 90, isRendered: false),
      at: 1)
  }

  private var correctedBills: [ListedBill] {
    [Channel.email, .sms].map { channel in
      var bill = records.bills[0]
      bill.key.statement = corrected
      bill.key.channel = channel
      bill.sha256 = Self.correctedHash
      return bill
    }
  }

  mutating func storeBills() {
    for bill in correctedBills {
      objects[bill.key.path] = ExaminedBill(size: bill.size, sha256: bill.sha256)
    }
  }

  mutating func listBills() {
    records.bills.insert(contentsOf: correctedBills, at: 2)
  }

  mutating func finishRun() {
    records.statements[1].isRendered = true
    settled = SettledMonth(isComplete: true)
  }

  /// More customers like the first, in the second chunk.
  mutating func grow(to count: Int64) {
    for number in 7...count + 1 {
      let one = CustomerID(1)
      func its(_ key: StatementKey) -> StatementKey {
        StatementKey(month: key.month, customer: CustomerID(number), version: key.version)
      }
      cohort[1].append(CustomerID(number))
      for var statement in records.statements where statement.key.customer == one {
        statement.key = its(statement.key)
        records.statements.append(statement)
        stored.append(HashedStatement(key: statement.key, hash: statement.hash))
      }
      for var bill in records.bills where bill.key.statement.customer == one {
        bill.key.statement = its(bill.key.statement)
        records.bills.append(bill)
        objects[bill.key.path] = ExaminedBill(size: bill.size, sha256: bill.sha256)
      }
      var delivery = records.deliveries[0]
      delivery.key.customer = CustomerID(number)
      records.deliveries.append(delivery)
      var message = accepted[0]
      message.delivery = delivery.key
      accepted.append(message)
    }
  }
}

/// A month that changes after the readings that it is told.
private final class ChangingMonth: AuditLedger, AuditStatements, AuditBills, AuditAcceptances {
  struct Reading: Hashable, Sendable {
    enum What: Hashable, Sendable { case rows, statements, messages }
    var what: What
    var span: ClosedRange<CustomerID>
  }

  private struct State {
    var month: RecordedMonth
    var steps: [VerificationUnderWayTests.Step]
    var readings = 0
    var spans: [Reading] = []
  }

  private let state: Mutex<State>
  private let start: Int
  private let gap: Int

  init(
    _ month: RecordedMonth, steps: [VerificationUnderWayTests.Step], start: Int, gap: Int
  ) {
    state = Mutex(State(month: month, steps: steps))
    self.start = start
    self.gap = gap
  }

  var readings: [Reading] { state.withLock { $0.spans } }

  /// Whatever has not happened yet.
  func finish() {
    state.withLock { state in
      for step in state.steps { step(&state.month) }
      state.steps = []
    }
  }

  func verify() async throws -> VerificationReport? {
    try await Verification(
      ledger: self, statements: self, bills: self, acceptances: self,
      clock: SimulatedClock(at: RecordedMonth.noon)
    ).verify(RecordedMonth.month)
  }

  /// The month as it is at this reading; what is due after it happens.
  private func read(_ reading: Reading? = nil) -> RecordedMonth {
    state.withLock { state in
      let seen = state.month
      if let reading { state.spans.append(reading) }
      state.readings += 1
      while !state.steps.isEmpty, state.readings > start {
        if gap > 0, (state.readings - start - 1) % gap != 0 { break }
        state.steps.removeFirst()(&state.month)
        if gap > 0 { break }
      }
      return seen
    }
  }

  func settledMonth(_ month: BillingMonth) async throws -> SettledMonth? {
    try await read().settledMonth(month)
  }

  func records(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> LedgerRecords
  {
    try await read(Reading(what: .rows, span: customers)).records(of: month, customers: customers)
  }

  func life(of delivery: DeliveryKey) async throws -> DeliveryLife? { nil }
  func deliveries(of customer: CustomerID) async throws -> [DeliveryKey] { [] }
  func statements(of customer: CustomerID, month: BillingMonth?) async throws -> [ListedStatement] {
    []
  }
  func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int64] { [:] }
  func setAside(of month: BillingMonth) async throws -> [SetAsideDeliveries] { [] }
  func parking(of customer: CustomerID) async throws -> [(
    month: BillingMonth, reason: ParkingReason
  )] { [] }

  func cohortChunks(of month: BillingMonth) async throws -> [ClosedRange<CustomerID>] {
    try await read().cohortChunks(of: month)
  }

  func cohort(of month: BillingMonth, chunk: Int) async throws -> [CustomerID] {
    try await read().cohort(of: month, chunk: chunk)
  }

  func statementHashes(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> [HashedStatement]
  {
    try await read(Reading(what: .statements, span: customers))
      .statementHashes(of: month, customers: customers)
  }

  func statementBody(_ key: StatementKey) async throws -> [UInt8]? { nil }

  func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?] { try await read().examine(keys) }

  func readableProviders() async throws -> Set<String> { try await read().readableProviders() }

  func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Acceptance] {
    try await read(Reading(what: .messages, span: customers))
      .acceptances(of: month, customers: customers)
  }
}
