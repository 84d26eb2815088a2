import Billing
package import Delivery

/// Finds deliveries for an operator on SQLite: what is set aside through the index of it, anything
/// else of a month through the index of keys, a bounded number of rows a transaction.
extension EmbeddedLedger: OperatorLedger {
  package func find(
    _ query: DeliveryQuery, after cursor: DeliveryCursor?, limit: Int
  ) async throws -> FoundPage {
    try await database.read { connection in
      let now = try self.now(in: connection)
      return try DeliverySearch(query).page(
        from: cursor, limit: limit, at: now,
        rows: { try OperatorQueries.rows(at: $0, of: query, limit: limit, in: connection) },
        monthAfter: { try OperatorQueries.month(after: $0, of: $1, in: connection) })
    }
  }
}

enum OperatorQueries {
  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.state, d.generation, d.reason, d.version,
    d.channel, a.provider, d.round, d.attempt, d.unresolved, d.changed_at, d.issue, d.due_date
    """

  private static let latest = "LEFT JOIN attempts a ON a.attempt_id = d.last_attempt"

  private static let behind = """
    AND d.month = ?1 AND (d.customer_id, d.kind, d.sequence) > (?2, ?3, ?4)
      AND d.customer_id <= ?5
    ORDER BY d.customer_id, d.kind, d.sequence LIMIT ?6
    """

  static let ofState = """
    SELECT \(columns) FROM deliveries d INDEXED BY deliveries_set_aside \(latest)
    WHERE d.state IN (6, 7, 8, 9) AND d.state = ?7 \(behind)
    """

  static let ofMonth = """
    SELECT \(columns) FROM deliveries d INDEXED BY deliveries_key \(latest)
    WHERE true \(behind)
    """

  static let nextMonthOfState = """
    SELECT d.month FROM deliveries d INDEXED BY deliveries_set_aside
    WHERE d.state IN (6, 7, 8, 9) AND d.state = ?2 AND d.month > ?1 ORDER BY d.month LIMIT 1
    """

  static let nextMonth = """
    SELECT d.month FROM deliveries d INDEXED BY deliveries_key
    WHERE d.month > ?1 ORDER BY d.month LIMIT 1
    """

  static func month(
    after month: BillingMonth?, of state: DeliveryState?, in connection: Connection
  ) throws -> BillingMonth? {
    let start = month.map { Int64($0.index) } ?? .min
    let index =
      if let state {
        try connection.first(nextMonthOfState, start, state.code) { $0.integer(0) }
      } else {
        try connection.first(nextMonth, start) { $0.integer(0) }
      }
    return index.map { BillingMonth(index: Int32(truncatingIfNeeded: $0)) }
  }

  static func rows(
    at place: DeliveryCursor, of query: DeliveryQuery, limit: Int, in connection: Connection
  ) throws -> [FoundDelivery] {
    let statement = try connection.statement(place.state == nil ? ofMonth : ofState)
    let lowest = query.customer?.number ?? .min
    statement.bind(Int64(place.month.index), at: 1)
    statement.bind(place.after?.customer.number ?? lowest, at: 2)
    statement.bind(place.after?.kind.code ?? 0, at: 3)
    statement.bind(place.after?.sequence ?? 0, at: 4)
    statement.bind(query.customer?.number ?? .max, at: 5)
    statement.bind(limit, at: 6)
    if let state = place.state { statement.bind(state.code, at: 7) }
    defer { statement.reset() }
    var rows: [FoundDelivery] = []
    while try statement.step() { rows.append(try FoundDelivery(statement)) }
    return rows
  }
}

extension FoundDelivery {
  fileprivate init(_ row: Statement) throws {
    guard let state = DeliveryState(code: row.int(4)) else {
      throw DeliveryRow.damaged("a state is out of range")
    }
    self.init(
      key: try DeliveryKey(row, at: 0), state: state, generation: row.int(5),
      reason: row.optionalText(6).flatMap(DeliveryReason.init(rawValue:)), version: row.int(7),
      channel: Channel(code: row.int(8)), provider: row.optionalText(9), round: row.int(10),
      attempts: row.int(11), unresolved: row.int(12),
      changedAt: Timestamp(milliseconds: row.integer(13)), issue: row.int(14),
      dueDate: row.optionalDay(15))
  }
}
