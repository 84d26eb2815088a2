import BillingTestKit
import EmbeddedStore
import LedgerTestKit

/// The ledger of a case, as it is looked into behind the command's back.
protocol CrashLedger: Sendable {
  /// What the settings say of it.
  var settings: String { get }
  /// The column that says in which partition of the topic a delivery's event is.
  var partition: String { get }
  /// An expression for the bytes of a column, in hexadecimal.
  func hex(_ column: String) -> String
  /// The rows of a query in the words that all engines know, as text.
  func rows(_ sql: String, columns: Int) async throws -> [[String?]]
  /// Changes rows, in the words that all engines know.
  func change(_ sql: String) async throws
  /// The same ledger in a copied folder.
  func copy(into folder: TestFolder) async throws -> any CrashLedger
  /// What of it is not in the folder.
  func remove() async throws
}

extension CrashLedger {
  /// The same, each row in one text.
  func lines(_ sql: String, columns: Int) async throws -> [String] {
    try await rows(sql, columns: columns).map { row in row.map { $0 ?? "" }.joined(separator: ",") }
  }
}

/// In the folder, where it lies unless the settings say otherwise.
struct CrashLedgerOnSQLite: CrashLedger {
  private let path: String

  init(in folder: TestFolder) { path = folder.file("data/ledger.sqlite") }

  var settings: String { "" }
  var partition: String { "partition" }

  func hex(_ column: String) -> String { "hex(\(column))" }

  func rows(_ sql: String, columns: Int) async throws -> [[String?]] {
    try await Database(path: path, readerCount: 1).read { connection in
      var rows: [[String?]] = []
      try connection.query(sql) { row in
        rows.append((0..<columns).map { row.optionalText($0) })
      }
      return rows
    }
  }

  func change(_ sql: String) async throws {
    try await Database(path: path, readerCount: 1).write { try $0.execute(sql) }
  }

  func copy(into folder: TestFolder) async throws -> any CrashLedger {
    CrashLedgerOnSQLite(in: folder)
  }

  func remove() async throws {}
}

/// A database of its own on the tests' server.
struct CrashLedgerOnPostgres: CrashLedger {
  /// Holds the password of a server of the tests'.
  let url: String

  var settings: String { "ledger: \"\(url)\"\n" }
  var partition: String { "topic_partition" }

  func hex(_ column: String) -> String { "upper(encode(\(column), 'hex'))" }

  func rows(_ sql: String, columns: Int) async throws -> [[String?]] {
    try await PlainPostgres.rows(sql, at: url)
  }

  func change(_ sql: String) async throws { _ = try await PlainPostgres.rows(sql, at: url) }

  /// Nobody may be using this one.
  func copy(into folder: TestFolder) async throws -> any CrashLedger {
    CrashLedgerOnPostgres(url: try await TestDatabase.copy(of: url))
  }

  func remove() async throws { try await TestDatabase.drop(url) }
}
