import Billing
import BillingTestKit

@testable import PostgresLedger

/// What the tests do to a ledger on PostgreSQL behind its ports.
struct PostgresLedgerRows: RenderingLedgerAccess {
  let database: PostgresDatabase

  func record(_ customers: [RecordedCustomer]) async throws {
    try await database.write { connection in
      for customer in customers {
        try connection.run("DELETE FROM customers WHERE customer_id = $1", customer.id)
        try connection.run(
          """
          INSERT INTO customers (customer_id, recorded_from, name, email_sealed, email_hash,
            phone_sealed, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
            activated_on)
          VALUES ($1, 1, '', $2, $2, $3, $3, $4, $5, $6, 'ko-KR', $7, 1, 0)
          """, customer.id, customer.hasEmail ? [1] : [] as [UInt8],
          customer.hasPhone ? [1] : [] as [UInt8], customer.sendDay, Int(customer.quietMask),
          customer.timeZone, ChannelDigits.digits(customer.channels))
      }
    }
  }

  func put(_ delivery: DeliveryKey, into state: DeliveryState, begun: Bool) async throws {
    try await database.write { connection in
      let changed = try connection.run(
        "UPDATE deliveries SET state = $1, begun = $2, queued_at = 1 "
          + "WHERE month = $3 AND customer_id = $4 AND kind = $5 AND sequence = $6",
        state.code, begun, delivery.month, delivery.customer, delivery.kind.code,
        delivery.sequence)
      guard changed == 1 else { throw Unexpected("\(delivery) is not there") }
    }
  }

  func zones() async throws -> [String] {
    try await database.read { connection in
      try connection.rows("SELECT time_zone FROM delivery_zones") { $0.text(0) }
    }
  }
}

/// Reads the inputs in a ledger on PostgreSQL as they were at a cutoff.
struct PostgresInputProbe: InputProbe {
  let database: PostgresDatabase

  func rows(_ kind: InputKind, asOf cutoff: Int64) async throws -> [String] {
    let (table, columns) = Self.layout(kind)
    let fields = columns.map { "coalesce((\($0))::text, '')" }.joined(separator: " || '|' || ")
    return try await database.read { connection in
      try connection.rows(
        "SELECT \(fields) FROM \(table) WHERE recorded_from <= $1 AND recorded_to > $1", cutoff
      ) { $0.text(0) }.sorted()
    }
  }

  private static func day(_ column: String) -> String { "date '1970-01-01' + \(column)" }

  private static func layout(_ kind: InputKind) -> (table: String, columns: [String]) {
    let activeFrom = day("active_from")
    let activeTo = day("active_to")
    return switch kind {
    case .customers:
      (
        "customers",
        [
          "customer_id", "name", "send_day", "quiet_mask", "time_zone", "locale", "channels",
          "status", day("activated_on"), day("terminated_on"),
        ]
      )
    case .segments:
      ("segments", ["customer_id", "line_id", activeFrom, "plan_code", activeTo])
    case .addOns: ("add_ons", ["customer_id", "line_id", "code", activeFrom, activeTo])
    case .discounts: ("discounts", ["customer_id", "line_id", "code", activeFrom, activeTo])
    case .bundles:
      ("bundle_members", ["customer_id", "line_id", "bundle_id", activeFrom, activeTo])
    case .usage:
      (
        "usage",
        [
          "to_char(month / 12, 'FM0000') || '-' || to_char(month % 12 + 1, 'FM00')",
          "customer_id", "line_id", "metric",
          "trim_scale((coefficient / power(10::numeric, scale))::numeric(30, 9))",
        ]
      )
    case .charges:
      (
        "charges",
        [
          "customer_id", "charge_id", "first_recorded", day("charged_on"), "category",
          "description", "amount", "taxable::integer",
        ]
      )
    }
  }

  func sealedEmail(of customer: CustomerID, asOf cutoff: Int64) async throws -> [UInt8]? {
    try await database.read { connection in
      try connection.first(
        "SELECT email_sealed FROM customers WHERE customer_id = $1 AND recorded_from <= $2 "
          + "AND recorded_to > $2", customer, cutoff
      ) { $0.bytes(0) }
    }
  }

  func lastRecordNumber() async throws -> Int64 {
    try await database.read { connection in
      try connection.first("SELECT coalesce(max(record_number), 0) FROM records") {
        $0.integer(0)
      } ?? 0
    }
  }
}
