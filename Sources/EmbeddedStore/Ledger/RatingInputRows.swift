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

  func read(from connection: Connection) throws -> RatingBatch {
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

  /// The condition on `customer_id`, on parameters 1 and 2.
  private func selected(_ column: String = "customer_id") -> String {
    range != nil
      ? "\(column) BETWEEN ?1 AND ?2"
      : "\(column) IN (SELECT value FROM json_each(?1)) AND ?2 IS NOT NULL"
  }

  private var valid: String { "recorded_from <= ?3 AND recorded_to > ?3" }

  private func prepare(_ sql: String, _ connection: Connection) throws -> Statement {
    let statement = try connection.statement(sql)
    if let range {
      statement.bind(range.lowerBound.number, at: 1)
    } else {
      statement.bind(CustomerList.json(targets), at: 1)
    }
    statement.bind((range?.upperBound ?? targets[targets.count - 1]).number, at: 2)
    statement.bind(cutoff, at: 3)
    return statement
  }

  /// Hands each row to `body` with its customer's input.
  private func merge(
    _ statement: Statement, into inputs: inout RatingInputMerge,
    _ body: (Statement, inout RatingInput) throws -> Void
  ) throws {
    inputs.beginTable()
    while try statement.step() {
      try inputs.change(CustomerID(statement.integer(0))) { try body(statement, &$0) }
      if inputs.isTableDone { break }
    }
    statement.reset()
  }

  // MARK: Tables

  private func addCustomers(
    to inputs: inout RatingInputMerge, _ connection: Connection
  ) throws {
    let statement = try prepare(
      "SELECT customer_id, name, locale, "
        + "activated_on < ?5 AND (terminated_on IS NULL OR terminated_on > ?4) FROM customers "
        + "WHERE \(selected()) AND \(valid) ORDER BY customer_id", connection)
    statement.bind(Int64(month.firstDay.daysSince1970), at: 4)
    statement.bind(Int64(month.next.firstDay.daysSince1970), at: 5)
    while try statement.step() {
      let customer = CustomerID(statement.integer(0))
      try inputs.add(customer) {
        guard let locale = BillLocale(rawValue: statement.text(2)) else {
          throw damaged("customer \(customer) has an unknown locale")
        }
        return RatingInput(
          customer: customer, name: statement.text(1), locale: locale,
          isOfMonth: statement.integer(3) != 0, lines: [], charges: [])
      }
    }
    statement.reset()
  }

  private func addLines(to inputs: inout RatingInputMerge, _ connection: Connection) throws {
    let statement = try prepare(
      "SELECT customer_id, line_id, plan_code, active_from, active_to FROM segments "
        + "WHERE \(selected()) AND \(valid) ORDER BY customer_id, line_id, active_from", connection)
    try merge(statement, into: &inputs) { row, input in
      input.add(
        PlanSegment(planCode: row.text(2), activeFrom: day(row, 3), activeTo: optionalDay(row, 4)),
        of: LineID(row.integer(1)))
    }
  }

  private func addOns(to inputs: inout RatingInputMerge, _ connection: Connection) throws {
    let statement = try entitlements(of: "add_ons", connection)
    try merge(statement, into: &inputs) { row, input in
      input.change(LineID(row.integer(1))) { $0.addOns.append(entitlement(row)) }
    }
  }

  private func addDiscounts(to inputs: inout RatingInputMerge, _ connection: Connection) throws {
    let statement = try entitlements(of: "discounts", connection)
    try merge(statement, into: &inputs) { row, input in
      input.change(LineID(row.integer(1))) { $0.discounts.append(entitlement(row)) }
    }
  }

  private func entitlements(of table: String, _ connection: Connection) throws -> Statement {
    try prepare(
      "SELECT customer_id, line_id, code, active_from, active_to FROM \(table) "
        + "WHERE \(selected()) AND \(valid) ORDER BY customer_id, line_id, code, active_from",
      connection)
  }

  private func entitlement(_ row: Statement) -> Entitlement {
    Entitlement(code: row.text(2), activeFrom: day(row, 3), activeTo: optionalDay(row, 4))
  }

  /// Whether any of the customers has a line in a bundle.
  private func addBundles(
    to inputs: inout RatingInputMerge, _ connection: Connection
  ) throws -> Bool {
    let statement = try prepare(
      "SELECT customer_id, line_id, bundle_id, active_from, active_to FROM bundle_members "
        + "WHERE \(selected()) AND \(valid) ORDER BY customer_id, line_id, bundle_id, active_from",
      connection)
    var any = false
    try merge(statement, into: &inputs) { row, input in
      any = true
      input.change(LineID(row.integer(1))) { $0.bundles.append(membership(row, at: 2)) }
    }
    return any
  }

  private func addUsage(to inputs: inout RatingInputMerge, _ connection: Connection) throws {
    let statement = try prepare(
      "SELECT customer_id, line_id, metric, coefficient, scale FROM usage "
        + "WHERE month = ?4 AND \(selected()) AND \(valid) ORDER BY customer_id, line_id, metric",
      connection)
    statement.bind(Int64(month.index), at: 4)
    try merge(statement, into: &inputs) { row, input in
      try input.change(LineID(row.integer(1))) { line in
        guard let quantity = FixedDecimal(coefficient: row.integer(3), scale: row.int(4)) else {
          throw damaged("a usage quantity of line \(line.id) is out of range")
        }
        line.usage.append(UsageQuantity(metric: row.text(2), quantity: quantity))
      }
    }
  }

  private func addCharges(to inputs: inout RatingInputMerge, _ connection: Connection) throws {
    let charges = ChargeMonth(regularRuns: try ChargeRows.regularRuns(in: connection))
    let statement = try prepare(
      "SELECT customer_id, charge_id, charged_on, first_recorded, category, description, amount, "
        + "taxable FROM charges WHERE \(selected()) AND \(valid) AND charged_on < ?4 "
        + "ORDER BY customer_id, charged_on, charge_id", connection)
    statement.bind(Int64(month.next.firstDay.daysSince1970), at: 4)
    try merge(statement, into: &inputs) { row, input in
      let chargedOn = day(row, 2)
      guard charges.month(chargedOn: chargedOn, firstRecorded: row.integer(3)) == month else {
        return
      }
      input.charges.append(
        OneOffCharge(
          id: row.text(1), chargedOn: chargedOn, category: row.text(4), description: row.text(5),
          amount: row.integer(6), taxable: row.integer(7) != 0))
    }
  }

  /// Every membership of the bundles that these customers' lines are in, with the segments that
  /// reach into the month.
  private func bundleMembers(_ connection: Connection) throws -> [BundleMember] {
    let statement = try prepare(
      """
      SELECT m.bundle_id, m.line_id, m.active_from, m.active_to,
        s.plan_code, s.active_from, s.active_to
      FROM bundle_members m
      JOIN segments s ON s.customer_id = m.customer_id AND s.line_id = m.line_id
        AND s.recorded_from <= ?3 AND s.recorded_to > ?3
        AND s.active_from < ?5 AND (s.active_to IS NULL OR s.active_to > ?4)
      WHERE m.bundle_id IN (
          SELECT bundle_id FROM bundle_members WHERE \(selected()) AND \(valid))
        AND m.recorded_from <= ?3 AND m.recorded_to > ?3
      ORDER BY m.bundle_id, m.line_id, m.active_from, s.active_from
      """, connection)
    statement.bind(Int64(month.firstDay.daysSince1970), at: 4)
    statement.bind(Int64(month.next.firstDay.daysSince1970), at: 5)
    var members: [BundleMember] = []
    while try statement.step() {
      members.add(
        PlanSegment(
          planCode: statement.text(4), activeFrom: day(statement, 5),
          activeTo: optionalDay(statement, 6)),
        of: LineID(statement.integer(1)), in: membership(statement, at: 0))
    }
    statement.reset()
    return members
  }

  // MARK: Columns

  private func membership(_ row: Statement, at bundleColumn: Int) -> BundleMembership {
    // The days follow the bundle's name, with the line between them where it is not before.
    let days = bundleColumn == 0 ? 2 : 3
    return BundleMembership(
      bundle: row.text(bundleColumn), activeFrom: day(row, days),
      activeTo: optionalDay(row, days + 1))
  }

  private func day(_ row: Statement, _ column: Int) -> CalendarDay {
    CalendarDay(daysSince1970: Int32(truncatingIfNeeded: row.integer(column)))
  }

  private func optionalDay(_ row: Statement, _ column: Int) -> CalendarDay? {
    row.isNull(column) ? nil : day(row, column)
  }

  private func damaged(_ detail: String) -> StoreError {
    StoreError(.corrupt, operation: "read the inputs of \(month)", detail: detail)
  }
}
