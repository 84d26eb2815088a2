import Billing
import Delivery

/// What a transaction changes of deliveries: collected row by row, written in a few statements.
///
/// The rows are locked already: what is written here is decided from what they are.
struct DeliveryChanges {
  private let now: Timestamp
  private var changed: [Change] = []
  private var opened: [OpenedAttempt] = []
  private var closed: [ClosedAttemptRow] = []
  private var entries: [LogEntry] = []

  fileprivate struct Change {
    var record: DeliveryRecord
    /// Where its state did not change: `nil`.
    var changedAt: Timestamp?
    /// Positions in `entries` and `opened`; the rows' numbers are known only later.
    var entry: Int?
    var attempt: Int?
    var lastEntry: Int64?
    var lastAttempt: Int64?
  }

  init(at now: Timestamp) { self.now = now }

  /// A row is written as it stands, with a log entry where its state changed or `logged` says so.
  ///
  /// - Parameters:
  ///   - note: for the log: what an operator did and why, what an import changed.
  ///   - opening: the attempt that the change begins.
  mutating func save(
    _ row: DeliveryRow, who: String?, logged: Bool = false, note: String? = nil,
    opening attempt: OpenedAttempt? = nil
  ) {
    let isTransition = row.record.state != row.saved.state
    precondition(
      !isTransition || row.saved.state.mayBecome(row.record.state),
      "no transition from \(row.saved.state) to \(row.record.state)")
    var change = Change(
      record: row.record, changedAt: isTransition ? now : nil, lastEntry: row.lastEntry,
      lastAttempt: row.lastAttempt)
    if logged || isTransition {
      change.entry = entries.count
      entries.append(
        LogEntry(row.record, previous: row.lastEntry, at: now, who: who, note: note))
    }
    if let attempt {
      change.attempt = opened.count
      opened.append(attempt)
    }
    changed.append(change)
  }

  /// Closes an attempt with its outcome. Evidence of acceptance overwrites any other outcome, and
  /// nothing overwrites it.
  mutating func close(_ attempt: Int64?, of month: BillingMonth, _ outcome: SendOutcome) {
    guard let attempt else { return }
    closed.append(
      ClosedAttemptRow(month: month, attempt: attempt, outcome: StoredOutcome(outcome)))
  }

  func write(in connection: PostgresConnection) throws {
    let entryNumbers = try RowNumbers.take(entries.count, of: "entry_numbers", in: connection)
    let attemptNumbers = try RowNumbers.take(opened.count, of: "attempt_numbers", in: connection)
    try LogEntry.write(entries, under: entryNumbers, in: connection)
    try OpenedAttempt.write(opened, under: attemptNumbers, in: connection)
    try ClosedAttemptRow.write(closed, at: now, in: connection)
    try update(entryNumbers, attemptNumbers, in: connection)
  }

