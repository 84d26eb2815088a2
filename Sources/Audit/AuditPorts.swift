package import Billing

/// What the proof and the explanations read from the ledger. Every call is one reading transaction.
package protocol AuditLedger: Sendable {
  /// Whether, and as what, the month was settled; `nil` when it was not.
  func settledMonth(_ month: BillingMonth) async throws -> SettledMonth?

  /// What the ledger holds about a range of customers, each list in key order.
  func records(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> LedgerRecords

  /// Everything that happened to a delivery; `nil` when there is none with this key.
  func life(of delivery: DeliveryKey) async throws -> DeliveryLife?

  /// A customer's deliveries, by month.
  func deliveries(of customer: CustomerID) async throws -> [DeliveryKey]

  /// A customer's statements, by month and version; only those of one month where it is given.
  func statements(of customer: CustomerID, month: BillingMonth?) async throws -> [ListedStatement]

  /// Deliveries of a month by state.
  func deliveryCounts(of month: BillingMonth) async throws -> [DeliveryState: Int64]

  /// Deliveries of a month that are failed, uncertain, held or suppressed, by state and reason.
  func setAside(of month: BillingMonth) async throws -> [SetAsideDeliveries]

  /// Whether the customer is parked in that month, and why.
  func parking(of customer: CustomerID) async throws -> [(
    month: BillingMonth, reason: ParkingReason
  )]
}

/// What the proof reads from the statement store.
package protocol AuditStatements: Sendable {
  /// The frozen cohort of a regular run, in chunks, ascending.
  func cohortChunks(of month: BillingMonth) async throws -> [ClosedRange<CustomerID>]

  /// The customers of the cohort's chunk at a position, ascending.
  func cohort(of month: BillingMonth, chunk: Int) async throws -> [CustomerID]

  /// Every statement stored for the range, its body hashed.
  func statementHashes(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> [HashedStatement]

  func statementBody(_ key: StatementKey) async throws -> [UInt8]?
}

/// What the proof reads from the bill store.
package protocol AuditBills: Sendable {
  /// Size and digest of each object as it lies there, in the order asked; `nil` where it is missing.
  func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?]
}

/// What the proof reads from the providers' own ledgers.
package protocol AuditAcceptances: Sendable {
  /// The providers whose ledgers can be read here, by the names that attempts are stored under. What
  /// the others took cannot be compared.
  func readableProviders() async throws -> Set<String>

  /// Every message that was accepted for a month and customers of a range, in the order of the
  /// deliveries' keys. What a provider had taken before the call is among it.
  func acceptances(of month: BillingMonth, customers: ClosedRange<CustomerID>) async throws
    -> [Acceptance]
}

/// Deliveries that wait for somebody, or for nobody any more, for the same reason.
package struct SetAsideDeliveries: Hashable, Sendable {
  package var state: DeliveryState
  package var reason: String?
  package var count: Int64
  /// Since when the first of them is in this state.
  package var since: Timestamp

  package init(state: DeliveryState, reason: String?, count: Int64, since: Timestamp) {
    self.state = state
    self.reason = reason
    self.count = count
    self.since = since
  }
}

package struct SettledMonth: Hashable, Sendable {
  /// Every run of both jobs is completed.
  package var isComplete: Bool

  package init(isComplete: Bool) {
    self.isComplete = isComplete
  }
}

package struct LedgerRecords: Sendable {
  /// A settlement of the month is under way, or failed: some of its statements may lie in their
  /// store and not be listed yet, and its supplement's customers may have none.
  package var isSettling: Bool
  package var statements: [ListedStatement]
  /// Customers who are parked and have no statement.
  package var parked: [CustomerID]
  /// Whom the month's supplements were about, most of them in the frozen cohort too.
  package var supplemented: [CustomerID]
  package var bills: [ListedBill]
  package var deliveries: [ListedDelivery]

  package init(
    isSettling: Bool, statements: [ListedStatement], parked: [CustomerID],
    supplemented: [CustomerID], bills: [ListedBill], deliveries: [ListedDelivery]
  ) {
    self.isSettling = isSettling
    self.statements = statements
    self.parked = parked
    self.supplemented = supplemented
    self.bills = bills
    self.deliveries = deliveries
  }
}

package struct ListedStatement: Hashable, Sendable {
  package var key: StatementKey
  package var hash: ContentHash
  package var total: Int64
  /// Its bills were made, and a delivery with them.
  package var isRendered: Bool

  package init(key: StatementKey, hash: ContentHash, total: Int64, isRendered: Bool) {
    self.key = key
    self.hash = hash
    self.total = total
    self.isRendered = isRendered
  }
}

package struct ListedBill: Hashable, Sendable {
  package var key: BillKey
  package var size: Int
  package var sha256: ContentHash
  /// The channels of the policy that it was made by.
  package var policyChannels: [Channel]

  package init(key: BillKey, size: Int, sha256: ContentHash, policyChannels: [Channel]) {
    self.key = key
    self.size = size
    self.sha256 = sha256
    self.policyChannels = policyChannels
  }
}

/// An issue of a statement's bill, as a delivery names it.
package struct ListedIssue: Hashable, Sendable {
  /// Of the statement.
  package var version: Int
  package var number: Int
  package var policy: Int
  package var template: Int
  /// Its bills are still to be made.
  package var isAwaited: Bool

  package init(
    version: Int, number: Int = 1, policy: Int = 1, template: Int = 1, isAwaited: Bool = false
  ) {
    self.version = version
    self.number = number
    self.policy = policy
    self.template = template
    self.isAwaited = isAwaited
  }

  /// Whether that is a bill of it, on whichever channel.
  package func contains(_ bill: BillKey) -> Bool {
    bill.statement.version == version && bill.issue == number && bill.policy == policy
      && bill.template == template
  }
}

package struct ListedDelivery: Hashable, Sendable {
  package var key: DeliveryKey
  package var state: DeliveryState
  /// What it tells of.
  package var bill: ListedIssue
  /// Attempts under its key of which nobody knows whether they were taken.
  package var unresolved: Int
  /// The latest first.
  package var attempts: [ListedAttempt]

  package init(
    key: DeliveryKey, state: DeliveryState, bill: ListedIssue, unresolved: Int = 0,
    attempts: [ListedAttempt]
  ) {
    self.key = key
    self.state = state
    self.bill = bill
    self.unresolved = unresolved
    self.attempts = attempts
  }
}

/// An attempt to send, with what was known when it was opened: the customer may have changed it
/// since.
package struct ListedAttempt: Hashable, Sendable {
  package var provider: String
  /// The ledger says that the provider took it.
  package var isAccepted: Bool
  package var channel: Channel
  package var openedAt: Timestamp
  /// The call was over by then, whatever arrived later.
  package var deadline: Timestamp
  package var quietSlots: QuietSlots
  package var timeZone: String
  package var digest: MessageDigest

  package init(
    provider: String, isAccepted: Bool, channel: Channel, openedAt: Timestamp,
    deadline: Timestamp, quietSlots: QuietSlots, timeZone: String, digest: MessageDigest
  ) {
    self.provider = provider
    self.isAccepted = isAccepted
    self.digest = digest
    self.channel = channel
    self.openedAt = openedAt
    self.deadline = deadline
    self.quietSlots = quietSlots
    self.timeZone = timeZone
  }
}

package struct HashedStatement: Hashable, Sendable {
  package var key: StatementKey
  /// Of the body as it lies there.
  package var hash: ContentHash

  package init(key: StatementKey, hash: ContentHash) {
    self.key = key
    self.hash = hash
  }
}

package struct ExaminedBill: Hashable, Sendable {
  package var size: Int
  package var sha256: ContentHash

  package init(size: Int, sha256: ContentHash) {
    self.size = size
    self.sha256 = sha256
  }
}

/// One message that a provider took.
package struct Acceptance: Hashable, Sendable {
  package var delivery: DeliveryKey
  package var channel: Channel
  package var at: Timestamp
  package var digest: MessageDigest

  package init(delivery: DeliveryKey, channel: Channel, at: Timestamp, digest: MessageDigest) {
    self.delivery = delivery
    self.channel = channel
    self.at = at
    self.digest = digest
  }
}

/// What a message carries and whom it is for, as far as it can be compared.
package struct MessageDigest: Hashable, Sendable {
  /// Of the bill's bytes.
  package var content: ContentHash
  /// The first eight bytes of the keyed hash of the address or number.
  package var recipient: UInt64

  package init(content: ContentHash, recipientHash: some Sequence<UInt8>) {
    self.content = content
    recipient = recipientHash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Everything that happened to a delivery, in order.
package struct DeliveryLife: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var at: Timestamp
    package var state: DeliveryState
    package var generation: Int64
    package var fence: Int64
    package var channel: Channel?
    package var reason: String?
    package var who: String?
    /// Queued: the end of the slot it was to go in.
    package var slotEnd: Timestamp?
    /// What an operator did and why; what an import changed.
    package var note: String?

    package init(
      at: Timestamp, state: DeliveryState, generation: Int64, fence: Int64, channel: Channel?,
      reason: String?, who: String?, slotEnd: Timestamp? = nil, note: String? = nil
    ) {
      self.at = at
      self.state = state
      self.generation = generation
      self.fence = fence
      self.channel = channel
      self.reason = reason
      self.who = who
      self.slotEnd = slotEnd
      self.note = note
    }
  }

  package struct Attempt: Hashable, Sendable {
    package var number: Int
    package var channel: Channel?
    package var round: Int
    package var provider: String
    package var openedAt: Timestamp
    package var closedAt: Timestamp?
    /// `accepted`, `rejected`, `notAccepted`, `unknown`; `nil` while it is open.
    package var outcome: String?
    package var reference: String?
    package var reason: String?

    package init(
      number: Int, channel: Channel?, round: Int, provider: String, openedAt: Timestamp,
      closedAt: Timestamp?, outcome: String?, reference: String?, reason: String?
    ) {
      self.number = number
      self.channel = channel
      self.round = round
      self.provider = provider
      self.openedAt = openedAt
      self.closedAt = closedAt
      self.outcome = outcome
      self.reference = reference
      self.reason = reason
    }
  }

  package var key: DeliveryKey
  package var state: DeliveryState
  package var reason: String?
  package var version: Int
  package var channels: [Channel]
  package var quietSlots: QuietSlots
  package var timeZone: String
  package var dueAt: Timestamp
  package var nextAt: Timestamp
  package var entries: [Entry]
  package var attempts: [Attempt]
  /// Of the bill, beside its version.
  package var issue: Int
  /// By when the bill is to be paid; `nil` where nothing is, and for a resend.
  package var dueDate: CalendarDay?

  package init(
    key: DeliveryKey, state: DeliveryState, reason: String?, version: Int, channels: [Channel],
    quietSlots: QuietSlots, timeZone: String, dueAt: Timestamp, nextAt: Timestamp,
    entries: [Entry], attempts: [Attempt], issue: Int = 1, dueDate: CalendarDay? = nil
  ) {
    self.issue = issue
    self.dueDate = dueDate
    self.key = key
    self.state = state
    self.reason = reason
    self.version = version
    self.channels = channels
    self.quietSlots = quietSlots
    self.timeZone = timeZone
    self.dueAt = dueAt
    self.nextAt = nextAt
    self.entries = entries
    self.attempts = attempts
  }
}
