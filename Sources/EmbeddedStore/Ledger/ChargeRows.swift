import Billing
import Runs
import Settlement

/// Rows of `charges`, and the question which month bills them (`ChargeMonth`).
enum ChargeRows {
  /// The regular settlement runs opened so far.
  static func regularRuns(in connection: Connection) throws -> [ChargeMonth.RegularRun] {
    var runs: [ChargeMonth.RegularRun] = []
    try connection.query(
      "SELECT run_id, month, cutoff FROM runs WHERE job = 1 AND kind = 1 ORDER BY run_id"
    ) { row in
      runs.append(
        ChargeMonth.RegularRun(
          id: row.integer(0), month: BillingMonth(index: Int32(row.integer(1))),
          cutoff: row.integer(2)))
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
        chargedOn: CalendarDay(daysSince1970: Int32(row.integer(1))),
        firstRecorded: row.integer(2))
      if month == run.key.month, owed.last != customer { owed.append(customer) }
    }
    return owed
  }

  /// What was recorded after a month's settlement and is on no bill of any month.
  static func unbilled(of month: BillingMonth, in connection: Connection) throws -> UnbilledInputs {
    var result = UnbilledInputs(charges: 0, chargeSum: 0, changedCustomers: 0)
    let runs = try regularRuns(in: connection)
    guard let regular = runs.first(where: { $0.month == month }) else { return result }
    let charges = ChargeMonth(regularRuns: runs)
    try connection.query(
      """
      SELECT charged_on, first_recorded, amount FROM charges INDEXED BY charges_by_day
      WHERE charged_on >= ?1 AND charged_on < ?2 AND first_recorded > ?3
        AND recorded_to = 9223372036854775807
      """,
      month.firstDay, month.next.firstDay, regular.cutoff
    ) { row in
      let billedIn = charges.month(
        chargedOn: CalendarDay(daysSince1970: Int32(row.integer(0))),
        firstRecorded: row.integer(1))
      guard billedIn == nil else { return }
      result.charges += 1
      result.chargeSum += row.integer(2)
    }
    result.changedCustomers = try changedCustomers(of: month, since: regular.cutoff, in: connection)
    return result
  }

  /// Customers of the month of whom something that its bill depends on was recorded later than what
  /// their latest statement was made from.
  private static func changedCustomers(
    of month: BillingMonth, since cutoff: Int64, in connection: Connection
  ) throws -> Int64 {
    let last = try connection.first("SELECT coalesce(max(record_number), 0) FROM records") {
      $0.integer(0)
    }
    guard let last, last > cutoff else { return 0 }
    return try connection.first(
      changedCustomersQuery, month, cutoff, month.firstDay, month.next.firstDay
    ) { $0.integer(0) } ?? 0
  }

  /// Rows of these tables are versions of their key; one that was recorded late matters if it, or
  /// the version that it replaced, is active in the month.
  private static let changedCustomersQuery: String = {
    let versioned = [
      ("segments", "line_id"), ("add_ons", "line_id, code"), ("discounts", "line_id, code"),
      ("bundle_members", "line_id, bundle_id"),
    ].map { table, key in
      """
      SELECT n.customer_id, n.recorded_from FROM \(table) n
      WHERE n.recorded_from > ?2 AND n.active_from < ?4 AND EXISTS (
        SELECT 1 FROM \(table) o
        WHERE (o.customer_id, \(key.columns(of: "o")), o.active_from)
            = (n.customer_id, \(key.columns(of: "n")), n.active_from)
          AND o.recorded_to > ?2 AND (o.active_to IS NULL OR
            (o.active_to > ?3 AND o.active_to > o.active_from)))
      """
    }
    let usage =
      "SELECT customer_id, recorded_from FROM usage WHERE month = ?1 AND recorded_from > ?2"
    return """
      SELECT count(DISTINCT c.customer_id) FROM (\((versioned + [usage]).joined(separator: " UNION ALL "))) c
      WHERE c.recorded_from > (
        SELECT max(r.cutoff) FROM manifest m JOIN runs r ON r.run_id = m.run_id
        WHERE m.month = ?1 AND m.customer_id = c.customer_id)
      """
  }()
}

extension String {
  /// `line_id, code` as `o.line_id, o.code`.
  fileprivate func columns(of alias: String) -> String {
    split(separator: ",").map { "\(alias).\($0.drop { $0 == " " })" }.joined(separator: ", ")
  }
}
