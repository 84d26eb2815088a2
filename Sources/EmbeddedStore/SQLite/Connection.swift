package import Billing
import CFiles
import CSQLite

/// One SQLite connection: single-threaded, closed when it is let go.
///
/// Not `Sendable`: it lives inside a `Database`, whose executor is the only one that touches it.
/// Prepared statements are cached by their text.
package final class Connection {
  private let handle: ConnectionHandle
  /// The file's name, for messages.
  private let name: String
  private var statements: [String: Statement] = [:]

  package enum Mode: Sendable {
    case readWrite
    case readOnly
  }

  /// Opens a file; `:memory:` is a database of its own. Made if missing in mode `readWrite`, for its
  /// owner alone, and so are the files that SQLite makes beside it, which take after it.
  package init(path: String, mode: Mode, busyMilliseconds: Int32 = 60_000) throws(StoreError) {
    // Where this fails, opening it says why.
    if mode == .readWrite, path != ":memory:" { _ = cfiles_make_private(path) }
    var pointer: OpaquePointer?
    let flags =
      (mode == .readWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE)
      | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(path, &pointer, flags, nil)
    guard let pointer else {
      throw StoreError(.broken, operation: "open \(path)", detail: "out of memory")
    }
    handle = ConnectionHandle(pointer: pointer)
    name = path.split(separator: "/").last.map(String.init) ?? path
    guard code == SQLITE_OK else { throw error(code, operation: "open \(path)") }
    sqlite3_extended_result_codes(pointer, 1)
    sqlite3_busy_timeout(pointer, busyMilliseconds)
    try execute("PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF;")
  }

  /// Runs one or more statements that return nothing of interest.
  package func execute(_ sql: String) throws(StoreError) {
    let code = sqlite3_exec(handle.pointer, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code, operation: Self.summary(of: sql)) }
  }

  /// A prepared statement, reset and without bindings of an earlier use.
  package func statement(_ sql: String) throws(StoreError) -> Statement {
    if let cached = statements[sql] {
      cached.reset()
      return cached
    }
    var pointer: OpaquePointer?
    let code = sqlite3_prepare_v3(
      handle.pointer, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
    guard code == SQLITE_OK, let pointer else {
      throw error(code, operation: Self.summary(of: sql))
    }
    let statement = Statement(
      handle: StatementHandle(pointer: pointer), connection: handle.pointer,
      summary: "\(name): \(Self.summary(of: sql))")
    statements[sql] = statement
    return statement
  }

  /// Runs a statement with values for its parameters, in order; how many rows it changed.
  @discardableResult
  package func run(_ sql: String, _ values: any SQLValue...) throws(StoreError) -> Int {
    let statement = try statement(sql)
    for (position, value) in values.enumerated() { value.bind(to: statement, at: position + 1) }
    try statement.finish()
    return changes
  }

  /// Hands every row of a query to `body`. The row is valid only inside it.
  package func query(
    _ sql: String, _ values: any SQLValue..., body: (Statement) throws -> Void
  ) throws {
    let statement = try statement(sql)
    for (position, value) in values.enumerated() { value.bind(to: statement, at: position + 1) }
    while try statement.step() { try body(statement) }
    statement.reset()
  }

  /// The first row of a query, read by `body`; `nil` when there is none.
  package func first<Value>(
    _ sql: String, _ values: any SQLValue..., read: (Statement) throws -> Value
  ) throws -> Value? {
    let statement = try statement(sql)
    for (position, value) in values.enumerated() { value.bind(to: statement, at: position + 1) }
    defer { statement.reset() }
    return try statement.step() ? try read(statement) : nil
  }

  /// Rows changed by the latest statement that ran to its end.
  package var changes: Int { Int(sqlite3_changes64(handle.pointer)) }

  package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle.pointer) }

  /// Whether a transaction is open.
  package var isInTransaction: Bool { sqlite3_get_autocommit(handle.pointer) == 0 }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  ///
  /// A writing transaction takes the write lock at once, so that it never fails half-way because
  /// somebody else wrote first.
  package func transaction<Result>(
    writing: Bool, _ body: (Connection) throws -> Result
  ) throws -> Result {
    try execute(writing ? "BEGIN IMMEDIATE" : "BEGIN")
    do {
      let result = try body(self)
      try execute("COMMIT")
      return result
    } catch {
      resetStatements()
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }

  private func resetStatements() {
    for statement in statements.values { statement.reset() }
  }

  private func error(_ code: Int32, operation: String) -> StoreError {
    StoreError(sqlite: code, on: handle.pointer, operation: "\(name): \(operation)")
  }

  /// The beginning of a statement, to name it in an error: it holds no values, those are bound.
  private static func summary(of sql: String) -> String {
    let words = sql.split(whereSeparator: \.isWhitespace).prefix(6).joined(separator: " ")
    return String(words.prefix(80))
  }
}

/// Owns a `sqlite3 *`.
private final class ConnectionHandle {
  let pointer: OpaquePointer

  init(pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit {
    // v2: statements that outlive it keep it until they are finalized.
    sqlite3_close_v2(pointer)
  }
}

extension StoreError {
  /// What an SQLite result code means for the caller. The message of SQLite names tables and
  /// columns, never values.
  init(sqlite code: Int32, on connection: OpaquePointer?, operation: String) {
    let kind: Kind =
      switch code & 0xFF {
      // A disk without a block left for the shared memory beside the file.
      case _ where code == csqlite_ioerr_shmsize(): .full
      case SQLITE_BUSY, SQLITE_LOCKED: .busy
      case SQLITE_FULL: .full
      case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
      case SQLITE_READONLY: .readOnly
      case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .unreachable
      case SQLITE_CONSTRAINT: .conflict
      default: .broken
      }
    let message = connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
    let name = String(cString: sqlite3_errstr(code))
    self.init(kind, operation: operation, detail: "\(message ?? name) (SQLite \(code))")
  }
}
