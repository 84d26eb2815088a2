import Billing
import Settlement

/// What was recorded after a month's settlement: what is on no bill, and what bills may be wrong by.
///
/// What is late lies together in the order of recording: the indexes by block ranges find it
/// (`…_by_record`). A condition that an index of its own would answer by reading a whole month is
/// kept from it by `+ 0`.
enum LateRows {
  static func lastRecordNumber(in connection: PostgresConnection) throws -> Int64 {
    try connection.first("SELECT coalesce(max(record_number), 0) FROM records") { $0.integer(0) }
      ?? 0
  }

  static func unbilled(
    of month: BillingMonth, in connection: PostgresConnection
  ) throws -> UnbilledInputs {
    var result = UnbilledInputs()
    let runs = try ChargeRows.regularRuns(in: connection)
    guard let regular = runs.first(where: { $0.month == month }),
      try lastRecordNumber(in: connection) > regular.cutoff
    else { return result }
    let charges = ChargeMonth(regularRuns: runs)
    var late: [UnbilledKind: UnbilledItem] = [:]
    try connection.query(
      """
      SELECT charged_on, first_recorded, amount FROM charges
      WHERE charged_on >= $1 AND charged_on < $2 AND first_recorded > $3
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
    let changed = try changedCharges(of: month, since: regular.cutoff, charges, in: connection)
    result.changedCustomers =
      try connection.first(
        changedCustomersQuery, month, regular.cutoff, month.firstDay, month.next.firstDay,
        IntegerColumn(changed) { $0.customer }, IntegerColumn(changed) { $0.recorded }
      ) { $0.integer(0) } ?? 0
    result.lateCustomers =
      try connection.first(
        "\(lateCustomers) SELECT count(*) FROM late c WHERE \(isUnsettled)", month,
        month.firstDay, month.next.firstDay
      ) { $0.integer(0) } ?? 0
    return result
  }

  /// Recorded after the month's regular settlement, of the month, and neither settled nor parked;
  /// ascending.
  static func customers(
    of month: BillingMonth, after: Int64, _ limit: Int, in connection: PostgresConnection
  ) throws -> [CustomerID] {
    try connection.rows(
      "\(lateCustomers) SELECT c.customer_id FROM late c WHERE c.customer_id > $4 "
        + "AND \(isUnsettled) ORDER BY c.customer_id LIMIT $5",
      month, month.firstDay, month.next.firstDay, after, limit
    ) { CustomerID($0.integer(0)) }
  }

  /// Parameters: 1 month, 2 its first day, 3 that of the next. Apart from the rest, so that they are
  /// found by when they were recorded and not by stepping through all customers.
  private static let lateCustomers = """
    WITH late AS MATERIALIZED (
      SELECT customer_id FROM customers
      WHERE recorded_from > (SELECT cutoff FROM runs WHERE job = 1 AND month = $1 AND kind = 1)
        AND recorded_to = 9223372036854775807
        AND activated_on < $3 AND (terminated_on IS NULL OR terminated_on > $2)
    )
    """

  private static let isUnsettled = """
    NOT EXISTS (SELECT 1 FROM manifest m WHERE m.month = $1 AND m.customer_id = c.customer_id)
    AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.month = $1 AND p.customer_id = c.customer_id)
    """

  // MARK: Changes to what is settled

  /// Later versions of charges that the month bills.
  private static func changedCharges(
    of month: BillingMonth, since cutoff: Int64, _ charges: ChargeMonth,
    in connection: PostgresConnection
  ) throws -> [(customer: Int64, recorded: Int64)] {
    var changed: [(customer: Int64, recorded: Int64)] = []
    try connection.query(
      """
      SELECT charged_on, first_recorded, customer_id, recorded_from FROM charges
      WHERE recorded_from > $1 AND first_recorded < recorded_from AND charged_on + 0 < $2
      """, cutoff, month.next.firstDay
    ) { row in
      guard charges.month(of: row) == month else { return }
      changed.append((customer: row.integer(2), recorded: row.integer(3)))
    }
    return changed
  }

  /// Customers with a statement of the month of whom something that it may depend on was recorded
  /// after the latest run that looked at them. Parameters: 1 month, 2 the regular run's cutoff,
  /// 3 the month's first day, 4 that of the next, 5 and 6 changed charges.
  private static let changedCustomersQuery = """
    SELECT count(*) FROM (
      SELECT customer_id, max(recorded_from) AS recorded_from
      FROM (\((lateVersions + bundlePeers + others).joined(separator: " UNION ALL ")))
        AS changes (customer_id, recorded_from)
      GROUP BY customer_id) c
    WHERE c.recorded_from > (
        SELECT max(r.cutoff) FROM manifest m JOIN runs r ON r.run_id = m.run_id
        WHERE m.month = $1 AND m.customer_id = c.customer_id)
      AND c.recorded_from > (
        SELECT coalesce(max(r.cutoff), 0) FROM runs r
        JOIN run_customers l ON l.run_id = r.run_id AND l.customer_id = c.customer_id
        WHERE r.job = 1 AND r.month = $1 AND r.kind = 3 AND r.status = 2 AND NOT EXISTS (
          SELECT 1 FROM parked p WHERE p.month = $1 AND p.customer_id = c.customer_id
            AND p.run_id = r.run_id))
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
    n.recorded_from > $2 AND n.active_from < $4 AND EXISTS (
      SELECT 1 FROM \(table) o
      WHERE (o.customer_id, \(key.columns(of: "o")), o.active_from)
          = (n.customer_id, \(key.columns(of: "n")), n.active_from)
        AND o.recorded_to > $2 AND (o.active_to IS NULL OR
          (o.active_to > $3 AND o.active_to > o.active_from)))
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
      AND l.recorded_to > $2
    JOIN bundle_members x ON x.bundle_id = l.bundle_id
    WHERE \(isLate("segments", "line_id")) AND \(isMember) AND NOT EXISTS (
      SELECT 1 FROM segments o
      WHERE (o.customer_id, o.line_id, o.active_from) = (n.customer_id, n.line_id, n.active_from)
        AND o.recorded_to = n.recorded_from AND o.active_to IS NOT DISTINCT FROM n.active_to)
    """,
  ]

  private static let isMember =
    "x.recorded_to > $2 AND x.active_from < $4 AND (x.active_to IS NULL OR x.active_to > $3)"

  /// Usage, charges, and customers who by their own dates are not of the month after all.
  private static let others = [
    "SELECT customer_id, recorded_from FROM usage WHERE month + 0 = $1 AND recorded_from > $2",
    "SELECT * FROM unnest($5::bigint[], $6::bigint[])",
    """
    SELECT n.customer_id, n.recorded_from FROM customers n
    JOIN customers o ON o.customer_id = n.customer_id AND o.recorded_to = n.recorded_from
    WHERE n.recorded_from > $2
      AND o.activated_on < $4 AND (o.terminated_on IS NULL OR o.terminated_on > $3)
      AND NOT (n.activated_on < $4 AND (n.terminated_on IS NULL OR n.terminated_on > $3))
    """,
  ]
}

extension String {
  /// `line_id, code` as `o.line_id, o.code`.
  fileprivate func columns(of alias: String) -> String {
    split(separator: ",").map { "\(alias).\($0.drop { $0 == " " })" }.joined(separator: ", ")
  }
}
