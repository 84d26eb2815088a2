import Audit
import Billing

/// A small month as the stores hold it: customers 1…6 in two chunks, 6 is parked, everybody told by
/// e-mail at noon in Seoul but customer 5, whose delivery failed.
struct RecordedMonth: AuditLedger, AuditStatements, AuditBills, AuditAcceptances {
  static let month = BillingMonth(year: 2026, month: 10)!
  static let noon = Timestamp(iso8601: "2026-11-05T12:00:00+09:00")!

  var settled: SettledMonth? = SettledMonth(isComplete: true)
  var cohort = [[1, 2, 3].map { CustomerID($0) }, [4, 5, 6].map { CustomerID($0) }]
  var records = LedgerRecords(
    isSettling: false, statements: [], parked: [CustomerID(6)], supplemented: [], bills: [],
    deliveries: [])
  var stored: [HashedStatement] = []
  var objects: [String: ExaminedBill] = [:]
  var accepted: [Acceptance] = []
  var readable: Set<String> = ["http-email", "http-sms"]

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
          key: delivery, state: number == 5 ? .failed : .accepted,
          bill: ListedIssue(version: 1),
          attempts: [
            ListedAttempt(
              provider: "http-email", isAccepted: number != 5, channel: .email,
              openedAt: Self.noon.adding(seconds: -120),
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

  mutating func empty() {
    cohort = []
    records = LedgerRecords(
      isSettling: false, statements: [], parked: [], supplemented: [], bills: [], deliveries: [])
    stored = []
    accepted = []
  }

  func verify(sample: Int? = nil) async throws -> VerificationReport? {
    try await Verification(
      ledger: self, statements: self, bills: self, acceptances: self,
      clock: SimulatedClock(at: Self.noon)
    ).verify(Self.month, sample: sample)
  }

  // MARK: AuditLedger

  func settledMonth(_ month: BillingMonth) async throws -> SettledMonth? { settled }

  func records(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> LedgerRecords
  {
    LedgerRecords(
      isSettling: records.isSettling,
      statements: records.statements.filter { customers.contains($0.key.customer) },
      parked: records.parked.filter { customers.contains($0) },
      supplemented: records.supplemented.filter { customers.contains($0) },
      bills: records.bills.filter { customers.contains($0.key.statement.customer) },
      deliveries: records.deliveries.filter { customers.contains($0.key.customer) }
        .sorted { $0.key < $1.key })
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

  func readableProviders() async throws -> Set<String> { readable }

  func acceptances(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [Acceptance] {
    accepted.filter { customers.contains($0.delivery.customer) }
      .sorted { $0.delivery < $1.delivery }
  }
}
