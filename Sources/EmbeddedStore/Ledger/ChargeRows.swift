import Billing
import Runs
import Settlement

/// Rows of `charges`, and the question which month bills them (`ChargeMonth`).
enum ChargeRows {
  /// The regular settlement runs opened so far.
  static func regularRuns(in connection: Connection) throws -> [ChargeMonth.RegularRun] {
    var runs: [ChargeMonth.RegularRun] = []
    try connection.query(
      """
      SELECT r.run_id, r.month, r.cutoff, coalesce(c.currency, '')
      FROM runs r LEFT JOIN catalogs c ON c.version = r.catalog_version
      WHERE r.job = 1 AND r.kind = 1 ORDER BY r.run_id
      """
    ) { row in
      runs.append(
        ChargeMonth.RegularRun(
          id: row.integer(0), month: BillingMonth(index: try row.int32(1)),
          cutoff: row.integer(2), currency: row.text(3)))
    }
    return runs
  }

  /// Customers who are not in the cohort by their own dates but have a charge that the run is to
  /// bill, ascending, within `after < customer ≤ upTo`.
  static func customersOwed(
    run: RunRecord, after: Int64, upTo: Int64, in connection: Connection
  ) throws -> [CustomerID] {
    let charges = ChargeMonth(regularRuns: try regularRuns(in: connection))
    let period = run.key.month.period
    var owed: [CustomerID] = []
    try connection.query(
      """
      SELECT c.customer_id, c.charged_on, c.first_recorded
      FROM charges c JOIN customers u ON u.customer_id = c.customer_id
        AND u.recorded_from <= ?1 AND u.recorded_to > ?1
      WHERE c.customer_id > ?2 AND c.customer_id <= ?3
        AND c.recorded_from <= ?1 AND c.recorded_to > ?1 AND c.charged_on < ?4
        AND NOT (u.activated_on < ?4 AND (u.terminated_on IS NULL OR u.terminated_on > ?5))
      ORDER BY c.customer_id
      """,
      run.pins.cutoff, after, upTo, period.upperBound, period.lowerBound
    ) { row in
      let customer = CustomerID(row.integer(0))
      let month = charges.month(
        chargedOn: CalendarDay(daysSince1970: try row.int32(1)),
        firstRecorded: row.integer(2))
      if month == run.key.month, owed.last != customer { owed.append(customer) }
    }
    return owed
  }
}
