import Billing
import Rendering

extension RenderingSelection {
  /// The run that its rows are compared with.
  var run: Int64 {
    switch self {
    case .madeBy(let run, _): run
    case .latest(_, let run): run
    }
  }
}

/// Manifest rows of a selection. Parameters: $1 month, $2 run; $3 lowest and $4 highest customer
/// where it is about a range of them.
enum SelectedRows {
  /// Customer, version, hash and total, ascending by customer.
  static func statements(_ selection: RenderingSelection) -> String {
    switch selection {
    case .madeBy:
      """
      SELECT customer_id, version, hash, total FROM manifest
      WHERE month = $1 AND customer_id BETWEEN $3 AND $4 AND run_id = $2
      ORDER BY customer_id
      """
    case .latest:
      """
      SELECT DISTINCT ON (customer_id) customer_id, version, hash, total FROM manifest
      WHERE month = $1 AND customer_id BETWEEN $3 AND $4 AND run_id < $2
      ORDER BY customer_id, version DESC
      """
    }
  }

  /// Each customer of the whole selection once: read in the order of the key, so that a month is
  /// neither sorted nor hashed.
  static func customers(_ selection: RenderingSelection) -> String {
    switch selection {
    // A run makes one statement for a customer.
    case .madeBy: "SELECT customer_id FROM manifest WHERE month = $1 AND run_id = $2"
    case .latest: "SELECT DISTINCT customer_id FROM manifest WHERE month = $1 AND run_id < $2"
    }
  }

  static func read(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>,
    in connection: PostgresConnection
  ) throws -> [ManifestStatement] {
    try connection.rows(
      statements(selection), selection.month, selection.run, customers.lowerBound,
      customers.upperBound
    ) { try statement($0, month: selection.month) }
  }

  /// With send day and zone of the customer, as they were recorded up to the cutoff. `OFFSET 0` keeps
  /// each customer a look of their own into the index.
  static func billable(
    _ selection: RenderingSelection, customers: ClosedRange<CustomerID>, cutoff: Int64,
    in connection: PostgresConnection
  ) throws -> [BillableStatement] {
    try connection.rows(
      """
      SELECT m.customer_id, m.version, m.hash, m.total, c.send_day, c.time_zone
      FROM (\(statements(selection))) m
      LEFT JOIN LATERAL (
        SELECT send_day, time_zone FROM customers
        WHERE customer_id = m.customer_id AND recorded_from <= $5 AND recorded_to > $5 OFFSET 0
      ) c ON true
      ORDER BY m.customer_id
      """, selection.month, selection.run, customers.lowerBound, customers.upperBound, cutoff
    ) { try billable($0, month: selection.month) }
  }

  static func billable(_ row: PostgresRow, month: BillingMonth) throws -> BillableStatement {
    BillableStatement(
      statement: try statement(row, month: month),
      sendDay: row.optionalInteger(4).map { Int($0) }, timeZone: row.optionalText(5) ?? "")
  }

  static func statement(_ row: PostgresRow, month: BillingMonth) throws -> ManifestStatement {
    ManifestStatement(
      key: StatementKey(
        month: month, customer: CustomerID(row.integer(0)), version: row.int(1)),
      hash: try row.hash(2), total: row.integer(3))
  }
}
