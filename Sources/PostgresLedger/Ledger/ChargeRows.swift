import Billing
import Runs
import Settlement

/// Rows of `charges`, and the question which month bills them (`ChargeMonth`).
enum ChargeRows {
  /// The regular settlement runs opened so far.
  static func regularRuns(in connection: PostgresConnection) throws -> [ChargeMonth.RegularRun] {
    try connection.rows(
      """
      SELECT r.run_id, r.month, r.cutoff, coalesce(c.currency, '')
      FROM runs r LEFT JOIN catalogs c ON c.version = r.catalog_version
      WHERE r.job = 1 AND r.kind = 1 ORDER BY r.run_id
      """
    ) { row in
      ChargeMonth.RegularRun(
        id: row.integer(0), month: BillingMonth(index: Int32(row.integer(1))),
        cutoff: row.integer(2), currency: row.text(3))
    }
  }

  /// Customers who are not in the cohort by their own dates but have a charge that the run is to
  /// bill, ascending, within `after < customer ≤ upTo`.
  static func customersOwed(
    run: RunRecord, after: Int64, upTo: Int64, in connection: PostgresConnection
  ) throws -> [CustomerID] {
    let charges = ChargeMonth(regularRuns: try regularRuns(in: connection))
    let period = run.key.month.period
    var owed: [CustomerID] = []
    try connection.query(
      """
      SELECT c.charged_on, c.first_recorded, c.customer_id
      FROM charges c JOIN customers u ON u.customer_id = c.customer_id
        AND u.recorded_from <= $1 AND u.recorded_to > $1
      WHERE c.customer_id > $2 AND c.customer_id <= $3
        AND c.recorded_from <= $1 AND c.recorded_to > $1 AND c.charged_on < $4
        AND NOT (u.activated_on < $4 AND (u.terminated_on IS NULL OR u.terminated_on > $5))
      ORDER BY c.customer_id
      """,
      run.pins.cutoff, after, upTo, period.upperBound, period.lowerBound
    ) { row in
      let customer = CustomerID(row.integer(2))
      if charges.month(of: row) == run.key.month, owed.last != customer { owed.append(customer) }
    }
    return owed
  }
}

extension ChargeMonth {
  /// Of a row whose first columns are the charge's day and its first record number.
  func month(of row: PostgresRow) -> BillingMonth? {
    month(
      chargedOn: CalendarDay(daysSince1970: Int32(row.integer(0))), firstRecorded: row.integer(1))
  }

  func whyUnbilled(_ row: PostgresRow) -> UnbilledKind? {
    whyUnbilled(
      chargedOn: CalendarDay(daysSince1970: Int32(row.integer(0))), firstRecorded: row.integer(1))
  }
}
