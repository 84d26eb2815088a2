import Billing
import Settlement

/// Reads a chunk's inputs: one statement a table, each in key order, put together by merging.
struct RatingInputRows {
  private let targets: [CustomerID]
  private let month: BillingMonth
  private let cutoff: Int64
  /// Read as a whole, as nearly all customers in it are targets; `nil` where the targets are looked
  /// up by a list.
  private let range: ClosedRange<CustomerID>?

  init(
    targets: [CustomerID], month: BillingMonth, cutoff: Int64, range: ClosedRange<CustomerID>?
  ) {
    self.targets = targets
    self.month = month
    self.cutoff = cutoff
    self.range = range
  }

  func read(from connection: PostgresConnection) throws -> RatingBatch {
    guard !targets.isEmpty else { return RatingBatch(inputs: [], bundleMembers: []) }
    var merged = RatingInputMerge(targets: targets)
    try addCustomers(to: &merged, connection)
    try addLines(to: &merged, connection)
    try addOns(to: &merged, connection)
    try addDiscounts(to: &merged, connection)
    let hasBundles = try addBundles(to: &merged, connection)
    try addUsage(to: &merged, connection)
    try addCharges(to: &merged, connection)
    return merged.batch(bundleMembers: hasBundles ? try bundleMembers(connection) : [])
  }

  // MARK: Selecting

  /// The condition on `customer_id`.
  private var selected: String {
    range != nil ? "customer_id BETWEEN $1 AND $2" : "customer_id = ANY($1)"
  }

  private let valid = "recorded_from <= $3 AND recorded_to > $3"

  /// Every statement is given the same parameters, and uses what it needs of them: 1 the first of
  /// the customers or their list, 2 the last of them, 3 the cutoff, 4 the month, 5 its first day,
  /// 6 that of the next.
  private func query(
    _ sql: String, _ connection: PostgresConnection, body: (PostgresRow) throws -> Void
  ) throws {
    let who: any PostgresValue =
      range?.lowerBound ?? IntegerColumn(targets) { $0 } as any PostgresValue
    try connection.query(
      sql, who, range?.upperBound ?? targets[targets.count - 1], cutoff, month, month.firstDay,
      month.next.firstDay,
      body: body)
  }

  /// Hands each row to `body` with its customer's input.
  private func merge(
    _ sql: String, _ connection: PostgresConnection, into inputs: inout RatingInputMerge,
    _ body: (PostgresRow, inout RatingInput) throws -> Void
  ) throws {
    inputs.beginTable()
    try query(sql, connection) { row in
      try inputs.change(CustomerID(row.integer(0))) { try body(row, &$0) }
    }
  }

  // MARK: Tables

