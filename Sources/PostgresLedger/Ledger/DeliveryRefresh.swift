import Billing

/// Brings unfinished deliveries up to their customers' current data (R4): what a send must check
/// is copied onto the row, so whoever changes the data changes the row, in one transaction.
///
/// Nobody else copies customers' data in the meantime: `LedgerLock.inputs` is this transaction's
/// alone, so that no delivery is made from the data of before and missed here.
struct DeliveryRefresh {
  private let ledger: PostgresLedger
  private let connection: PostgresConnection
  private static let pageSize = 2000

  init(of ledger: PostgresLedger, in connection: PostgresConnection) {
    self.ledger = ledger
    self.connection = connection
  }

  /// For customers whose current rows are written already: quiet slots, zone, due moment and
  /// channels are copied, the generation is raised, and what is not in flight is planned again or
  /// suppressed.
  func apply(to changed: [Int64]) throws {
    guard !changed.isEmpty else { return }
    // Rows are locked in the order of their keys.
    let customers = changed.sorted()
    var zones = Zones()
    var month = BillingMonth(index: 0)
    while let next = try nextMonth(after: month) {
      month = next
      for start in stride(from: 0, to: customers.count, by: Self.pageSize) {
        let page = customers[start..<min(start + Self.pageSize, customers.count)]
        try refresh(page, of: month, zones: &zones)
      }
    }
    try DeliveryZones.note(zones.names, in: connection)
  }

  private func nextMonth(after month: BillingMonth) throws -> BillingMonth? {
    try connection.first(
      "SELECT month FROM deliveries WHERE month > $1 ORDER BY month LIMIT 1", month
    ) { BillingMonth(index: Int32(truncatingIfNeeded: $0.integer(0))) }
  }

  private func refresh(
    _ customers: ArraySlice<Int64>, of month: BillingMonth, zones: inout Zones
  ) throws {
    let keys = try unfinished(of: customers, in: month)
    guard !keys.isEmpty else { return }
    let rows = try DeliveryRows.lock(keys, in: connection)
    let current = try CurrentCustomerRow.read(Set(keys.map(\.customer)), in: connection)
    let now = try ledger.now(in: connection)
    var changes = DeliveryChanges(at: now)
    for key in keys {
      // One that was finished while its row was waited for stays as it is.
      guard var row = rows[key] else { continue }
      guard let found = current[key.customer] else {
        throw PostgresLedger.damaged("a delivery's customer is not there")
      }
      let customer = found.customer
      let policy = try ledger.deliveryPolicies.policy(row.record.policy, in: connection)
      guard
        row.record.refresh(
          to: customer, policy: policy, zone: try zones.rules(of: customer.timeZone),
          contactHash: row.record.channel.map(found.contactHash), at: now)
      else { continue }
      changes.save(
        row, who: "import", logged: true, note: row.record.changes(since: row.saved))
    }
    try changes.write(in: connection)
  }

  // MARK: Reading

  /// Keys in order. What is finished is never opened again without a look at its customer, so that
  /// what is not yet committed of it may be left aside.
  private func unfinished(
    of customers: ArraySlice<Int64>, in month: BillingMonth
  ) throws -> [DeliveryKey] {
    try connection.rows(Self.unfinished, month, IntegerColumn(customers) { $0 }) {
      try DeliveryKey($0, at: 0)
    }
  }

  /// `OFFSET 0` keeps each customer's rows a look of its own into the index of keys, however small
  /// the month was when this was planned.
  private static let unfinished = """
    SELECT $1::integer, k.customer_id, d.kind, d.sequence
    FROM unnest($2::bigint[]) AS k (customer_id)
    CROSS JOIN LATERAL (
      SELECT kind, sequence FROM deliveries
      WHERE month = $1::integer AND customer_id = k.customer_id
        AND state NOT IN (\(finished.map { String($0.code) }.joined(separator: ", ")))
      ORDER BY kind, sequence OFFSET 0
    ) d
    """

  private static let finished: [DeliveryState] = [.accepted, .failed, .superseded]

  /// The zones met.
  private struct Zones {
    private var known: [String: ZoneRules] = [:]

    var names: Set<String> { Set(known.keys) }

    mutating func rules(of name: String) throws -> ZoneRules {
      if let rules = known[name] { return rules }
      guard let rules = ZoneRules(name) else {
        throw PostgresLedger.damaged("a customer's time zone is unknown")
      }
      known[name] = rules
      return rules
    }
  }
}
