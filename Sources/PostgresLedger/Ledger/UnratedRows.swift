import Billing
import Runs
import Settlement

/// Rows of `unrated`, and what of a settled month no bill contains by them.
///
/// What rating left was recorded with its checkpoints; here it is compared with what is recorded now,
/// and what came later of customers outside the cohort is added. So what is read is what is listed,
/// and what was recorded since.
enum UnratedRows {
  static func insert(_ checkpoint: SettlementCheckpoint, in connection: PostgresConnection) throws {
    let run = checkpoint.chunk.hold.run
    if !checkpoint.ratedAgain.isEmpty {
      try connection.run(
        "UPDATE unrated SET superseded_by = $1 "
          + "WHERE month = $2 AND customer_id = ANY($3) AND superseded_by IS NULL",
        run.id, run.key.month, IntegerColumn(checkpoint.ratedAgain) { $0 })
    }
    guard !checkpoint.unrated.isEmpty else { return }
    try connection.copy(
      into: "unrated",
      ["month", "customer_id", "line_id", "run_id", "coefficient", "kind", "scale", "metric"]
    ) { copy in
      for row in checkpoint.unrated {
        guard let kind = row.kind.unratedCode else { continue }
        try copy.row()
        copy.int4(run.key.month.index)
        copy.int8(row.customer.number)
        copy.int8(row.line.number)
        copy.int8(run.id)
        copy.int8(row.usage?.quantity.coefficient ?? 0)
        copy.int2(kind)
        copy.int2(row.usage?.quantity.scale ?? 0)
        copy.text(row.usage?.metric ?? "")
      }
    }
  }

  // MARK: What is left

  static func items(of month: BillingMonth, in connection: PostgresConnection) throws
    -> [UnbilledItem]
  {
    guard let look = try Look(at: month, in: connection) else { return [] }
    var items: [UnbilledItem] = []
    try connection.query(
      """
      SELECT kind, metric, scale, count(*), sum(coefficient / 1000000000)::bigint,
        sum(coefficient % 1000000000)::bigint
      FROM (\(left(look))) AS l GROUP BY kind, metric, scale
      """, month, month.firstDay, month.next.firstDay, look.cutoff
    ) { row in
      guard let kind = UnbilledKind(unratedCode: row.int(0)) else { return }
      items.append(
        UnbilledItem(
          kind: kind, month: month, metric: kind.subject == .usage ? row.text(1) : nil,
          count: row.integer(3),
          sum: ExactSum(high: row.integer(4), low: row.integer(5), scale: row.int(2))))
    }
    return [UnbilledItem](summing: items)
  }

  static func entries(
    of customer: CustomerID, month: BillingMonth, in connection: PostgresConnection
  ) throws -> [UnbilledEntry] {
    guard let look = try Look(at: month, in: connection) else { return [] }
    var entries: [UnbilledEntry] = []
    try connection.query(
      """
      SELECT kind, line_id, metric, coefficient, scale
      FROM (\(left(look, of: "= $5", along: "u.month"))) AS l ORDER BY kind, line_id, metric
      """, month, month.firstDay, month.next.firstDay, look.cutoff, customer
    ) { row in
      guard let kind = UnbilledKind(unratedCode: row.int(0)) else { return }
      let line = LineID(row.integer(1))
      let quantity = FixedDecimal(coefficient: row.integer(3), scale: row.int(4)) ?? .zero
      entries.append(
        UnbilledEntry(
          kind: kind, month: month,
          subject: kind.subject == .lines
            ? .line(line) : .usage(line: line, metric: row.text(2), quantity: quantity)))
    }
    return entries
  }

  /// What there is to look at besides what was recorded with checkpoints.
  private struct Look {
    /// Of the regular run; 0 where it had no chunk, so that nothing was seen with one.
    var cutoff: Int64
    /// Whether the run is over and something was recorded since.
    var isLate: Bool

    /// `nil` for a month without a regular run.
    init?(at month: BillingMonth, in connection: PostgresConnection) throws {
      let look = try connection.first(
        """
        SELECT CASE WHEN EXISTS (SELECT 1 FROM chunks c WHERE c.run_id = r.run_id) THEN cutoff ELSE 0 END, status,
          (SELECT coalesce(max(record_number), 0) FROM records)
        FROM runs r WHERE job = 1 AND month = $1 AND kind = 1
        """, month
      ) { (cutoff: $0.integer(0), status: $0.int(1), last: $0.integer(2)) }
      guard let look else { return nil }
      cutoff = look.cutoff
      isLate = look.status == 2 && look.last > look.cutoff
    }
  }

