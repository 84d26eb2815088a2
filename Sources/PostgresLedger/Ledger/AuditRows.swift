import Audit
import Billing

/// Reads what the proof and the explanations are made from, but for deliveries.
enum AuditRows {
  static func settledMonths(in connection: PostgresConnection) throws -> [BillingMonth] {
    try connection.rows("SELECT DISTINCT month FROM runs WHERE job = 1 ORDER BY month") {
      BillingMonth(index: Int32($0.integer(0)))
    }
  }

  static func isSettling(
    _ month: BillingMonth, in connection: PostgresConnection
  ) throws -> Bool {
    try connection.first(
      "SELECT 1 FROM runs WHERE job = 1 AND month = $1 AND status <> 2 LIMIT 1", month
    ) { _ in true } ?? false
  }

  /// By month, customer and version.
  static func statements(
    _ months: [BillingMonth], _ customers: ClosedRange<CustomerID>,
    in connection: PostgresConnection
  ) throws -> [ListedStatement] {
    // Joined month by month: a list of months would be looked for in every partition.
    try connection.rows(
      """
      SELECT m.month, m.customer_id, m.version, m.hash, m.total, m.run_id IN (
        SELECT s.run_id FROM runs s JOIN runs r ON r.job = 2 AND r.month = s.month
          AND r.kind = s.kind AND r.sequence = s.sequence AND r.status = 2
        WHERE s.job = 1 AND s.month = ANY($1))
      FROM unnest($1::bigint[]) AS w (month)
      JOIN manifest m ON m.month = w.month AND m.customer_id BETWEEN $2 AND $3
      ORDER BY m.month, m.customer_id, m.version
      """, IntegerColumn(months) { $0 }, customers.lowerBound, customers.upperBound
    ) { row in
      ListedStatement(
        key: StatementKey(
          month: BillingMonth(index: Int32(row.integer(0))), customer: CustomerID(row.integer(1)),
          version: row.int(2)),
        hash: try row.hash(3), total: row.integer(4), isRendered: row.bool(5))
    }
  }

  static func parked(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: PostgresConnection
  ) throws -> [CustomerID] {
    try connection.rows(
      """
      SELECT DISTINCT p.customer_id FROM parked p
      WHERE p.month = $1 AND p.customer_id BETWEEN $2 AND $3 AND NOT EXISTS (
        SELECT 1 FROM manifest m WHERE m.month = $1 AND m.customer_id = p.customer_id)
      ORDER BY p.customer_id
      """, month, customers.lowerBound, customers.upperBound
    ) { CustomerID($0.integer(0)) }
  }

  static func supplemented(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: PostgresConnection
  ) throws -> [CustomerID] {
    try connection.rows(
      """
      SELECT DISTINCT c.customer_id FROM runs r JOIN run_customers c ON c.run_id = r.run_id
      WHERE r.job = 1 AND r.month = $1 AND r.kind = 2 AND c.customer_id BETWEEN $2 AND $3
      ORDER BY c.customer_id
      """, month, customers.lowerBound, customers.upperBound
    ) { CustomerID($0.integer(0)) }
  }

  static func bills(
    _ month: BillingMonth, _ customers: ClosedRange<CustomerID>, in connection: PostgresConnection
  ) throws -> [ListedBill] {
    var bills = try connection.rows(
      """
      SELECT customer_id, version, policy, template, channel, size, sha256, issue FROM bills
      WHERE month = $1 AND customer_id BETWEEN $2 AND $3
      ORDER BY customer_id, version, policy, template, issue, channel
      """, month, customers.lowerBound, customers.upperBound
    ) { row in
      guard let channel = Channel(code: row.int(4)) else { throw damaged("a bill's channel") }
      return ListedBill(
        key: BillKey(
          statement: StatementKey(
            month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
          issue: row.int(7), policy: row.int(2), template: row.int(3), channel: channel),
        size: row.int(5), sha256: try row.hash(6), policyChannels: [])
    }
    let channels = try policyChannels(Set(bills.map(\.key.policy)), in: connection)
    for position in bills.indices {
      bills[position].policyChannels = channels[bills[position].key.policy] ?? []
    }
    return bills
  }

  private static func policyChannels(
    _ policies: Set<Int>, in connection: PostgresConnection
  ) throws -> [Int: [Channel]] {
    var channels: [Int: [Channel]] = [:]
    try connection.query(
      "SELECT version, text FROM policies WHERE version = ANY($1)", IntegerColumn(policies) { $0 }
    ) { row in
      channels[row.int(0)] = try DeliveryPolicy(json: row.text(1)).billChannels
    }
    return channels
  }

  static func damaged(_ what: String) -> StoreError {
    StoreError(.corrupt, operation: "read the ledger", detail: "\(what) has an unknown code")
  }
}
