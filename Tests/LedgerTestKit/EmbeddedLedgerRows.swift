package import Billing
package import BillingTestKit
package import EmbeddedStore

/// What tests do to the ledger on SQLite behind its ports.
package struct EmbeddedLedgerRows: LedgerRows {
  private let database: Database

  package init(database: Database) { self.database = database }

  package func record(_ customers: [RecordedCustomer]) async throws {
    try await database.write { connection in
      for customer in customers {
        try connection.run("DELETE FROM customers WHERE customer_id = ?1", customer.id)
        try connection.run(
          """
          INSERT INTO customers (customer_id, recorded_from, name, email_sealed, email_hash,
            phone_sealed, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
            activated_on)
          VALUES (?1, 0, '', ?2, ?2, ?3, ?3, ?4, ?5, ?6, 'ko-KR', ?7, 1, 0)
          """, customer.id, customer.hasEmail ? [1] : [] as [UInt8],
          customer.hasPhone ? [1] : [] as [UInt8], customer.sendDay, Int(customer.quietMask),
          customer.timeZone, customer.channels.reduce(0) { $0 * 10 + $1.code })
      }
    }
  }

  package func put(_ delivery: DeliveryKey, into state: DeliveryState, begun: Bool) async throws {
    try await database.write { connection in
      let changed = try connection.run(
        "UPDATE deliveries SET state = ?1, begun = ?2, queued_at = 1 "
          + "WHERE month = ?3 AND customer_id = ?4 AND kind = ?5 AND sequence = ?6",
        state.code, begun ? 1 : 0, delivery.month, delivery.customer, delivery.kind.code,
        delivery.sequence)
      guard changed == 1 else { throw Unexpected("\(delivery) is not there") }
    }
  }

  package func zones() async throws -> [String] {
    try await database.read { connection in
      var zones: [String] = []
      try connection.query("SELECT time_zone FROM delivery_zones") { zones.append($0.text(0)) }
      return zones
    }
  }

  package func count(_ table: String) async throws -> Int {
    try await database.read { try $0.first("SELECT count(*) FROM \(table)") { $0.int(0) } ?? 0 }
  }
}