  private func addCustomers(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws {
    try query(
      "SELECT customer_id, name, locale, "
        + "activated_on < $6 AND (terminated_on IS NULL OR terminated_on > $5) FROM customers "
        + "WHERE \(selected) AND \(valid) ORDER BY customer_id", connection
    ) { row in
      let customer = CustomerID(row.integer(0))
      try inputs.add(customer) {
        guard let locale = BillLocale(rawValue: row.text(2)) else {
          throw damaged("customer \(customer) has an unknown locale")
        }
        return RatingInput(
          customer: customer, name: row.text(1), locale: locale, isOfMonth: row.bool(3), lines: [],
          charges: [])
      }
    }
  }

  private func addLines(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws {
    try merge(
      "SELECT customer_id, line_id, plan_code, active_from, active_to FROM segments "
        + "WHERE \(selected) AND \(valid) ORDER BY customer_id, line_id, active_from",
      connection, into: &inputs
    ) { row, input in
      input.add(
        PlanSegment(planCode: row.text(2), activeFrom: day(row, 3), activeTo: optionalDay(row, 4)),
        of: LineID(row.integer(1)))
    }
  }

  private func addOns(to inputs: inout RatingInputMerge, _ connection: PostgresConnection) throws {
    try merge(entitlements(of: "add_ons"), connection, into: &inputs) { row, input in
      input.change(LineID(row.integer(1))) { $0.addOns.append(entitlement(row)) }
    }
  }

  private func addDiscounts(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws {
    try merge(entitlements(of: "discounts"), connection, into: &inputs) { row, input in
      input.change(LineID(row.integer(1))) { $0.discounts.append(entitlement(row)) }
    }
  }

  private func entitlements(of table: String) -> String {
    "SELECT customer_id, line_id, code, active_from, active_to FROM \(table) "
      + "WHERE \(selected) AND \(valid) ORDER BY customer_id, line_id, code, active_from"
  }

  private func entitlement(_ row: PostgresRow) -> Entitlement {
    Entitlement(code: row.text(2), activeFrom: day(row, 3), activeTo: optionalDay(row, 4))
  }

  /// Whether any of the customers has a line in a bundle.
  private func addBundles(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws -> Bool {
    var any = false
    try merge(
      "SELECT customer_id, line_id, bundle_id, active_from, active_to FROM bundle_members "
        + "WHERE \(selected) AND \(valid) ORDER BY customer_id, line_id, bundle_id, active_from",
      connection, into: &inputs
    ) { row, input in
      any = true
      input.change(LineID(row.integer(1))) {
        $0.bundles.append(membership(row, bundle: 2, days: 3))
      }
    }
    return any
  }

  private func addUsage(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws {
    try merge(
      "SELECT customer_id, line_id, metric, coefficient, scale FROM usage "
        + "WHERE month = $4 AND \(selected) AND \(valid) ORDER BY customer_id, line_id, metric",
      connection, into: &inputs
    ) { row, input in
      try input.change(LineID(row.integer(1))) { line in
        guard let quantity = FixedDecimal(coefficient: row.integer(3), scale: row.int(4)) else {
          throw damaged("a usage quantity of line \(line.id) is out of range")
        }
        line.usage.append(UsageQuantity(metric: row.text(2), quantity: quantity))
      }
    }
  }

  private func addCharges(
    to inputs: inout RatingInputMerge, _ connection: PostgresConnection
  ) throws {
    let charges = ChargeMonth(regularRuns: try ChargeRows.regularRuns(in: connection))
    try merge(
      "SELECT customer_id, charge_id, charged_on, first_recorded, category, description, amount, "
        + "taxable FROM charges WHERE \(selected) AND \(valid) AND charged_on < $6 "
        + "ORDER BY customer_id, charged_on, charge_id", connection, into: &inputs
    ) { row, input in
      let chargedOn = day(row, 2)
      guard charges.month(chargedOn: chargedOn, firstRecorded: row.integer(3)) == month else {
        return
      }
      input.charges.append(
        OneOffCharge(
          id: row.text(1), chargedOn: chargedOn, category: row.text(4), description: row.text(5),
          amount: row.integer(6), taxable: row.bool(7)))
    }
  }

  /// Every membership of the bundles that these customers' lines are in, with the segments that
  /// reach into the month.
  private func bundleMembers(_ connection: PostgresConnection) throws -> [BundleMember] {
    var members: [BundleMember] = []
    try query(
      """
      SELECT m.bundle_id, m.line_id, m.active_from, m.active_to,
        s.plan_code, s.active_from, s.active_to
      FROM bundle_members m
      JOIN segments s ON s.customer_id = m.customer_id AND s.line_id = m.line_id
        AND s.recorded_from <= $3 AND s.recorded_to > $3
        AND s.active_from < $6 AND (s.active_to IS NULL OR s.active_to > $5)
      WHERE m.bundle_id IN (SELECT bundle_id FROM bundle_members WHERE \(selected) AND \(valid))
        AND m.recorded_from <= $3 AND m.recorded_to > $3
      ORDER BY m.bundle_id, m.line_id, m.active_from, s.active_from
      """, connection
    ) { row in
      members.add(
        PlanSegment(
          planCode: row.text(4), activeFrom: day(row, 5), activeTo: optionalDay(row, 6)),
        of: LineID(row.integer(1)), in: membership(row, bundle: 0, days: 2))
    }
    return members
  }

  // MARK: Columns

  private func membership(_ row: PostgresRow, bundle: Int, days: Int) -> BundleMembership {
    BundleMembership(
      bundle: row.text(bundle), activeFrom: day(row, days), activeTo: optionalDay(row, days + 1))
  }

  private func day(_ row: PostgresRow, _ column: Int) -> CalendarDay {
    CalendarDay(daysSince1970: Int32(truncatingIfNeeded: row.integer(column)))
  }

  private func optionalDay(_ row: PostgresRow, _ column: Int) -> CalendarDay? {
    row.isNull(column) ? nil : day(row, column)
  }

  private func damaged(_ detail: String) -> StoreError {
    StoreError(.corrupt, operation: "read the inputs of \(month)", detail: detail)
  }
}
