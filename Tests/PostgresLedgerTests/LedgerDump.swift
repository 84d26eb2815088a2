@testable import PostgresLedger

/// All that is in a ledger, to be compared with another that lived through the same.
///
/// Numbers that a sequence hands out have gaps where a transaction was undone, which mean nothing:
/// here they are counted through, those of a delivery's rows within the delivery.
struct LedgerDump: Equatable, Sendable {
  /// `table {"column": value, …}`, sorted.
  var rows: [String]
  /// Transactions that were committed.
  var commits: Int

  init(of database: PostgresDatabase) async throws {
    self = try await database.read { try LedgerDump($0) }
  }

  private init(_ connection: PostgresConnection) throws {
    let tables = try connection.rows(
      """
      SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
        AND relnamespace = 'public'::regnamespace ORDER BY relname
      """
    ) { $0.text(0) }
    rows = []
    commits = try connection.first("SELECT count(*) FROM commits") { $0.int(0) } ?? 0
    for table in tables where table != "commits" {
      let counted = (Self.numbers[table] ?? []).map { column, numbered in
        " || jsonb_build_object('\(column)', (SELECT count(*) FROM \(numbered.table) o "
          + "WHERE o.\(numbered.column) <= t.\(column) \(numbered.condition)))"
      }
      rows += try connection.rows(
        "SELECT ((to_jsonb(t)\(counted.joined()))::text) FROM \(table) t ORDER BY 1"
      ) { "\(table) \($0.text(0))" }
    }
  }

  /// Rows that are numbered by a sequence.
  private struct Numbered {
    var table: String
    var column: String
    /// Among which the order of numbers means something.
    var condition = ""
  }

  private static let ofDelivery =
    "AND (o.month, o.customer_id, o.kind, o.sequence) "
    + "= (t.month, t.customer_id, t.kind, t.sequence)"
  private static let run = Numbered(table: "runs", column: "run_id")
  private static let entry = Numbered(
    table: "delivery_log", column: "entry", condition: ofDelivery)
  private static let attempt = Numbered(
    table: "attempts", column: "attempt_id", condition: ofDelivery)

  /// Columns that hold such numbers.
  private static let numbers: [String: [(column: String, of: Numbered)]] = [
    "runs": [("run_id", run)], "run_customers": [("run_id", run)],
    "run_steps": [("run_id", run)], "chunks": [("run_id", run)],
    "parked": [("run_id", run), ("settled_by", run)], "manifest": [("run_id", run)],
    "bills": [("run_id", run)],
    "unrated": [("run_id", run), ("superseded_by", run)],
    "delivery_log": [("entry", entry), ("previous", entry)],
    "attempts": [("attempt_id", attempt), ("previous", attempt)],
    "deliveries": [("last_entry", entry), ("last_attempt", attempt)],
  ]
}
