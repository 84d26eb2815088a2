import Billing
import Rendering
import Runs

/// Makes deliveries out of a chunk's statements, in the transaction of its checkpoint.
enum DeliveryRows {
  static func make(
    _ request: DeliveriesRequest, at now: Timestamp, in connection: Connection
  ) throws -> CheckpointOutcome {
    let subjects = try subjects(of: request, in: connection)
    var hasher = ContentHasher()
    for subject in subjects { hasher.update(subject.customer.number) }
    let totals = ChunkTotals(
      count: Int64(subjects.count), sum: 0, hash: hasher.finish(), parked: 0)
    let outcome = try RunRows.checkpoint(request.chunk, totals: totals, in: connection)
    guard outcome == .committed else { return .lost }
    var writer = try DeliveryWriter(connection, request: request, now: now)
    for subject in subjects { try writer.take(subject) }
    try writer.noteZones()
    return .committed
  }

  /// A statement with its customer's current data and the deliveries of the month that are there.
  struct Subject {
    let customer: CustomerID
    let version: Int
    let current: CurrentCustomer
    /// Of the bill that the run has made.
    let dueDate: CalendarDay?
    var existing: [DeliveryMaking.Existing] = []
  }

  static func subjectsQuery(_ selection: RenderingSelection) -> String {
    """
    SELECT m.customer_id, m.version, c.channels, length(c.email_sealed), length(c.phone_sealed),
      c.quiet_mask, c.time_zone, c.send_day, d.kind, d.sequence, d.state, d.begun, d.version,
      d.policy, d.template, b.due_date
    FROM (\(SelectedRows.statements(selection))) m
    CROSS JOIN customers c ON c.customer_id = m.customer_id AND c.recorded_to = ?4
    LEFT JOIN deliveries d INDEXED BY deliveries_key
      ON d.month = ?1 AND d.customer_id = m.customer_id
    LEFT JOIN bills b ON b.month = ?1 AND b.customer_id = m.customer_id AND b.version = m.version
      AND b.policy = ?6 AND b.template = ?7 AND b.issue = 1 AND b.channel = ?8
    ORDER BY m.customer_id
    """
  }

  /// One ordered pass: a customer without deliveries has one row, others one for each.
  private static func subjects(
    of request: DeliveriesRequest, in connection: Connection
  ) throws -> [Subject] {
    var subjects: [Subject] = []
    subjects.reserveCapacity(request.chunk.range.items)
    let selection = request.selection
    try connection.query(
      subjectsQuery(selection), selection.month, selection.run, request.chunk.range.lower,
      Int64.max, request.chunk.range.upper, request.policy.version,
      request.policy.templateVersion, request.policy.billChannels.first?.code ?? 0
    ) { row in
      let customer = CustomerID(row.integer(0))
      if subjects.last?.customer != customer { subjects.append(try Subject(row, customer)) }
      if !row.isNull(8) { subjects[subjects.count - 1].existing.append(try .init(row)) }
    }
    return subjects
  }
}

extension DeliveryRows.Subject {
  fileprivate init(_ row: Statement, _ customer: CustomerID) throws {
    self.customer = customer
    version = row.int(1)
    current = try CurrentCustomer(row, at: 2)
    dueDate = row.optionalDay(15)
  }
}

extension DeliveryMaking.Existing {
  fileprivate init(_ row: Statement) throws {
    guard let kind = DeliveryKind(code: row.int(8)), let state = DeliveryState(code: row.int(10))
    else { throw DeliveryRow.damaged("a kind or a state is out of range") }
    self.init(
      kind: kind, sequence: row.int(9), state: state, isBegun: row.integer(11) != 0,
      version: row.int(12), policy: row.int(13), template: row.int(14))
  }
}

/// Writes the deliveries of one chunk.
private struct DeliveryWriter {
  private let connection: Connection
  private let month: BillingMonth
  private let policy: DeliveryPolicy
  private let now: Timestamp
  private let new: MadeDeliveries
  private let move: Statement
  private let logMoved: Statement
  /// Makes the entry just logged the delivery's latest.
  private let link: Statement
  private var sendDays: SendDays

