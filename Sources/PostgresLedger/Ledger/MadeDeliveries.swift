import Billing

/// Deliveries that were just made, with the first entries of their logs; written in a few statements.
struct MadeDeliveries {
  private var made: [(record: DeliveryRecord, entry: LogEntry)] = []

  mutating func add(_ record: DeliveryRecord, who: String, note: String? = nil) {
    made.append(
      (record, LogEntry(record, previous: nil, at: record.madeAt, who: who, note: note)))
  }

  /// Writes them in the order in which they will be due: what is sent together lies together.
  ///
  /// Throws a `PostgresError` that `isCollision` where another transaction has made one of them
  /// meanwhile: done again, the caller sees it and decides by it.
  func write(in connection: PostgresConnection) throws {
    let made = made.sorted { Self.order($0.record) < Self.order($1.record) }
    let entries = try RowNumbers.take(made.count, of: "entry_numbers", in: connection)
    do {
      try Self.copy(made.map(\.record), entries, in: connection)
    } catch let error as PostgresError where error.isUniqueViolation {
      throw PostgresError(
        operation: error.operation, sqlState: "40001",
        message: "another transaction made the same delivery", isConnectionLost: false)
    }
    try LogEntry.write(made.map(\.entry), under: entries, in: connection)
    try DeliveryZones.note(Set(made.map(\.record.timeZone)), in: connection)
  }

  private static func order(_ record: DeliveryRecord) -> (Int64, String, Int64) {
    (record.dueAt.utcDay, record.timeZone, record.key.customer.number)
  }

  /// What a new one has only one value of is the table's default.
  private static func copy(
    _ records: [DeliveryRecord], _ entries: [Int64], in connection: PostgresConnection
  ) throws {
    guard !records.isEmpty else { return }
    try connection.copy(
      into: "deliveries",
      [
        "month", "kind", "state", "customer_id", "sequence", "version", "policy", "template",
        "channels", "channel", "quiet_mask", "due_at", "made_at", "next_at", "queued_at",
        "changed_at", "last_entry", "time_zone", "reason", "issue", "due_date", "awaits_bill",
      ]
    ) { rows in
      for (record, entry) in zip(records, entries) {
        try rows.row()
        rows.int4(record.key.month.index)
        rows.int2(record.key.kind.code)
        rows.int2(record.state.code)
        rows.int8(record.key.customer.number)
        rows.int4(record.key.sequence)
        rows.int4(record.version)
        rows.int4(record.policy)
        rows.int4(record.template)
        rows.int2(ChannelDigits.digits(record.usable))
        rows.int2(record.channel?.code ?? 0)
        rows.int2(record.quiet.mask)
        rows.int8(record.dueAt.milliseconds)
        rows.int8(record.madeAt.milliseconds)
        rows.int8(record.nextAt.milliseconds)
        rows.int8(record.queuedAt.milliseconds)
        rows.int8(record.madeAt.milliseconds)
        rows.int8(entry)
        rows.text(record.timeZone)
        rows.text(record.reason?.rawValue)
        rows.int4(record.issue.number)
        rows.int4(record.issue.dueDate?.daysSince1970)
        rows.bool(record.issue.isAwaited)
      }
    }
  }
}
