import Billing
import CPostgres

/// One row of a result in binary format, valid only inside the body that it is handed to. Columns
/// count from 0; their types are the statement's, so that a wrong one is a bug.
struct PostgresRow {
  fileprivate let result: OpaquePointer
  fileprivate let position: Int32

  func isNull(_ column: Int) -> Bool {
    PQgetisnull(result, position, Int32(column)) == 1
  }

  /// A `smallint`, `integer` or `bigint`; 0 where it is NULL.
  func integer(_ column: Int) -> Int64 {
    withBytes(column) { bytes in
      switch bytes.count {
      case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      case 0: 0
      default: preconditionFailure("column \(column) is no integer")
      }
    }
  }

  func int(_ column: Int) -> Int { Int(integer(column)) }

  func optionalInteger(_ column: Int) -> Int64? {
    isNull(column) ? nil : integer(column)
  }

  func bool(_ column: Int) -> Bool {
    withBytes(column) { $0.first == 1 }
  }

  func text(_ column: Int) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  func optionalText(_ column: Int) -> String? {
    isNull(column) ? nil : text(column)
  }

  func bytes(_ column: Int) -> [UInt8] {
    withBytes(column) { Array($0) }
  }

  func optionalBytes(_ column: Int) -> [UInt8]? {
    isNull(column) ? nil : bytes(column)
  }

  /// The bytes where they lie; none where it is NULL.
  func withBytes<Result>(
    _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let start = PQgetvalue(result, position, Int32(column))
    let count = Int(PQgetlength(result, position, Int32(column)))
    return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// A hash column; damaged when it is not 32 bytes.
  func hash(_ column: Int) throws -> ContentHash {
    guard let hash = withBytes(column, { ContentHash(bytes: $0) }) else {
      throw StoreError(.corrupt, operation: "read a hash", detail: "it is not 32 bytes")
    }
    return hash
  }

  func optionalHash(_ column: Int) throws -> ContentHash? {
    isNull(column) ? nil : try hash(column)
  }

  func optionalDay(_ column: Int) -> CalendarDay? {
    optionalInteger(column).map { CalendarDay(daysSince1970: Int32(truncatingIfNeeded: $0)) }
  }

  func timestamp(_ column: Int) -> Timestamp { Timestamp(milliseconds: integer(column)) }

  func optionalTimestamp(_ column: Int) -> Timestamp? {
    optionalInteger(column).map { Timestamp(milliseconds: $0) }
  }
}

/// Owns a `PGresult *`.
final class ResultHandle {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }

  var status: ExecStatusType { PQresultStatus(pointer) }

  var rowCount: Int { Int(PQntuples(pointer)) }

  /// Rows that the statement changed, or returned.
  var affectedRows: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

  /// Such as `COMMIT`.
  var command: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

  func row(_ position: Int) -> PostgresRow {
    PostgresRow(result: pointer, position: Int32(position))
  }

  func field(_ code: UInt8) -> String? {
    PQresultErrorField(pointer, Int32(code)).map { String(cString: $0) }
  }
}