  init(_ connection: Connection, request: DeliveriesRequest, now: Timestamp) throws {
    self.connection = connection
    month = request.selection.month
    policy = request.policy
    self.now = now
    sendDays = SendDays(request.selection.month)
    new = try MadeDeliveries(connection)
    move = try connection.statement(
      """
      UPDATE deliveries SET state = ?5, reason = ?6, version = ?7, policy = ?8, template = ?9,
        channels = ?10, channel = ?11, next_at = CASE WHEN ?5 = 1 THEN due_at ELSE next_at END,
        generation = generation + 1, closed_channels = 0, channel_attempts = 0, owner = NULL,
        lease_until = 0, slot_end = 0, published_at = NULL, partition = NULL, offset = NULL,
        changed_at = ?12, issue = ?13, due_date = ?14, awaits_bill = ?15, goes_past_due = 0
      WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
      """)
    logMoved = try connection.statement(
      """
      INSERT INTO delivery_log (previous, month, customer_id, kind, sequence, at, state, generation,
        fence, channel, reason, who)
      SELECT last_entry, month, customer_id, kind, sequence, changed_at, state, generation, fence,
        channel, reason, ?5 FROM deliveries
      WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
      """)
    link = try connection.statement(
      """
      UPDATE deliveries SET last_entry = last_insert_rowid()
      WHERE month = ?1 AND customer_id = ?2 AND kind = ?3 AND sequence = ?4
      """)
  }

  /// In the deliveries' log.
  private static let who = "render"

  mutating func take(_ subject: DeliveryRows.Subject) throws {
    let decision = DeliveryMaking.decide(
      version: subject.version, policy: policy.version, template: policy.templateVersion,
      existing: subject.existing)
    switch decision {
    case .nothing: break
    case .make(let kind, let sequence): try make(kind, sequence, for: subject)
    case .move(let deliveries): for delivery in deliveries { try move(delivery, of: subject) }
    }
  }

  private mutating func make(
    _ kind: DeliveryKind, _ sequence: Int, for subject: DeliveryRows.Subject
  ) throws {
    guard let due = sendDays.due(subject.current) else {
      throw DeliveryRow.damaged("a customer's time zone is unknown")
    }
    let key = DeliveryKey(
      month: month, customer: subject.customer, kind: kind, sequence: sequence)
    try new.add(
      DeliveryMaking.make(
        key, version: subject.version, issue: try issue(of: subject), policy: policy,
        customer: subject.current, due: due, at: now),
      who: Self.who)
  }

  private mutating func issue(of subject: DeliveryRows.Subject) throws -> BillIssue {
    guard let zone = sendDays.rules(of: subject.current.timeZone) else {
      throw DeliveryRow.damaged("a customer's time zone is unknown")
    }
    return DeliveryMaking.issue(
      dueDate: subject.dueDate, of: month, for: subject.current, zone: zone, policy: policy, at: now
    )
  }

  /// A delivery that has not begun goes with another bill; whoever had it finds its generation
  /// changed (R4).
  private mutating func move(
    _ existing: DeliveryMaking.Existing, of subject: DeliveryRows.Subject
  ) throws {
    let usable = subject.current.usable(under: policy)
    let (state, reason) = DeliveryMaking.move(
      existing, usable: usable, suppression: subject.current.suppression(usable: usable))
    let key = DeliveryKey(
      month: month, customer: subject.customer, kind: existing.kind, sequence: existing.sequence)
    key.bind(to: move, at: 1)
    move.bind(state.code, at: 5)
    (reason?.rawValue).bind(to: move, at: 6)
    move.bind(subject.version, at: 7)
    move.bind(policy.version, at: 8)
    move.bind(policy.templateVersion, at: 9)
    move.bind(ChannelDigits.digits(usable), at: 10)
    move.bind(usable.first?.code ?? 0, at: 11)
    now.bind(to: move, at: 12)
    let issue = existing.kind == .resend ? .first(dueDate: nil) : try issue(of: subject)
    move.bind(issue.number, at: 13)
    issue.dueDate.bind(to: move, at: 14)
    move.bind(issue.isAwaited ? 1 : 0, at: 15)
    try move.finish()
    key.bind(to: logMoved, at: 1)
    logMoved.bind(Self.who, at: 5)
    try logMoved.finish()
    key.bind(to: link, at: 1)
    try link.finish()
  }

  /// For dispatch, which goes by them.
  func noteZones() throws {
    for zone in sendDays.zoneNames {
      try connection.run("INSERT OR IGNORE INTO delivery_zones VALUES (?1)", zone)
    }
  }
}
