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
      guard let place = try cursor ?? OperatorQueries.first(of: query, in: connection) else {
        return FoundPage(deliveries: [], next: nil, now: now)
      }
      let rows = try OperatorQueries.rows(at: place, of: query, limit: limit, in: connection)
      var next: DeliveryCursor?
      if let last = rows.last, rows.count == limit {
        next = DeliveryCursor(state: place.state, month: place.month, after: last.key)
      } else {
        next = try OperatorQueries.following(place, of: query, in: connection)
      }
      return FoundPage(
        deliveries: rows.filter { query.matches($0, at: now) }, next: next, now: now)
    }
  }
}

/// The index of what is set aside is only used where the statement names its states.
enum OperatorQueries {
  private static let columns = """
    d.month, d.customer_id, d.kind, d.sequence, d.state, d.generation, d.reason, d.version,
    d.channel, a.provider, d.round, d.attempt, d.unresolved, d.changed_at
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

  /// What is looked at one after the other: each state that an index lists, or all states at once.
  private static func lanes(of query: DeliveryQuery) -> [DeliveryState?] {
    guard query.customer == nil, query.states.isSubset(of: DeliveryQuery.setAside) else {
      return [nil]
    }
    return query.states.sorted { $0.code < $1.code }
  }

  static func first(
    of query: DeliveryQuery, in connection: PostgresConnection
  ) throws -> DeliveryCursor? {
    try first(of: lanes(of: query)[...], query, in: connection)
  }

  private static func first(
    of lanes: ArraySlice<DeliveryState?>, _ query: DeliveryQuery,
    in connection: PostgresConnection
  ) throws -> DeliveryCursor? {
    for lane in lanes {
      if let month = try query.month ?? month(after: nil, of: lane, in: connection) {
        return DeliveryCursor(state: lane, month: month, after: nil)
      }
    }
    return nil
  }

  /// The next month, or the first of the next state.
  static func following(
    _ place: DeliveryCursor, of query: DeliveryQuery, in connection: PostgresConnection
  ) throws -> DeliveryCursor? {
    if query.month == nil,
      let month = try month(after: place.month, of: place.state, in: connection)
    {
      return DeliveryCursor(state: place.state, month: month, after: nil)
    }
    let lanes = lanes(of: query)
    guard let position = lanes.firstIndex(of: place.state) else { return nil }
    return try first(of: lanes[(position + 1)...], query, in: connection)
  }

  private static func month(
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
      attempts: row.int(11), unresolved: row.int(12), changedAt: row.timestamp(13))
  }
}
