import Billing
import Settlement

/// What was recorded after a month's settlement: what is on no bill, and what bills may be wrong by.
enum LateRows {
  static func unbilled(of month: BillingMonth, in connection: Connection) throws -> UnbilledInputs {
    var result = UnbilledInputs()
    let runs = try ChargeRows.regularRuns(in: connection)
    guard let regular = runs.first(where: { $0.month == month }) else { return result }
    let last = try connection.first("SELECT coalesce(max(record_number), 0) FROM records") {
      $0.integer(0)
    }
    guard let last, last > regular.cutoff else { return result }
    let charges = ChargeMonth(regularRuns: runs)
    var late: [UnbilledKind: UnbilledItem] = [:]
    try connection.query(
      """
      SELECT charged_on, first_recorded, amount FROM charges INDEXED BY charges_by_day
      WHERE charged_on >= ?1 AND charged_on < ?2 AND first_recorded > ?3
        AND recorded_to = 9223372036854775807 AND amount <> 0
      """,
      month.firstDay, month.next.firstDay, regular.cutoff
    ) { row in
      guard let kind = charges.whyUnbilled(row) else { return }
      var item = late[kind] ?? UnbilledItem(kind: kind, month: month)
      item.count += 1
      item.sum += ExactSum(row.integer(2))
      late[kind] = item
    }
    result.items += [UnbilledItem](summing: late.values)
    result.changedCustomers =
      try connection.first(
        changedCustomersQuery, month, regular.cutoff, month.firstDay, month.next.firstDay,
        try changedCharges(of: month, since: regular.cutoff, charges, in: connection)
      ) { $0.integer(0) } ?? 0
    result.lateCustomers =
      try connection.first(
        "SELECT count(*) FROM (\(lateCustomersQuery))", month, month.firstDay,
        month.next.firstDay, Int64.min, Int64.max
      ) { $0.integer(0) } ?? 0
    return result
  }

  /// Recorded after the month's regular settlement, of the month, and neither settled nor parked;
  /// ascending.
  static func customers(
    of month: BillingMonth, after: Int64, _ limit: Int, in connection: Connection
  ) throws -> [CustomerID] {
    var customers: [CustomerID] = []
    try connection.query(
      lateCustomersQuery, month, month.firstDay, month.next.firstDay, after, limit
    ) { customers.append(CustomerID($0.integer(0))) }
    return customers
  }

  /// Parameters: 1 month, 2 its first day, 3 that of the next, 4 after whom, 5 how many.
  private static let lateCustomersQuery = """
    SELECT c.customer_id FROM customers c
    WHERE c.customer_id > ?4 AND c.recorded_to = 9223372036854775807
      AND c.recorded_from > (SELECT cutoff FROM runs WHERE job = 1 AND month = ?1 AND kind = 1)
      AND c.activated_on < ?3 AND (c.terminated_on IS NULL OR c.terminated_on > ?2)
      AND NOT EXISTS (
        SELECT 1 FROM manifest m WHERE m.month = ?1 AND m.customer_id = c.customer_id)
      AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.month = ?1 AND p.customer_id = c.customer_id)
    ORDER BY c.customer_id LIMIT ?5
    """

  // MARK: Changes to what is settled

  /// Later versions of charges that the month bills, as pairs of customer and record number.
  private static func changedCharges(
    of month: BillingMonth, since cutoff: Int64, _ charges: ChargeMonth, in connection: Connection
  ) throws -> String {
    var pairs: [String] = []
    try connection.query(
      """
      SELECT charged_on, first_recorded, customer_id, recorded_from FROM charges
      WHERE recorded_from > ?1 AND first_recorded < recorded_from AND charged_on < ?2
      """, cutoff, month.next.firstDay
    ) { row in
      guard charges.month(of: row) == month else { return }
      pairs.append("[\(row.integer(2)),\(row.integer(3))]")
    }
    return "[\(pairs.joined(separator: ","))]"
  }

