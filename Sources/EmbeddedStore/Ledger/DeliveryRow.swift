import Billing

/// One row of `deliveries`, as the statements that look at whole rows read and write it.
///
/// The hot paths (queue, publish, claim, intend) have narrow statements of their own; what decides
/// by many columns reads the row, lets the record decide, and saves it in the same transaction.
struct DeliveryRow {
  var record: DeliveryRecord
  /// As it was read: `save` checks the transition from it.
  private(set) var savedState: DeliveryState
  /// The row of its latest attempt.
  let lastAttempt: Int64?
  private(set) var lastEntry: Int64?

  /// In the order in which `init(_:)` reads them; `d` is the table's name in the query.
  static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.state, d.generation, d.fence, d.reason,
    d.version, d.policy, d.template, d.channels, d.channel, d.quiet_mask, d.time_zone, d.due_at,
    d.made_at, d.next_at, d.begun, d.attempt, d.channel_attempts, d.unresolved, d.closed_channels,
    d.key_opened_at, d.frozen_sha256, d.recipient_hash, d.slot_end, d.owner, d.lease_until,
    d.queued_at, d.published_at, d.partition, d.offset, d.last_attempt, d.last_entry, d.round,
    d.issue, d.due_date, d.awaits_bill, d.goes_past_due
    """
  static let columnCount = 40
  /// Where its event lies; the offset follows.
  static let partitionColumn = 31

  /// Where a delivery's row is, as the end of a statement with its key bound from position `n`.
  static let byKey = "month = ? AND customer_id = ? AND kind = ? AND sequence = ?"

  init(_ row: Statement) throws {
    guard let state = DeliveryState(code: row.int(4)),
      let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(13)))
    else { throw Self.damaged("a state or a quiet mask is out of range") }
    record = DeliveryRecord(
      key: try DeliveryKey(row, at: 0), state: state, generation: row.int(5), fence: row.int(6),
      reason: row.optionalText(7).flatMap(DeliveryReason.init(rawValue:)), version: row.int(8),
      policy: row.int(9), template: row.int(10), usable: ChannelDigits.channels(row.int(11)),
      channel: Channel(code: row.int(12)), quiet: quiet, timeZone: row.text(14),
      dueAt: Timestamp(milliseconds: row.integer(15)),
      madeAt: Timestamp(milliseconds: row.integer(16)),
      nextAt: Timestamp(milliseconds: row.integer(17)), isBegun: row.integer(18) != 0,
      attempt: row.int(19), channelAttempts: row.int(20), unresolved: row.int(21),
      closed: ChannelSet(rawValue: row.int(22)),
      keyOpenedAt: row.optionalInteger(23).map(Timestamp.init(milliseconds:)),
      frozenSHA: row.isNull(24) ? nil : try row.hash(24),
      recipientHash: row.isNull(25) ? nil : row.bytes(25),
      slotEnd: Timestamp(milliseconds: row.integer(26)), owner: row.optionalText(27),
      leaseUntil: Timestamp(milliseconds: row.integer(28)),
      queuedAt: Timestamp(milliseconds: row.integer(29)),
      publishedAt: row.optionalInteger(30).map(Timestamp.init(milliseconds:)),
      partition: row.optionalInteger(31), offset: row.optionalInteger(32), round: row.int(35),
      issue: BillIssue(
        number: row.int(36), dueDate: row.optionalDay(37), isAwaited: row.integer(38) != 0,
        goesPastDue: row.integer(39) != 0))
    guard record.countsAreInRange else { throw Self.damaged("a count is out of range") }
    savedState = state
    lastAttempt = row.optionalInteger(33)
    lastEntry = row.optionalInteger(34)
  }

  /// The row of a delivery; `nil` when there is none.
  static func read(_ key: DeliveryKey, in connection: Connection) throws -> DeliveryRow? {
    let statement = try connection.statement(
      "SELECT \(columns) FROM deliveries d WHERE \(byKey)")
    key.bind(to: statement, at: 1)
    defer { statement.reset() }
    return try statement.step() ? try DeliveryRow(statement) : nil
  }

  /// Writes every column that can change, and a log row where the state did or `logged` says so.
  ///
  /// - Parameter note: for the log row: what an operator did and why, what an import changed.
  mutating func save(
    in connection: Connection, at now: Timestamp, who: String?, logged: Bool = false,
    note: String? = nil
  ) throws {
    let state = record.state
    precondition(
      state == savedState || savedState.mayBecome(state) || PlantedBug.isAnyPlanted,
      "no transition from \(savedState) to \(state)")
    if logged || state != savedState {
      lastEntry = try DeliveryLog(connection).append(
        record.key, after: lastEntry, at: now, state: state, generation: record.generation,
        fence: record.fence, channel: record.channel?.code ?? 0, reason: record.reason, who: who,
        slotEnd: state == .queued ? record.slotEnd : nil, note: note)
    }
    let statement = try connection.statement(Self.update)
    bindColumns(to: statement, changedAt: state == savedState ? nil : now)
    record.key.bind(to: statement, at: 34)
    try statement.finish()
    savedState = state
  }

  private static let update = """
    UPDATE deliveries SET state = ?, generation = ?, fence = ?, reason = ?, channels = ?,
      channel = ?, quiet_mask = ?, time_zone = ?, due_at = ?, next_at = ?, begun = ?, attempt = ?,
      channel_attempts = ?, unresolved = ?, closed_channels = ?, key_opened_at = ?,
      frozen_sha256 = ?, recipient_hash = ?, slot_end = ?, owner = ?, lease_until = ?,
      published_at = ?, partition = ?, offset = ?, last_entry = ?, made_at = ?, round = ?,
      queued_at = ?, issue = ?, due_date = ?, awaits_bill = ?, goes_past_due = ?,
      changed_at = coalesce(?, changed_at)
    WHERE \(byKey)
    """

  private func bindColumns(to statement: Statement, changedAt: Timestamp?) {
    statement.bind(record.state.code, at: 1)
    statement.bind(record.generation, at: 2)
    statement.bind(record.fence, at: 3)
    (record.reason?.rawValue).bind(to: statement, at: 4)
    statement.bind(ChannelDigits.digits(record.usable), at: 5)
    statement.bind(record.channel?.code ?? 0, at: 6)
    statement.bind(Int64(record.quiet.mask), at: 7)
    statement.bind(record.timeZone, at: 8)
    record.dueAt.bind(to: statement, at: 9)
    record.nextAt.bind(to: statement, at: 10)
    statement.bind(record.isBegun ? 1 : 0, at: 11)
    statement.bind(record.attempt, at: 12)
    statement.bind(record.channelAttempts, at: 13)
    statement.bind(record.unresolved, at: 14)
    statement.bind(record.closed.rawValue, at: 15)
    record.keyOpenedAt.bind(to: statement, at: 16)
    record.frozenSHA.bind(to: statement, at: 17)
    record.recipientHash.bind(to: statement, at: 18)
    record.slotEnd.bind(to: statement, at: 19)
    record.owner.bind(to: statement, at: 20)
    record.leaseUntil.bind(to: statement, at: 21)
    record.publishedAt.bind(to: statement, at: 22)
    record.partition.bind(to: statement, at: 23)
    record.offset.bind(to: statement, at: 24)
    lastEntry.bind(to: statement, at: 25)
    record.madeAt.bind(to: statement, at: 26)
    statement.bind(record.round, at: 27)
    record.queuedAt.bind(to: statement, at: 28)
    statement.bind(record.issue.number, at: 29)
    record.issue.dueDate.bind(to: statement, at: 30)
    statement.bind(record.issue.isAwaited ? 1 : 0, at: 31)
    statement.bind(record.issue.goesPastDue ? 1 : 0, at: 32)
    changedAt.bind(to: statement, at: 33)
  }

  static func damaged(_ detail: String) -> StoreError {
    StoreError(.corrupt, operation: "read a delivery", detail: detail)
  }
}

/// The life of deliveries, one row a transition, each naming the one before. Made once for a batch.
struct DeliveryLog {
  private let connection: Connection
  private let statement: Statement

  init(_ connection: Connection) throws {
    self.connection = connection
    statement = try connection.statement(
      """
      INSERT INTO delivery_log (previous, month, customer_id, kind, sequence, at, state, generation,
        fence, channel, reason, who, slot_end, note)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
  }

  /// The new entry, for the delivery's `last_entry`.
  func append(
    _ key: DeliveryKey, after previous: Int64?, at now: Timestamp, state: DeliveryState,
    generation: Int, fence: Int, channel: Int, reason: DeliveryReason?, who: String?,
    slotEnd: Timestamp? = nil, note: String? = nil
  ) throws -> Int64 {
    previous.bind(to: statement, at: 1)
    key.bind(to: statement, at: 2)
    now.bind(to: statement, at: 6)
    statement.bind(state.code, at: 7)
    statement.bind(generation, at: 8)
    statement.bind(fence, at: 9)
    statement.bind(channel, at: 10)
    (reason?.rawValue).bind(to: statement, at: 11)
    who.bind(to: statement, at: 12)
    slotEnd.bind(to: statement, at: 13)
    note.bind(to: statement, at: 14)
    try statement.finish()
    return connection.lastInsertedRow
  }
}

