import Billing

/// Brings unfinished deliveries up to their customers' current data (R4): what a send must check
/// is copied onto the row, so whoever changes the data changes the row, in one transaction.
enum DeliveryRefresh {
  private static let pageSize = 2000

  /// For the customers in the temporary table `changed_customers (customer_id)` of this connection,
  /// whose current rows are written already: quiet slots, zone, due moment and channels are copied,
  /// the generation is raised, and what is not in flight is planned again or suppressed.
  static func apply(in connection: Connection, at now: Timestamp) throws {
    let policies = DeliveryPolicies()
    var zones = Zones()
    var month = BillingMonth(index: Int32.min)
    while let next = try nextMonth(after: month, in: connection) {
      month = next
      var last: Int64 = .min
      while true {
        let page = try page(of: month, after: last, in: connection)
        guard let end = page.map(\.row.record.key.customer.number).max() else { break }
        for changed in page {
          try refresh(
            changed, policy: policies.policy(changed.row.record.policy, in: connection),
            zones: &zones, at: now, in: connection)
        }
        last = end
      }
    }
  }

  /// Steps from month to month along the index of keys.
  private static func nextMonth(
    after month: BillingMonth, in connection: Connection
  ) throws -> BillingMonth? {
    try connection.first(
      """
      SELECT month FROM deliveries INDEXED BY deliveries_key
      WHERE month > ? ORDER BY month LIMIT 1
      """, month
    ) { BillingMonth(index: Int32(truncatingIfNeeded: $0.integer(0))) }
  }

  /// The unfinished deliveries of the next changed customers of a month.
  private static func page(
    of month: BillingMonth, after customer: Int64, in connection: Connection
  ) throws -> [Changed] {
    var page: [Changed] = []
    try connection.query(pageQuery, month, customer, pageSize) { statement in
      let row = try DeliveryRow(statement)
      let columns = DeliveryRow.columnCount
      page.append(
        Changed(
          row: row, customer: try CurrentCustomer(statement, at: columns),
          contactHash: row.record.channel.map {
            CurrentCustomer.contactHash($0.contact, statement, at: columns)
          }))
    }
    return page
  }

  /// A delivery whose customer changed.
  private struct Changed {
    var row: DeliveryRow
    var customer: CurrentCustomer
    /// Of the contact for the delivery's channel.
    var contactHash: [UInt8]?
  }

  /// The customers come first, in order; each one's deliveries are neighbours in the index of keys.
  static let pageQuery = """
    SELECT \(DeliveryRow.columns), c.channels, length(c.email_sealed), length(c.phone_sealed),
      c.quiet_mask, c.time_zone, c.send_day, c.email_hash, c.phone_hash
    FROM (
      SELECT w.customer_id FROM temp.changed_customers w
      WHERE w.customer_id > ?2
        AND EXISTS (
          SELECT 1 FROM deliveries e INDEXED BY deliveries_key
          WHERE e.month = ?1 AND e.customer_id = w.customer_id)
      ORDER BY w.customer_id LIMIT ?3
    ) w
    CROSS JOIN deliveries d INDEXED BY deliveries_key
      ON d.month = ?1 AND d.customer_id = w.customer_id
    CROSS JOIN customers c ON c.customer_id = w.customer_id
      AND c.recorded_to = 9223372036854775807
    """

  private static func refresh(
    _ changed: Changed, policy: DeliveryPolicy, zones: inout Zones, at now: Timestamp,
    in connection: Connection
  ) throws {
    var row = changed.row
    let customer = changed.customer
    let zone = try zones.rules(of: customer.timeZone)
    guard
      row.record.refresh(
        to: customer, policy: policy, zone: zone, contactHash: changed.contactHash, at: now)
    else { return }
    try zones.note(customer.timeZone, in: connection)
    try row.save(
      in: connection, at: now, who: "import", logged: true,
      note: row.record.changes(since: changed.row.record))
  }

  /// The zones met.
  private struct Zones {
    private var known: [String: ZoneRules] = [:]
    private var noted: Set<String> = []

    mutating func rules(of name: String) throws -> ZoneRules {
      if let rules = known[name] { return rules }
      guard let rules = ZoneRules(name) else {
        throw DeliveryRow.damaged("a customer's time zone is unknown")
      }
      known[name] = rules
      return rules
    }

    /// For dispatch, which goes by them.
    mutating func note(_ name: String, in connection: Connection) throws {
      guard noted.insert(name).inserted else { return }
      try connection.run("INSERT OR IGNORE INTO delivery_zones VALUES (?)", name)
    }
  }
}

extension CurrentCustomer {
  /// The hash of a contact, behind what `init(_:at:)` reads.
  static func contactHash(_ contact: ContactKind, _ row: Statement, at column: Int) -> [UInt8] {
    switch contact {
    case .email: row.bytes(column + 6)
    case .phone: row.bytes(column + 7)
    }
  }

  /// Reads channels, the lengths of both contacts, quiet mask, zone and send day.
  init(_ row: Statement, at column: Int) throws {
    guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(column + 3))) else {
      throw DeliveryRow.damaged("a customer's quiet mask is out of range")
    }
    self.init(
      preferred: ChannelDigits.channels(row.int(column)), hasEmail: row.integer(column + 1) > 0,
      hasPhone: row.integer(column + 2) > 0, quiet: quiet, timeZone: row.text(column + 4),
      sendDay: row.int(column + 5))
  }
}
