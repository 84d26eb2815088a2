import Billing
import Rendering
import Runs

/// A statement with its customer's current data.
struct DeliverySubject {
  let id: CustomerID
  /// Of the statement.
  let version: Int
  let customer: CurrentCustomer
  /// Of the bill that the run has made.
  let dueDate: CalendarDay?

  /// Ascending by customer. The caller shares the lock on inputs: the customers stay as they are.
  static func read(
    _ request: DeliveriesRequest, in connection: PostgresConnection
  ) throws -> [DeliverySubject] {
    let range = request.chunk.range
    let statements = try SelectedRows.read(
      request.selection, customers: range.lower...range.upper, in: connection)
    let customers = try CurrentCustomerRow.read(
      statements.map(\.key.customer), in: connection)
    let dueDates = try BillRows.dueDates(
      of: statements.map(\.key), by: request.policy, in: connection)
    return statements.compactMap { statement in
      customers[statement.key.customer].map {
        DeliverySubject(
          id: statement.key.customer, version: statement.key.version, customer: $0.customer,
          dueDate: dueDates[statement.key.customer])
      }
    }
  }

  static func totals(of subjects: [DeliverySubject]) -> ChunkTotals {
    var hasher = ContentHasher()
    for subject in subjects { hasher.update(subject.id.number) }
    return ChunkTotals(count: Int64(subjects.count), sum: 0, hash: hasher.finish(), parked: 0)
  }

  func decision(
    by policy: DeliveryPolicy, _ existing: [DeliveryRow]
  ) -> DeliveryMaking.Decision {
    DeliveryMaking.decide(
      version: version, policy: policy.version, template: policy.templateVersion,
      existing: existing.map(\.existing))
  }
}

/// The deliveries of a month that customers have already.
enum ExistingDeliveries {
  typealias ByCustomer = [CustomerID: [DeliveryRow]]

  /// Of all subjects; locked for those who get a delivery beside the ones that they have, or have
  /// one that moves. What is told as it should be is left alone.
  static func lock(
    _ request: DeliveriesRequest, of subjects: [DeliverySubject],
    in connection: PostgresConnection
  ) throws -> ByCustomer {
    let month = request.selection.month
    var existing = try read(subjects.map(\.id), of: month, in: connection)
    let changing = subjects.filter { subject in
      existing[subject.id].map { subject.decision(by: request.policy, $0) != .nothing } ?? false
    }
    guard !changing.isEmpty else { return existing }
    let locked = try lock(changing.map(\.id), of: month, in: connection)
    existing.merge(locked) { _, locked in locked }
    return existing
  }

  /// Whoever adds a delivery to those that a customer has locks one of them first. So there is no
  /// other one to come when, with all of them locked, there are no more than before.
  private static func lock(
    _ customers: [CustomerID], of month: BillingMonth, in connection: PostgresConnection
  ) throws -> ByCustomer {
    var count: Int?
    while true {
      let rows = try read(customers, of: month, then: "FOR UPDATE", in: connection)
      let found = rows.values.reduce(0) { $0 + $1.count }
      if found == count { return rows }
      count = found
    }
  }

  /// Each customer's rows are a look of their own into the index of keys, in its order.
  ///
  /// - Parameter customers: ascending.
  private static func read(
    _ customers: [CustomerID], of month: BillingMonth, then locking: String = "",
    in connection: PostgresConnection
  ) throws -> ByCustomer {
    var rows: ByCustomer = [:]
    try connection.query(
      """
      SELECT \(DeliveryRow.columns) FROM unnest($2::bigint[]) AS k (customer_id)
      CROSS JOIN LATERAL (
        SELECT * FROM deliveries WHERE month = $1 AND customer_id = k.customer_id
        ORDER BY kind, sequence OFFSET 0 \(locking)
      ) d
      """, month, IntegerColumn(customers) { $0 }
    ) {
      let row = try DeliveryRow($0)
      rows[row.key.customer, default: []].append(row)
    }
    return rows
  }
}

/// The deliveries of one chunk, new and moved.
struct DeliveriesInMaking {
  private let month: BillingMonth
  private let policy: DeliveryPolicy
  private let now: Timestamp
  private var new = MadeDeliveries()
  private var moved: DeliveryChanges
  private var sendDays: SendDays

  /// In the deliveries' log.
  private static let who = "render"

  init(_ request: DeliveriesRequest, at now: Timestamp) {
    month = request.selection.month
    policy = request.policy
    self.now = now
    moved = DeliveryChanges(at: now)
    sendDays = SendDays(request.selection.month)
  }

  mutating func take(_ subject: DeliverySubject, _ existing: [DeliveryRow]) throws {
    switch subject.decision(by: policy, existing) {
    case .nothing: break
    case .make(let kind, let sequence): try make(kind, sequence, for: subject)
    case .move(let deliveries):
      for row in existing where deliveries.contains(row.existing) { try move(row, of: subject) }
    }
  }

  func write(in connection: PostgresConnection) throws {
    try new.write(in: connection)
    try moved.write(in: connection)
  }

  private mutating func make(
    _ kind: DeliveryKind, _ sequence: Int, for subject: DeliverySubject
  ) throws {
    guard let due = sendDays.due(subject.customer) else {
      throw PostgresLedger.damaged("a customer's time zone is unknown")
    }
    let key = DeliveryKey(month: month, customer: subject.id, kind: kind, sequence: sequence)
    new.add(
      DeliveryMaking.make(
        key, version: subject.version, issue: try issue(of: subject), policy: policy,
        customer: subject.customer, due: due, at: now),
      who: Self.who)
  }

  private mutating func issue(of subject: DeliverySubject) throws -> BillIssue {
    guard let zone = sendDays.rules(of: subject.customer.timeZone) else {
      throw PostgresLedger.damaged("a customer's time zone is unknown")
    }
    return DeliveryMaking.issue(
      dueDate: subject.dueDate, of: month, for: subject.customer, zone: zone, policy: policy,
      at: now)
  }

  /// A delivery that has not begun goes with another bill; whoever had it finds its generation
  /// changed (R4).
  private mutating func move(_ existing: DeliveryRow, of subject: DeliverySubject) throws {
    let usable = subject.customer.usable(under: policy)
    var row = existing
    (row.record.state, row.record.reason) = DeliveryMaking.move(
      existing.existing, usable: usable, suppression: subject.customer.suppression(usable: usable))
    row.record.version = subject.version
    row.record.issue =
      existing.record.key.kind == .resend ? .first(dueDate: nil) : try issue(of: subject)
    row.record.policy = policy.version
    row.record.template = policy.templateVersion
    row.record.usable = usable
    row.record.channel = usable.first
    row.record.generation += 1
    row.record.closed = []
    row.record.channelAttempts = 0
    if row.record.state == .planned { row.record.nextAt = row.record.dueAt }
    row.record.letGo()
    moved.save(row, who: Self.who, logged: true)
  }
}

extension DeliveryRow {
  fileprivate var existing: DeliveryMaking.Existing {
    DeliveryMaking.Existing(
      kind: record.key.kind, sequence: record.key.sequence, state: record.state,
      isBegun: record.isBegun, version: record.version, policy: record.policy,
      template: record.template)
  }
}
