import Billing
import Runs
import Settlement

/// Charges and usage of months that no settlement concerns, and what of a customer's charges is on no
/// bill.
struct UnsettledRows {
  private let months: SettledMonths
  private let charges: UnbilledCharges
  private let now: BillingMonth

  /// - Parameter now: the month that is running.
  init(in connection: PostgresConnection, asOf now: BillingMonth) throws {
    var completed: [BillingMonth] = []
    var unfinished: [BillingMonth] = []
    try connection.query("SELECT month, status FROM runs WHERE job = 1 AND kind = 1") { row in
      let month = BillingMonth(index: Int32(row.integer(0)))
      if row.int(1) == RunStatus.completed.rawValue {
        completed.append(month)
      } else {
        unfinished.append(month)
      }
    }
    months = SettledMonths(completed: completed, unfinished: unfinished)
    charges = UnbilledCharges(
      billing: ChargeMonth(regularRuns: try ChargeRows.regularRuns(in: connection)),
      months: months, asOf: now)
    self.now = now
  }

  var completed: [BillingMonth] { months.completed }

  func items(in connection: PostgresConnection) throws -> [UnbilledItem] {
    var items: [UnbilledItem] = []
    for days in months.unsettledDays(asOf: now) {
      try connection.query(
        """
        SELECT charged_on, count(*), sum(amount / 1000000000)::bigint,
          sum(amount % 1000000000)::bigint
        FROM charges
        WHERE charged_on >= $1 AND charged_on < $2 AND recorded_to = 9223372036854775807
          AND amount <> 0
        GROUP BY charged_on
        """, days.lowerBound, days.upperBound
      ) { row in
        let month = BillingMonth(containing: day(row.integer(0)))
        guard let place = months.place(of: month, asOf: now) else { return }
        items.append(
          UnbilledItem(
            kind: place.kindOfCharge, month: month, count: row.integer(1),
            sum: ExactSum(high: row.integer(2), low: row.integer(3), scale: 0)))
      }
    }
    for (month, place) in try monthsOfUsage(in: connection) {
      try connection.query(
        """
        SELECT metric, scale, count(*), sum(coefficient / 1000000000)::bigint,
          sum(coefficient % 1000000000)::bigint
        FROM usage
        WHERE month = $1 AND recorded_to = 9223372036854775807 AND coefficient <> 0
        GROUP BY metric, scale
        """, month
      ) { row in
        items.append(
          UnbilledItem(
            kind: place.kindOfUsage, month: month, metric: row.text(0), count: row.integer(2),
            sum: ExactSum(high: row.integer(3), low: row.integer(4), scale: row.int(1))))
      }
    }
    return [UnbilledItem](summing: items)
  }

  /// Late charges too.
  func entries(of customer: CustomerID, in connection: PostgresConnection) throws -> [UnbilledEntry]
  {
    var entries: [UnbilledEntry] = []
    try connection.query(
      """
      SELECT charged_on, first_recorded, charge_id, amount FROM charges
      WHERE customer_id = $1 AND recorded_to = 9223372036854775807 AND amount <> 0
      ORDER BY charged_on, charge_id
      """, customer
    ) { row in
      let day = day(row.integer(0))
      guard let kind = charges.kind(chargedOn: day, firstRecorded: row.integer(1)) else { return }
      entries.append(
        UnbilledEntry(
          kind: kind, month: BillingMonth(containing: day),
          subject: .charge(id: row.text(2), on: day, amount: row.integer(3))))
    }
    for (month, place) in try monthsOfUsage(in: connection) {
      try connection.query(
        """
        SELECT line_id, metric, coefficient, scale FROM usage
        WHERE month = $1 AND customer_id = $2 AND recorded_to = 9223372036854775807
          AND coefficient <> 0
        ORDER BY line_id, metric
        """, month, customer
      ) { row in
        let quantity = FixedDecimal(coefficient: row.integer(2), scale: row.int(3)) ?? .zero
        entries.append(
          UnbilledEntry(
            kind: place.kindOfUsage, month: month,
            subject: .usage(
              line: LineID(row.integer(0)), metric: row.text(1), quantity: quantity)))
      }
    }
    return entries
  }

  /// The months of which usage is recorded that no settlement concerns: a step along the key for each
  /// month that there is.
  private func monthsOfUsage(
    in connection: PostgresConnection
  ) throws -> [(month: BillingMonth, place: SettledMonths.Place)] {
    var found: [(month: BillingMonth, place: SettledMonths.Place)] = []
    try connection.query(
      """
      WITH RECURSIVE months (month) AS (
        SELECT min(month) FROM usage
        UNION ALL
        SELECT (SELECT min(month) FROM usage WHERE month > months.month) FROM months
        WHERE months.month IS NOT NULL)
      SELECT month FROM months WHERE month IS NOT NULL
      """
    ) { row in
      let month = BillingMonth(index: Int32(row.integer(0)))
      if let place = months.place(of: month, asOf: now) { found.append((month, place)) }
    }
    return found
  }

  private func day(_ number: Int64) -> CalendarDay {
    CalendarDay(daysSince1970: Int32(truncatingIfNeeded: number))
  }
}
