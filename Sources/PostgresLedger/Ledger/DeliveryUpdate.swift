import Billing

/// A row as it is to be, beside what it was. A class: it is looked at column by column, and large.
final class ChangedDelivery {
  let record: DeliveryRecord
  let saved: DeliveryRecord
  /// Where its state did not change: `nil`.
  let changedAt: Timestamp?
  /// Positions among what the transaction appends, and the numbers found for them.
  var entry: Int?
  var attempt: Int?
  var entryNumber: Int64?
  var attemptNumber: Int64?

  init(_ row: DeliveryRow, changedAt: Timestamp?) {
    record = row.record
    saved = row.saved
    self.changedAt = changedAt
  }
}

/// One statement for a batch of changed rows: it names the columns that change in any of them, and
/// hands over a value once where all rows get the same.
///
/// Every column handed over as an array is a table of its own to the server: with all of them the
/// batch takes five times as long.
struct DeliveryUpdate {
  private let changes: [ChangedDelivery]
  private var values: [any PostgresValue]
  private var assignments: [String] = []
  private var arrays: [(name: String, parameter: Int)] = []

  /// - Parameter changes: locked rows, in the order of keys.
  /// - Returns: `nil` where nothing changes.
  init?(of changes: [ChangedDelivery]) {
    guard let first = changes.first else { return nil }
    self.changes = changes
    values = [
      IntegerColumn(changes) { $0.record.key.month },
      IntegerColumn(changes) { $0.record.key.customer },
      IntegerColumn(changes) { $0.record.key.kind.code },
      IntegerColumn(changes) { $0.record.key.sequence },
    ]
    arrays = [("month", 1), ("customer_id", 2), ("kind", 3), ("sequence", 4)]
    for column in DeliveryColumn.all where changes.contains(where: column.isChanged) {
      let isSame = changes.allSatisfy { column.isSame(first, $0) }
      values.append(isSame ? column.value(first) : column.values(changes))
      if isSame {
        assign(column, "$\(values.count)")
      } else {
        arrays.append((column.name, values.count))
        assign(column, "k.\(column.name)")
      }
    }
    if assignments.isEmpty { return nil }
  }

  private mutating func assign(_ column: DeliveryColumn, _ value: String) {
    assignments.append(
      "\(column.name) = " + (column.keepsWhereNull ? "coalesce(\(value), d.\(column.name))" : value)
    )
  }

  func run(in connection: PostgresConnection) throws {
    try connection.run(
      """
      UPDATE deliveries d SET \(assignments.joined(separator: ", "))
      FROM unnest(\(arrays.map { "$\($0.parameter)" }.joined(separator: ", ")))
        AS k (\(arrays.map(\.name).joined(separator: ", ")))
      WHERE \(DeliveryRow.isOfKey)
      """, with: values)
  }
}

/// A column of `deliveries` that can change.
private struct DeliveryColumn: Sendable {
  let name: String
  /// Whether NULL means that it stays.
  var keepsWhereNull = false
  let isChanged: @Sendable (ChangedDelivery) -> Bool
  let isSame: @Sendable (ChangedDelivery, ChangedDelivery) -> Bool
  let value: @Sendable (ChangedDelivery) -> any PostgresValue
  let values: @Sendable ([ChangedDelivery]) -> any PostgresValue

  static let all: [DeliveryColumn] = [
    integer("state") { Int64($0.state.code) },
    integer("generation") { Int64($0.generation) },
    integer("fence") { Int64($0.fence) },
    text("reason") { $0.reason?.rawValue },
    integer("version") { Int64($0.version) },
    integer("policy") { Int64($0.policy) },
    integer("template") { Int64($0.template) },
    integer("channels") { Int64(ChannelDigits.digits($0.usable)) },
    integer("channel") { Int64($0.channel?.code ?? 0) },
    integer("quiet_mask") { Int64($0.quiet.mask) },
    text("time_zone") { $0.timeZone },
    integer("due_at") { $0.dueAt.milliseconds },
    integer("made_at") { $0.madeAt.milliseconds },
    integer("next_at") { $0.nextAt.milliseconds },
    integer("attempt") { Int64($0.attempt) },
    integer("channel_attempts") { Int64($0.channelAttempts) },
    integer("unresolved") { Int64($0.unresolved) },
    integer("closed_channels") { Int64($0.closed.rawValue) },
    integer("key_opened_at") { $0.keyOpenedAt?.milliseconds },
    integer("slot_end") { $0.slotEnd.milliseconds },
    text("owner") { $0.owner },
    integer("lease_until") { $0.leaseUntil.milliseconds },
    integer("queued_at") { $0.queuedAt.milliseconds },
    integer("published_at") { $0.publishedAt?.milliseconds },
    integer("topic_partition") { $0.partition },
    integer("topic_offset") { $0.offset },
    integer("round") { Int64($0.round) },
    integer("issue") { Int64($0.issue.number) },
    integer("due_date") { $0.issue.dueDate.map { Int64($0.daysSince1970) } },
    boolean("begun") { $0.isBegun },
    boolean("awaits_bill") { $0.issue.isAwaited },
    boolean("goes_past_due") { $0.issue.goesPastDue },
    DeliveryColumn(
      name: "frozen_sha256", isChanged: { $0.record.frozenSHA != $0.saved.frozenSHA },
      isSame: { $0.record.frozenSHA == $1.record.frozenSHA }, value: { $0.record.frozenSHA },
      values: { BytesColumn(hashes: $0) { $0.record.frozenSHA } }),
    DeliveryColumn(
      name: "recipient_hash", isChanged: { $0.record.recipientHash != $0.saved.recipientHash },
      isSame: { $0.record.recipientHash == $1.record.recipientHash },
      value: { $0.record.recipientHash }, values: { BytesColumn($0) { $0.record.recipientHash } }),
    appended("changed_at") { $0.changedAt?.milliseconds },
    appended("last_entry") { $0.entryNumber },
    appended("last_attempt") { $0.attemptNumber },
  ]

  private static func integer(
    _ name: String, _ read: @escaping @Sendable (DeliveryRecord) -> Int64?
  ) -> DeliveryColumn {
    DeliveryColumn(
      name: name, isChanged: { read($0.record) != read($0.saved) },
      isSame: { read($0.record) == read($1.record) }, value: { read($0.record) },
      values: { IntegerColumn(optional: $0) { read($0.record) } })
  }

  private static func boolean(
    _ name: String, _ read: @escaping @Sendable (DeliveryRecord) -> Bool
  ) -> DeliveryColumn {
    DeliveryColumn(
      name: name, isChanged: { read($0.record) != read($0.saved) },
      isSame: { read($0.record) == read($1.record) }, value: { read($0.record) },
      values: { BooleanColumn($0) { read($0.record) } })
  }

  private static func text(
    _ name: String, _ read: @escaping @Sendable (DeliveryRecord) -> String?
  ) -> DeliveryColumn {
    DeliveryColumn(
      name: name, isChanged: { read($0.record) != read($0.saved) },
      isSame: { read($0.record) == read($1.record) }, value: { read($0.record) },
      values: { TextColumn($0) { read($0.record) } })
  }

  /// What no record holds: it stays where there is nothing new.
  private static func appended(
    _ name: String, _ read: @escaping @Sendable (ChangedDelivery) -> Int64?
  ) -> DeliveryColumn {
    DeliveryColumn(
      name: name, keepsWhereNull: true, isChanged: { read($0) != nil },
      isSame: { read($0) == read($1) }, value: { read($0) },
      values: { IntegerColumn(optional: $0, read) })
  }
}
