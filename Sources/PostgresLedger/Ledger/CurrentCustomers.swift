import Billing

/// A customer's current row, as far as deliveries go by it.
struct CurrentCustomerRow {
  var customer: CurrentCustomer
  var emailHash: [UInt8]
  var phoneHash: [UInt8]

  func contactHash(for channel: Channel) -> [UInt8] {
    switch channel.contact {
    case .email: emailHash
    case .phone: phoneHash
    }
  }

  /// The current rows of those that there are.
  static func read(
    _ customers: some Collection<CustomerID>, in connection: PostgresConnection
  ) throws -> [CustomerID: CurrentCustomerRow] {
    var rows: [CustomerID: CurrentCustomerRow] = [:]
    rows.reserveCapacity(customers.count)
    try connection.query(
      """
      SELECT customer_id, channels, length(email_sealed), length(phone_sealed), quiet_mask,
        time_zone, send_day, email_hash, phone_hash
      FROM customers
      WHERE customer_id = ANY($1) AND recorded_to = 9223372036854775807
      """, IntegerColumn(customers) { $0 }
    ) { rows[CustomerID($0.integer(0))] = try CurrentCustomerRow($0) }
    return rows
  }

  /// The hashes of the contacts that customers have now for their deliveries' channels.
  static func contacts(
    for rows: some Collection<DeliveryRow>, in connection: PostgresConnection
  ) throws -> (DeliveryRow) -> [UInt8]? {
    guard !rows.isEmpty else { return { _ in nil } }
    let customers = try read(Set(rows.map(\.key.customer)), in: connection)
    return { row in
      row.record.channel.flatMap { customers[row.key.customer]?.contactHash(for: $0) }
    }
  }

  private init(_ row: PostgresRow) throws {
    guard let quiet = QuietSlots(mask: UInt16(truncatingIfNeeded: row.integer(4))) else {
      throw PostgresLedger.damaged("a customer's quiet mask is out of range")
    }
    customer = CurrentCustomer(
      preferred: ChannelDigits.channels(row.int(1)), hasEmail: row.integer(2) > 0,
      hasPhone: row.integer(3) > 0, quiet: quiet, timeZone: row.text(5), sendDay: row.int(6))
    emailHash = row.bytes(7)
    phoneHash = row.bytes(8)
  }
}