  /// Kind, customer, line, metric, coefficient and scale of what is on no bill. Parameters: 1 month,
  /// 2 its first day, 3 that of the next, 4 the cutoff.
  ///
  /// - Parameters:
  ///   - customer: a condition that they fulfil.
  ///   - month: of usage that was recorded late, which the order of recording finds in a month.
  private static func left(
    _ look: Look, of customer: String = "IS NOT NULL", along month: String = "u.month + 0"
  ) -> String {
    var parts = [
      """
      SELECT CASE WHEN r.kind = 1 THEN 1 WHEN \(isOutside("r")) AND \(isActive("r")) THEN 3
        ELSE 2 END AS kind, r.customer_id, r.line_id, r.metric, u.coefficient, u.scale
      FROM unrated r JOIN usage u ON u.month = $1 AND u.customer_id = r.customer_id
        AND u.line_id = r.line_id AND u.metric = r.metric
      WHERE r.month = $1 AND r.customer_id \(customer) AND r.superseded_by IS NULL
        AND u.recorded_to = 9223372036854775807 AND u.coefficient <> 0
        AND (r.kind = 1 OR \(isOutside("r"))
          OR (r.kind = 2 AND NOT \(isActive("r")) AND EXISTS (SELECT 1 FROM manifest m
            WHERE m.month = $1 AND m.customer_id = r.customer_id)))
      """,
      """
      SELECT 4, r.customer_id, r.line_id, '', 0, 0
      FROM unrated r
      WHERE r.month = $1 AND r.customer_id \(customer) AND r.superseded_by IS NULL AND r.kind = 4
        AND \(isOutside("r")) AND \(isActive("r"))
      """,
    ]
    if look.isLate {
      parts += [
        """
        SELECT CASE WHEN \(isActive("u")) THEN 3 ELSE 2 END, u.customer_id, u.line_id, u.metric, u.coefficient, u.scale FROM usage u
        WHERE \(month) = $1 AND u.customer_id \(customer) AND u.recorded_from > $4
          AND u.recorded_to = 9223372036854775807 AND u.coefficient <> 0 AND \(isUnseen("u"))
          AND NOT EXISTS (SELECT 1 FROM unrated r WHERE r.month = $1
            AND r.customer_id = u.customer_id AND r.line_id = u.line_id AND r.metric = u.metric
            AND r.superseded_by IS NULL)
        """,
        """
        SELECT DISTINCT 4, s.customer_id, s.line_id, '', 0, 0 FROM segments s
        WHERE s.customer_id \(customer) AND s.recorded_from > $4 AND \(coversDay)
          AND \(isUnseen("s")) AND NOT EXISTS (SELECT 1 FROM unrated r WHERE r.month = $1
            AND r.customer_id = s.customer_id AND r.line_id = s.line_id AND r.metric = ''
            AND r.superseded_by IS NULL)
        """,
      ]
    }
    return parts.joined(separator: " UNION ALL ")
  }

  /// Whether a line has an active day in the month, as it is recorded now.
  private static func isActive(_ row: String) -> String {
    """
    EXISTS (SELECT 1 FROM segments s WHERE s.customer_id = \(row).customer_id
      AND s.line_id = \(row).line_id AND \(coversDay))
    """
  }

  private static let coversDay = """
    s.recorded_to = 9223372036854775807 AND s.active_from < $3
    AND (s.active_to IS NULL OR (s.active_to > $2 AND s.active_to > s.active_from))
    """

  /// By their dates as they are recorded now.
  private static func isOutside(_ row: String) -> String {
    """
    EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = \(row).customer_id
      AND c.recorded_to = 9223372036854775807
      AND (c.activated_on >= $3 OR c.terminated_on <= $2))
    """
  }

  /// Outside of the month, and neither settled nor parked.
  private static func isUnseen(_ row: String) -> String {
    """
    \(isOutside(row))
    AND NOT EXISTS (
      SELECT 1 FROM manifest m WHERE m.month = $1 AND m.customer_id = \(row).customer_id)
    AND NOT EXISTS (
      SELECT 1 FROM parked p WHERE p.month = $1 AND p.customer_id = \(row).customer_id)
    """
  }
}
