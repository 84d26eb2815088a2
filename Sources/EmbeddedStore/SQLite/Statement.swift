package import Billing
import CSQLite

/// One prepared statement: bind from 1, step, read columns from 0.
package final class Statement {
  private let handle: StatementHandle
  private let connection: OpaquePointer
  private let summary: String

  init(handle: StatementHandle, connection: OpaquePointer, summary: String) {
    self.handle = handle
    self.connection = connection
    self.summary = summary
  }

  // MARK: Binding. Positions begin at 1 and are ours, so that a wrong one is a bug.

  package func bind(_ value: Int64, at position: Int) {
    check(sqlite3_bind_int64(handle.pointer, Int32(position), value))
  }

  package func bind(_ value: Int, at position: Int) {
    check(sqlite3_bind_int64(handle.pointer, Int32(position), Int64(value)))
  }

  package func bind(_ value: String, at position: Int) {
    var value = value
    value.withUTF8 { bytes in
      check(
        sqlite3_bind_text64(
          handle.pointer, Int32(position), bytes.baseAddress.map(Self.characters),
          UInt64(bytes.count), csqlite_transient(), UInt8(SQLITE_UTF8)))
    }
  }

  package func bind(_ value: [UInt8], at position: Int) {
    value.withUnsafeBytes { bind(bytes: $0, at: position) }
  }

  package func bind(_ value: ContentHash, at position: Int) {
    value.withBytes { bind(bytes: $0, at: position) }
  }

  package func bindNull(at position: Int) {
    check(sqlite3_bind_null(handle.pointer, Int32(position)))
  }

  private func bind(bytes: UnsafeRawBufferPointer, at position: Int) {
    if bytes.isEmpty {
      check(sqlite3_bind_zeroblob(handle.pointer, Int32(position), 0))
    } else {
      check(
        sqlite3_bind_blob64(
          handle.pointer, Int32(position), bytes.baseAddress, UInt64(bytes.count),
          csqlite_transient()))
    }
  }

  private static func characters(_ bytes: UnsafePointer<UInt8>) -> UnsafePointer<CChar> {
    UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self)
  }

  private func check(_ code: Int32) {
    precondition(code == SQLITE_OK, "binding to: \(summary)")
  }

  // MARK: Running

  /// Whether there is a row to read.
  package func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle.pointer)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let failure = StoreError(sqlite: code, on: connection, operation: summary)
      reset()
      throw failure
    }
  }

  /// Runs to the end and makes ready for the next values.
  package func finish() throws(StoreError) {
    while try step() {}
    sqlite3_reset(handle.pointer)
  }

  /// Ready for the next values; the bindings stay until they are overwritten.
  package func reset() {
    sqlite3_reset(handle.pointer)
  }

  // MARK: Columns of the current row, from 0

  package func isNull(_ column: Int) -> Bool {
    sqlite3_column_type(handle.pointer, Int32(column)) == SQLITE_NULL
  }

  package func integer(_ column: Int) -> Int64 {
    sqlite3_column_int64(handle.pointer, Int32(column))
  }

  package func int(_ column: Int) -> Int { Int(integer(column)) }

  /// A month or a day; damaged when it is beyond what they can be.
  package func int32(_ column: Int) throws(StoreError) -> Int32 {
    guard let value = Int32(exactly: integer(column)) else {
      throw StoreError(.corrupt, operation: summary, detail: "a month or a day is out of range")
    }
    return value
  }

  package func optionalInteger(_ column: Int) -> Int64? {
    isNull(column) ? nil : integer(column)
  }

  package func text(_ column: Int) -> String {
    guard let characters = sqlite3_column_text(handle.pointer, Int32(column)) else { return "" }
    let count = Int(sqlite3_column_bytes(handle.pointer, Int32(column)))
    return String(
      decoding: UnsafeBufferPointer(start: characters, count: count), as: UTF8.self)
  }

  package func optionalText(_ column: Int) -> String? {
    isNull(column) ? nil : text(column)
  }

  package func bytes(_ column: Int) -> [UInt8] {
    withBytes(column) { Array($0) }
  }

  /// The bytes where they lie, valid only inside `body`.
  package func withBytes<Result>(
    _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let start = sqlite3_column_blob(handle.pointer, Int32(column))
    let count = Int(sqlite3_column_bytes(handle.pointer, Int32(column)))
    return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// A hash column; damaged when it is not 32 bytes.
  package func hash(_ column: Int) throws(StoreError) -> ContentHash {
    guard let hash = withBytes(column, { ContentHash(bytes: $0) }) else {
      throw StoreError(.corrupt, operation: summary, detail: "a hash is not 32 bytes")
    }
    return hash
  }
}

/// Owns a `sqlite3_stmt *`.
final class StatementHandle {
  let pointer: OpaquePointer

  init(pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit {
    sqlite3_finalize(pointer)
  }
}

/// What a statement's parameter can be.
package protocol SQLValue {
  func bind(to statement: Statement, at position: Int)
}

extension Int64: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(self, at: position)
  }
}

extension Int: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(self, at: position)
  }
}

extension Int32: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(Int64(self), at: position)
  }
}

extension String: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(self, at: position)
  }
}

extension [UInt8]: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(self, at: position)
  }
}

extension ContentHash: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(self, at: position)
  }
}

extension BillingMonth: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(Int64(index), at: position)
  }
}

extension CustomerID: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(number, at: position)
  }
}

extension LineID: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(number, at: position)
  }
}

extension Statement {
  func optionalDay(_ column: Int) -> CalendarDay? {
    optionalInteger(column).map { CalendarDay(daysSince1970: Int32(truncatingIfNeeded: $0)) }
  }
}

extension CalendarDay: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(Int64(daysSince1970), at: position)
  }
}

extension Timestamp: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    statement.bind(milliseconds, at: position)
  }
}

extension Optional: SQLValue where Wrapped: SQLValue {
  package func bind(to statement: Statement, at position: Int) {
    if let self { self.bind(to: statement, at: position) } else { statement.bindNull(at: position) }
  }
}
