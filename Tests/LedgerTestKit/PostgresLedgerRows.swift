package import Billing
package import BillingTestKit

/// What tests do to a ledger on PostgreSQL behind its ports.
package struct PostgresLedgerRows: LedgerRows {
  private let url: String

  package init(url: String) { self.url = url }

  package func record(_ customers: [RecordedCustomer]) async throws {
    let rows = customers.map { customer in
      let email = Self.contact(customer.hasEmail)
      let phone = Self.contact(customer.hasPhone)
      let channels = customer.channels.reduce(0) { $0 * 10 + $1.code }
      return """
        (\(customer.id.number), 0, '', \(email), \(email), \(phone), \(phone), \(customer.sendDay),
          \(customer.quietMask), '\(customer.timeZone)', 'ko-KR', \(channels), 1, 0)
        """
    }
    let numbers = customers.map { String($0.id.number) }.joined(separator: ", ")
    try await PlainPostgres.rows(
      """
      DELETE FROM customers WHERE customer_id IN (\(numbers));
      INSERT INTO customers (customer_id, recorded_from, name, email_sealed, email_hash,
        phone_sealed, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
        activated_on)
      VALUES \(rows.joined(separator: ", "))
      """, at: url)
  }

  /// As it is stored: sealed, or none.
  private static func contact(_ isThere: Bool) -> String { isThere ? "'\\x01'" : "''" }

  package func put(_ delivery: DeliveryKey, into state: DeliveryState, begun: Bool) async throws {
    let changed = try await PlainPostgres.rows(
      """
      UPDATE deliveries SET state = \(state.code), begun = \(begun), queued_at = 1
      WHERE month = \(delivery.month.index) AND customer_id = \(delivery.customer.number)
        AND kind = \(delivery.kind.code) AND sequence = \(delivery.sequence)
      RETURNING 1
      """, at: url)
    guard changed.count == 1 else { throw Unexpected("\(delivery) is not there") }
  }

  package func zones() async throws -> [String] {
    try await PlainPostgres.rows("SELECT time_zone FROM delivery_zones", at: url)
      .map { $0[0] ?? "" }
  }

  package func count(_ table: String) async throws -> Int {
    let rows = try await PlainPostgres.rows("SELECT count(*) FROM \(table)", at: url)
    return rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
  }
}