  private func update(
    _ entries: [Int64], _ attempts: [Int64], in connection: PostgresConnection
  ) throws {
    guard !changed.isEmpty else { return }
    let changes = changed.sorted { DeliveryKey.isBefore($0.record.key, $1.record.key) }
    try connection.run(
      Self.update,
      IntegerColumn(changes) { $0.record.key.month },
      IntegerColumn(changes) { $0.record.key.customer },
      IntegerColumn(changes) { $0.record.key.kind.code },
      IntegerColumn(changes) { $0.record.key.sequence },
      IntegerColumn(changes) { $0.record.state.code },
      IntegerColumn(changes) { $0.record.generation },
      IntegerColumn(changes) { $0.record.fence },
      TextColumn(changes) { $0.record.reason?.rawValue },
      IntegerColumn(changes) { ChannelDigits.digits($0.record.usable) },
      IntegerColumn(changes) { $0.record.channel?.code ?? 0 },
      IntegerColumn(changes) { Int($0.record.quiet.mask) },
      TextColumn(changes) { $0.record.timeZone },
      IntegerColumn(changes) { $0.record.dueAt },
      IntegerColumn(changes) { $0.record.madeAt },
      IntegerColumn(changes) { $0.record.nextAt },
      BooleanColumn(changes) { $0.record.isBegun },
      IntegerColumn(changes) { $0.record.attempt },
      IntegerColumn(changes) { $0.record.channelAttempts },
      IntegerColumn(changes) { $0.record.unresolved },
      IntegerColumn(changes) { $0.record.closed.rawValue },
      IntegerColumn(optional: changes) { $0.record.keyOpenedAt?.milliseconds },
      BytesColumn(hashes: changes) { $0.record.frozenSHA },
      BytesColumn(changes) { $0.record.recipientHash },
      IntegerColumn(changes) { $0.record.slotEnd },
      TextColumn(changes) { $0.record.owner },
      IntegerColumn(changes) { $0.record.leaseUntil },
      IntegerColumn(changes) { $0.record.queuedAt },
      IntegerColumn(optional: changes) { $0.record.publishedAt?.milliseconds },
      IntegerColumn(optional: changes) { $0.record.partition },
      IntegerColumn(optional: changes) { $0.record.offset },
      IntegerColumn(changes) { $0.record.round },
      IntegerColumn(optional: changes) { change in
        change.entry.map { entries[$0] } ?? change.lastEntry
      },
      IntegerColumn(optional: changes) { change in
        change.attempt.map { attempts[$0] } ?? change.lastAttempt
      },
      IntegerColumn(optional: changes) { $0.changedAt?.milliseconds },
      IntegerColumn(changes) { $0.record.version },
      IntegerColumn(changes) { $0.record.policy },
      IntegerColumn(changes) { $0.record.template })
  }

  /// Every column that can change.
  private static let update = """
    UPDATE deliveries d SET state = k.state, generation = k.generation, fence = k.fence,
      reason = k.reason, channels = k.channels, channel = k.channel, quiet_mask = k.quiet_mask,
      time_zone = k.time_zone, due_at = k.due_at, made_at = k.made_at, next_at = k.next_at,
      begun = k.begun, attempt = k.attempt, channel_attempts = k.channel_attempts,
      unresolved = k.unresolved, closed_channels = k.closed_channels,
      key_opened_at = k.key_opened_at, frozen_sha256 = k.frozen_sha256,
      recipient_hash = k.recipient_hash, slot_end = k.slot_end, owner = k.owner,
      lease_until = k.lease_until, queued_at = k.queued_at, published_at = k.published_at,
      topic_partition = k.topic_partition, topic_offset = k.topic_offset, round = k.round,
      last_entry = k.last_entry, last_attempt = k.last_attempt,
      changed_at = coalesce(k.changed_at, d.changed_at), version = k.version,
      policy = k.policy, template = k.template
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
      $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,
      $37)
      AS k (month, customer_id, kind, sequence, state, generation, fence, reason, channels, channel,
        quiet_mask, time_zone, due_at, made_at, next_at, begun, attempt, channel_attempts,
        unresolved, closed_channels, key_opened_at, frozen_sha256, recipient_hash, slot_end, owner,
        lease_until, queued_at, published_at, topic_partition, topic_offset, round, last_entry,
        last_attempt, changed_at, version, policy, template)
    WHERE \(DeliveryRow.isOfKey)
    """
}

/// Numbers of appended rows, handed out by the thousand: gaps mean nothing, but a delivery's later
/// row has the higher number, since its row is locked when the number is taken.
enum RowNumbers {
  private static let block = 1000

  static func take(
    _ count: Int, of sequence: String, in connection: PostgresConnection
  ) throws -> [Int64] {
    guard count > 0 else { return [] }
    let starts = try connection.rows(
      "SELECT nextval($1::regclass) FROM generate_series(1, $2)", sequence,
      (count + block - 1) / block
    ) { $0.integer(0) }
    return (0..<count).map { starts[$0 / block] + Int64($0 % block) }
  }
}