/// Inserts deliveries that were just made: what a new one has only one value of is the table's
/// default. Made once for a batch.
struct MadeDeliveries {
  private let insert: Statement
  private let log: DeliveryLog

  init(_ connection: Connection) throws {
    insert = try connection.statement(
      """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, reason, version, policy,
        template, channels, channel, quiet_mask, time_zone, due_day, due_at, next_at, made_at,
        changed_at, queued_at, last_entry, issue, due_date, awaits_bill)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17, ?18,
        ?19, ?20, ?21, ?22)
      """)
    log = try DeliveryLog(connection)
  }

  func add(_ record: DeliveryRecord, who: String, note: String? = nil) throws {
    let entry = try log.append(
      record.key, after: nil, at: record.madeAt, state: record.state,
      generation: record.generation, fence: record.fence, channel: record.channel?.code ?? 0,
      reason: record.reason, who: who, note: note)
    record.key.bind(to: insert, at: 1)
    insert.bind(record.state.code, at: 5)
    (record.reason?.rawValue).bind(to: insert, at: 6)
    insert.bind(record.version, at: 7)
    insert.bind(record.policy, at: 8)
    insert.bind(record.template, at: 9)
    insert.bind(ChannelDigits.digits(record.usable), at: 10)
    insert.bind(record.channel?.code ?? 0, at: 11)
    insert.bind(Int64(record.quiet.mask), at: 12)
    insert.bind(record.timeZone, at: 13)
    insert.bind(record.dueAt.utcDay, at: 14)
    record.dueAt.bind(to: insert, at: 15)
    record.nextAt.bind(to: insert, at: 16)
    record.madeAt.bind(to: insert, at: 17)
    record.queuedAt.bind(to: insert, at: 18)
    insert.bind(entry, at: 19)
    insert.bind(record.issue.number, at: 20)
    record.issue.dueDate.bind(to: insert, at: 21)
    insert.bind(record.issue.isAwaited ? 1 : 0, at: 22)
    try insert.finish()
  }
}

extension DeliveryKey {
  /// Reads month, customer, kind and sequence from four columns.
  init(_ row: Statement, at column: Int) throws {
    guard let kind = DeliveryKind(code: row.int(column + 2)) else {
      throw DeliveryRow.damaged("a kind is out of range")
    }
    self.init(
      month: BillingMonth(index: try row.int32(column)),
      customer: CustomerID(row.integer(column + 1)), kind: kind, sequence: row.int(column + 3))
  }

  /// Binds the four columns of the primary key from a position on.
  func bind(to statement: Statement, at position: Int) {
    statement.bind(Int64(month.index), at: position)
    statement.bind(customer.number, at: position + 1)
    statement.bind(kind.code, at: position + 2)
    statement.bind(sequence, at: position + 3)
  }
}
