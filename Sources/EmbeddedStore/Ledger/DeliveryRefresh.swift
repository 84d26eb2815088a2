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
    var zones: [String: ZoneRules] = [:]
    var month = BillingMonth(index: Int32.min)
    while let next = try nextMonth(after: month, in: connection) {
      month = next
      var last: Int64 = .min
      while true {
        let page = try page(of: month, after: last, in: connection)
        guard let end = page.map(\.row.key.customer.number).max() else { break }
        for changed in page {
          try refresh(
            changed.row, to: changed.customer,
            policy: policies.policy(changed.row.policy, in: connection),
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
  ) throws -> [(row: DeliveryRow, customer: Current)] {
    var page: [(row: DeliveryRow, customer: Current)] = []
    try connection.query(pageQuery, month, customer, pageSize) { row in
      page.append((try DeliveryRow(row), try Current(row, at: DeliveryRow.columnCount)))
    }
    return page
  }

  /// The customers come first, in order; each one's deliveries are neighbours in the index of keys.
  static let pageQuery = """
    SELECT \(DeliveryRow.columns), c.channels, length(c.email_sealed), length(c.phone_sealed),
      c.quiet_mask, c.time_zone, c.send_day
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

  /// A customer's current data, as far as deliveries copy it.
  struct Current {
    let preferred: [Channel]
    let hasEmail: Bool
    let hasPhone: Bool
    let quiet: QuietSlots
    let timeZone: String
    let sendDay: Int

    init(_ row: Statement, at column: Int) throws {
      preferred = ChannelDigits.channels(row.int(column))
      hasEmail = row.integer(column + 1) > 0
      hasPhone = row.integer(column + 2) > 0
      guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(column + 3))) else {
        throw DeliveryRow.damaged("a customer's quiet mask is out of range")
      }
      self.quiet = quiet
      timeZone = row.text(column + 4)
      sendDay = row.int(column + 5)
    }
  }

  private static func refresh(
    _ before: DeliveryRow, to customer: Current, policy: DeliveryPolicy,
    zones: inout [String: ZoneRules], at now: Timestamp, in connection: Connection
  ) throws {
    if PlantedBug.changeForgetsQueued.isPlanted, before.state == .queued { return }
    guard before.state != .accepted, before.state != .failed, before.state != .superseded else {
      return
    }
    let zone = try rules(of: customer.timeZone, zones: &zones, in: connection)
    let usable = DeliverySchedule.usableChannels(
      preferred: customer.preferred, hasEmail: customer.hasEmail, hasPhone: customer.hasPhone,
      policy: policy.billChannels)
    var row = before
    row.generation += 1
    row.copy(customer, usable: usable, zone: zone)
    let decision = DeliveryChange.decide(
      DeliveryChange.Facts(
        state: row.state, isBegun: row.isBegun, channel: row.channel,
        channelAttempts: row.channelAttempts, unresolved: row.unresolved, closed: row.closed),
      usable: usable,
      suppression: DeliverySchedule.suppression(
        preferred: customer.preferred, usable: usable, quiet: customer.quiet))
    row.follow(decision, at: now)
    try row.save(
      in: connection, at: now, who: "import", logged: true, note: row.changes(since: before))
  }

  static func rules(
    of name: String, zones: inout [String: ZoneRules], in connection: Connection
  ) throws -> ZoneRules {
    if let rules = zones[name] { return rules }
    guard let rules = ZoneRules(name) else {
      throw DeliveryRow.damaged("a customer's time zone is unknown")
    }
    try connection.run("INSERT OR IGNORE INTO delivery_zones VALUES (?)", name)
    zones[name] = rules
    return rules
  }
}

extension DeliveryRow {
  /// Takes over what a send must check. A resend is due when an operator asked for it, whatever the
  /// send day.
  mutating func copy(_ customer: DeliveryRefresh.Current, usable: [Channel], zone: ZoneRules) {
    if !PlantedBug.changeForgetsQuiet.isPlanted { quiet = customer.quiet }
    timeZone = customer.timeZone
    channelDigits = ChannelDigits.digits(usable)
    guard key.kind != .resend else { return }
    dueAt = DeliverySchedule.due(month: key.month, sendDay: customer.sendDay, zone: zone)
  }

  /// What of it is new, for the log; `nil` when it is only the address.
  fileprivate func changes(since before: DeliveryRow) -> String? {
    func slots(_ quiet: QuietSlots) -> String {
      "[\(quiet.slots.map(String.init).joined(separator: ","))]"
    }
    func names(_ channels: [Channel]) -> String {
      "[\(channels.map(\.rawValue).joined(separator: ","))]"
    }
    var changes: [String] = []
    if quiet != before.quiet {
      changes.append("quiet slots \(slots(before.quiet)) → \(slots(quiet))")
    }
    if timeZone != before.timeZone { changes.append("\(before.timeZone) → \(timeZone)") }
    if channelDigits != before.channelDigits {
      changes.append("channels \(names(before.usableChannels)) → \(names(usableChannels))")
    }
    if dueAt != before.dueAt { changes.append("due \(before.dueAt) → \(dueAt)") }
    return changes.isEmpty ? nil : changes.joined(separator: "; ")
  }

  fileprivate mutating func follow(_ decision: DeliveryChange.Decision, at now: Timestamp) {
    switch decision {
    case .staysAsItIs:
      return
    case .plan(let channel, let closed):
      move(to: channel, closed: closed)
      state = .planned
      reason = .changed
      // A retry keeps its time; what never began goes when it is due now.
      nextAt = isBegun ? max(nextAt, now) : dueAt
    case .suppress(let why):
      state = .suppressed
      reason = why
    case .fail:
      state = .failed
      reason = .attemptsExhausted
    case .leaveUncertain:
      // Its provider may still say what became of it.
      state = .uncertain
      reason = .changed
      nextAt = now
    }
    letGo()
  }
}

extension Timestamp {
  /// Later than any moment: what waits for a person.
  static let never = Timestamp(milliseconds: .max)
}
