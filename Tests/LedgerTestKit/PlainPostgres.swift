import Billing
import BillingTestKit
import CPostgres
import Dispatch

/// SQL by libpq alone, for what tests do and look at behind a ledger: nothing of the adapter that
/// they are about is in between.
package enum PlainPostgres {
  /// Runs statements on a connection of their own, several in one transaction. The rows of the last
  /// of them, as text.
  @discardableResult
  package static func rows(_ sql: String, at url: String) async throws -> [[String?]] {
    for _ in 0..<600 {
      if let rows = try await answer(to: sql, at: url) { return rows }
      // Tests that run beside this one have all the connections there are.
      try await SystemClock().sleep(milliseconds: 50)
    }
    throw Unexpected("no connection became free")
  }

  private static func answer(to sql: String, at url: String) async throws -> [[String?]]? {
    // libpq blocks: not on a thread of the cooperative pool.
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try ask(sql, at: url) })
      }
    }
  }

  /// `nil` when the server has no connection to spare.
  private static func ask(_ sql: String, at url: String) throws -> [[String?]]? {
    let connection = PQconnectdb(url)
    defer { PQfinish(connection) }
    guard PQstatus(connection) == CONNECTION_OK else {
      let message = message(of: connection)
      guard message.contains("too many clients") else { throw Unexpected("\(message)") }
      return nil
    }
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    let result = PQexec(connection, sql)
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK: break
    default: throw Unexpected("\(message(of: connection)), in: \(sql)")
    }
    return (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1
          ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }

  private static func message(of connection: OpaquePointer?) -> String {
    PQerrorMessage(connection).map { String(cString: $0) } ?? "out of memory"
  }
}
