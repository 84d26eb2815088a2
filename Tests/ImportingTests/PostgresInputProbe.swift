import Billing
import BillingTestKit

@testable import PostgresLedger

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
