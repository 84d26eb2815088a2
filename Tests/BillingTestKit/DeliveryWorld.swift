package import Billing
package import Delivery
package import Dispatching
package import Rendering
import Synchronization

/// A ledger under test with deliveries in it, whichever store it is on.
package protocol DeliveryWorld: Sendable {
  var dispatching: any DispatchLedger { get }
  var time: any LedgerTime { get }
  var delivering: any DeliveryLedger { get }
  var operating: any OperatorLedger { get }
  var rendering: any RenderingLedger { get }

  /// Puts deliveries there as rendering does: their customers, bills and zones too.
  func seed(_ deliveries: [SeededDelivery]) async throws

  /// Changes a customer as an import does, its unfinished deliveries in the same transaction.
  func change(_ customer: SeededCustomer) async throws

  func seen(_ key: DeliveryKey) async throws -> SeenDelivery
}

package struct SeededCustomer: Sendable {
  package var id: CustomerID
  package var email: String
  package var phone: String
  package var channels: [Channel]
  package var quiet: QuietSlots
  package var timeZone: String
  package var sendDay: Int

  package init(
    _ number: Int64, channels: [Channel] = [.email, .sms], quiet: QuietSlots = .none,
    timeZone: String = "UTC", sendDay: Int = 1
  ) {
    id = CustomerID(number)
    email = "customer\(number)@example.com"
    phone = "0100000\(number)"
    self.channels = channels
    self.quiet = quiet
    self.timeZone = timeZone
    self.sendDay = sendDay
  }
}

package struct SeededDelivery: Sendable {
  package var customer: SeededCustomer
  package var key: DeliveryKey
  package var version: Int
  package var policy: DeliveryPolicy
  package var hasBill = true
  package var issue: BillIssue

  package init(
    _ customer: SeededCustomer, kind: DeliveryKind = .bill, version: Int = 1,
    issue: BillIssue = .first(dueDate: nil), policy: DeliveryPolicy = .first
  ) {
    self.issue = issue
    self.customer = customer
    key = DeliveryKey(
      month: DeliveryScene.month, customer: customer.id, kind: kind, sequence: 1)
    self.version = version
    self.policy = policy
  }

  /// The first moment of its send day.
  package var dueAt: Timestamp {
    DeliverySchedule.due(
      month: key.month, sendDay: customer.sendDay, zone: ZoneRules(customer.timeZone)!)
  }

  package func bill(on channel: Channel) -> BillKey {
    BillKey(
      statement: StatementKey(month: key.month, customer: key.customer, version: version),
      issue: issue.number, policy: policy.version, template: policy.templateVersion,
      channel: channel)
  }
}

/// What a test sees of a delivery.
package struct SeenDelivery: Hashable, Sendable {
  package struct Attempt: Hashable, Sendable {
    package var channel: Channel?
    /// 1 accepted, 2 rejected, 3 not accepted, 4 unknown; `nil` while it is open.
    package var outcome: Int?

    package init(channel: Channel?, outcome: Int?) {
      self.channel = channel
      self.outcome = outcome
    }
  }

  package var state: DeliveryState
  package var generation: Int
  package var fence: Int
  package var channel: Channel?
  package var reason: DeliveryReason?
  package var channelAttempts: Int
  package var unresolved: Int
  package var nextAt: Timestamp
  package var partition: Int?
  package var offset: Int64?
  package var attempts: [Attempt]
  /// The states of its log, in order.
  package var life: [DeliveryState]
  package var round: Int
  /// What its log says beside the transitions, each as `WHO: NOTE`.
  package var notes: [String]
  /// What providers call its messages.
  package var references: [String]

  package init(
    state: DeliveryState, generation: Int, fence: Int, channel: Channel?, reason: DeliveryReason?,
    channelAttempts: Int, unresolved: Int, nextAt: Timestamp, partition: Int?, offset: Int64?,
    attempts: [Attempt], life: [DeliveryState], round: Int = 1, notes: [String] = [],
    references: [String] = []
  ) {
    self.state = state
    self.generation = generation
    self.fence = fence
    self.channel = channel
    self.reason = reason
    self.channelAttempts = channelAttempts
    self.unresolved = unresolved
    self.nextAt = nextAt
    self.partition = partition
    self.offset = offset
    self.attempts = attempts
    self.life = life
    self.round = round
    self.notes = notes
    self.references = references
  }
}

/// What the tests of dispatch and delivery share.
package enum DeliveryScene {
  package static let month = BillingMonth(year: 2026, month: 10)!
  /// The first moment of the sending month in UTC.
  package static let start = Timestamp(iso8601: "2026-11-01T00:00:00Z")!
  package static let seal = ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32))!

  /// The bytes of a test's bill: its own path.
  package static func bytes(of bill: BillKey) -> [UInt8] { Array("bill \(bill.path)".utf8) }

  package static func hash(of bill: BillKey) -> ContentHash { ContentHash(of: bytes(of: bill)) }

  package static func policy(
    attempts: Int = 3, uncertain: DeliveryPolicy.UncertainRule = .atMostOnce, version: Int = 1
  ) -> DeliveryPolicy {
    DeliveryPolicy(
      version: version, channels: [.email, .sms], templateVersion: 1, attemptsPerChannel: attempts,
      backoffSeconds: 60, maxBackoffSeconds: 3600, uncertain: uncertain, masksNames: true,
      dueDay: 25)
  }
}

/// A bill store of a test: every bill is there as it was made, but for those set otherwise.
package final class BillShelf: BillFetch, BillRemaker {
  package enum Condition: Sendable {
    case altered
    case missing
    case unreachable
    /// Missing, and its statement makes something else now.
    case unmakeable
  }

  private let conditions: Mutex<[CustomerID: Condition]>
  private let remadeBills = Mutex<[BillKey]>([])

  package init(_ conditions: [CustomerID: Condition] = [:]) {
    self.conditions = Mutex(conditions)
  }

  package var remade: [BillKey] { remadeBills.withLock { $0 } }

  package func set(_ customer: CustomerID, _ condition: Condition?) {
    conditions.withLock { $0[customer] = condition }
  }

  package func fetch(_ keys: [BillKey]) async -> [FetchedBill] {
    keys.map { key in
      switch conditions.withLock({ $0[key.statement.customer] }) {
      case nil: .bytes(DeliveryScene.bytes(of: key))
      case .altered: .bytes([1, 2, 3])
      case .missing, .unmakeable: .missing
      case .unreachable: .unreachable
      }
    }
  }

  package func remake(_ key: BillKey, expected: ContentHash) async -> RemadeBill {
    remadeBills.withLock { $0.append(key) }
    if case .unmakeable = conditions.withLock({ $0[key.statement.customer] }) {
      return .bytes([9])
    }
    return .bytes(DeliveryScene.bytes(of: key))
  }
}
