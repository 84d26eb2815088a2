import Billing
package import Delivery

/// Finds deliveries for an operator on PostgreSQL: what is set aside through the index of it,
/// anything else of a month through the index of keys, a bounded number of rows a transaction.
extension PostgresLedger: OperatorLedger {
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

/// The index of what is set aside is only used where the statement names its states.
enum OperatorQueries {
  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.state, d.generation, d.reason, d.version,
    d.channel, a.provider, d.round, d.attempt, d.unresolved, d.changed_at, d.issue, d.due_date
    """

  /// `OFFSET 0` keeps each attempt a look of its own into their index, however few there were when
  /// this was planned.
  private static let latest = """
    LEFT JOIN LATERAL (
      SELECT provider FROM attempts WHERE month = $1 AND attempt_id = d.last_attempt OFFSET 0
    ) a ON true
    """

  /// The state is compared as part of the key, so that no index but the one that begins with it is
  /// in this order.
  static let ofState = """
    SELECT \(columns) FROM deliveries d \(latest)
    WHERE d.state IN (6, 7, 8, 9) AND d.month = $1 AND d.state <= $7 AND d.customer_id <= $5
      AND (d.state, d.month, d.customer_id, d.kind, d.sequence) > ($7, $1, $2, $3, $4)
    ORDER BY d.state, d.month, d.customer_id, d.kind, d.sequence LIMIT $6
    """

  static let ofMonth = """
    SELECT \(columns) FROM deliveries d \(latest)
    WHERE d.month = $1 AND (d.customer_id, d.kind, d.sequence) > ($2, $3, $4)
      AND d.customer_id <= $5
    ORDER BY d.customer_id, d.kind, d.sequence LIMIT $6
    """

  static let nextMonthOfState = """
    SELECT d.month FROM deliveries d
    WHERE d.state IN (6, 7, 8, 9) AND d.state = $2 AND d.month > $1 ORDER BY d.month LIMIT 1
    """

  static let nextMonth =
    "SELECT d.month FROM deliveries d WHERE d.month > $1 ORDER BY d.month LIMIT 1"

  static func month(
    after month: BillingMonth?, of state: DeliveryState?, in connection: PostgresConnection
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
    at place: DeliveryCursor, of query: DeliveryQuery, limit: Int,
    in connection: PostgresConnection
  ) throws -> [FoundDelivery] {
    let customer = place.after?.customer.number ?? query.customer?.number ?? .min
    let kind = place.after?.kind.code ?? 0
    let sequence = place.after?.sequence ?? 0
    let last = query.customer?.number ?? Int64.max
    guard let state = place.state else {
      return try connection.rows(
        ofMonth, place.month, customer, kind, sequence, last, limit, read: FoundDelivery.init)
    }
    return try connection.rows(
      ofState, place.month, customer, kind, sequence, last, limit, state.code,
      read: FoundDelivery.init)
  }
}

extension FoundDelivery {
  fileprivate init(_ row: PostgresRow) throws {
    guard let state = DeliveryState(code: row.int(4)) else {
      throw PostgresLedger.damaged("a delivery's state is out of range")
    }
    self.init(
      key: try DeliveryKey(row, at: 0), state: state, generation: row.int(5),
      reason: row.optionalText(6).flatMap(DeliveryReason.init(rawValue:)), version: row.int(7),
      channel: Channel(code: row.int(8)), provider: row.optionalText(9), round: row.int(10),
      attempts: row.int(11), unresolved: row.int(12), changedAt: row.timestamp(13),
      issue: row.int(14), dueDate: row.optionalDay(15))
  }
}