  /// Customers with a statement of the month of whom something that it may depend on was recorded
  /// after the latest run that looked at them. Parameters: 1 month, 2 the regular run's cutoff,
  /// 3 the month's first day, 4 that of the next, 5 changed charges.
  private static let changedCustomersQuery = """
    SELECT count(DISTINCT c.customer_id) FROM (
      \((lateVersions + bundlePeers + others).joined(separator: " UNION ALL "))) c
    WHERE c.recorded_from > max(
      (SELECT max(r.cutoff) FROM manifest m JOIN runs r ON r.run_id = m.run_id
        WHERE m.month = ?1 AND m.customer_id = c.customer_id),
      (SELECT coalesce(max(r.cutoff), 0) FROM runs r
        JOIN run_customers l ON l.run_id = r.run_id AND l.customer_id = c.customer_id
        WHERE r.job = 1 AND r.month = ?1 AND r.kind = 3 AND r.status = 2 AND NOT EXISTS (
          SELECT 1 FROM parked p WHERE p.month = ?1 AND p.customer_id = c.customer_id
            AND p.run_id = r.run_id)))
    """

  private static let lateVersions = [
    ("segments", "line_id"), ("add_ons", "line_id, code"), ("discounts", "line_id, code"),
    ("bundle_members", "line_id, bundle_id"),
  ].map { table, key in
    "SELECT n.customer_id, n.recorded_from FROM \(table) n WHERE \(isLate(table, key))"
  }

  /// Rows of these tables are versions of their key; one that was recorded late (`n`) matters if it,
  /// or the version that it replaced, is active in the month.
  private static func isLate(_ table: String, _ key: String) -> String {
    """
    n.recorded_from > ?2 AND n.active_from < ?4 AND EXISTS (
      SELECT 1 FROM \(table) o
      WHERE (o.customer_id, \(key.columns(of: "o")), o.active_from)
          = (n.customer_id, \(key.columns(of: "n")), n.active_from)
        AND o.recorded_to > ?2 AND (o.active_to IS NULL OR
          (o.active_to > ?3 AND o.active_to > o.active_from)))
    """
  }

  /// A bundle's discount follows from its size: a line that comes or goes, by its membership or by
  /// its own days, concerns every other member.
  private static let bundlePeers = [
    """
    SELECT x.customer_id, n.recorded_from FROM bundle_members n
    JOIN bundle_members x ON x.bundle_id = n.bundle_id
    WHERE \(isLate("bundle_members", "line_id, bundle_id")) AND \(isMember)
    """,
    """
    SELECT x.customer_id, n.recorded_from FROM segments n
    JOIN bundle_members l ON l.customer_id = n.customer_id AND l.line_id = n.line_id
      AND l.recorded_to > ?2
    JOIN bundle_members x ON x.bundle_id = l.bundle_id
    WHERE \(isLate("segments", "line_id")) AND \(isMember) AND NOT EXISTS (
      SELECT 1 FROM segments o
      WHERE (o.customer_id, o.line_id, o.active_from) = (n.customer_id, n.line_id, n.active_from)
        AND o.recorded_to = n.recorded_from AND o.active_to IS n.active_to)
    """,
  ]

  private static let isMember =
    "x.recorded_to > ?2 AND x.active_from < ?4 AND (x.active_to IS NULL OR x.active_to > ?3)"

  /// Usage, charges, and customers who by their own dates are not of the month after all.
  private static let others = [
    "SELECT customer_id, recorded_from FROM usage WHERE month = ?1 AND recorded_from > ?2",
    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?5)",
    """
    SELECT n.customer_id, n.recorded_from FROM customers n
    JOIN customers o ON o.customer_id = n.customer_id AND o.recorded_to = n.recorded_from
    WHERE n.recorded_from > ?2
      AND o.activated_on < ?4 AND (o.terminated_on IS NULL OR o.terminated_on > ?3)
      AND NOT (n.activated_on < ?4 AND (n.terminated_on IS NULL OR n.terminated_on > ?3))
    """,
  ]
}

extension ChargeMonth {
  /// Of a row whose first columns are the charge's day and its first record number.
  fileprivate func month(of row: Statement) -> BillingMonth? {
    month(
      chargedOn: CalendarDay(daysSince1970: Int32(truncatingIfNeeded: row.integer(0))),
      firstRecorded: row.integer(1))
  }

  fileprivate func whyUnbilled(_ row: Statement) -> UnbilledKind? {
    whyUnbilled(
      chargedOn: CalendarDay(daysSince1970: Int32(truncatingIfNeeded: row.integer(0))),
      firstRecorded: row.integer(1))
  }
}

extension String {
  /// `line_id, code` as `o.line_id, o.code`.
  fileprivate func columns(of alias: String) -> String {
    split(separator: ",").map { "\(alias).\($0.drop { $0 == " " })" }.joined(separator: ", ")
  }
}
