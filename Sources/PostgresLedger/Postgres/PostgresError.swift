import Billing
import CPostgres

/// What PostgreSQL, or the way to it, said. `PostgresDatabase` tries again what can be tried again
/// and makes a `StoreError` of the rest.
struct PostgresError: Error, CustomStringConvertible {
  /// What was being done.
  var operation: String
  /// Five characters of the server's (appendix A of its manual); `nil` where it said nothing.
  var sqlState: String?
  /// Without values: see `init(operation:result:)`.
  var message: String
  /// Whether the connection is of no use any more.
  var isConnectionLost: Bool
  /// Whether it came before the body of a transaction had begun.
  var isBeforeBody = false
  /// Refused for good, also where the server did not come to say so itself.
  var isDenied = false

  init(operation: String, sqlState: String?, message: String, isConnectionLost: Bool) {
    self.operation = operation
    self.sqlState = sqlState
    self.message = message
    self.isConnectionLost = isConnectionLost
  }

  /// Of a result that is an error. The message's details and the messages of data exceptions hold
  /// values, which may be a customer's: they are left out.
  init(operation: String, result: ResultHandle, isConnectionLost: Bool) {
    let state = result.field(UInt8(ascii: "C"))
    let primary = result.field(UInt8(ascii: "M"))
    self.init(
      operation: operation, sqlState: state,
      message: state?.hasPrefix("22") == true
        ? "a value does not fit its column" : primary ?? "the connection was lost",
      isConnectionLost: isConnectionLost)
  }

  /// Whether the transaction failed only because of what others did at that time.
  var isCollision: Bool { sqlState == "40001" || sqlState == "40P01" }

  /// Whether the server is going down or coming up, has no room for more at the moment, or the
  /// connection is lost: with 25P03 the server gave up a transaction that had stood still.
  var isUnreachable: Bool {
    guard !isDenied else { return false }
    guard let sqlState else { return isConnectionLost }
    return sqlState.hasPrefix("08") || sqlState.hasPrefix("57P0") || sqlState == "53300"
      || sqlState == "53200" || sqlState == "25P03"
  }

  /// The server became a standby, or another address of it is the one to write to.
  var isReadOnly: Bool { sqlState == "25006" }

  /// Whether the same may succeed later.
  func mayPass(afterTries tries: Int) -> Bool {
    isCollision || isUnreachable || isReadOnly && tries < 4
  }

  var isCancelled: Bool { sqlState == "57014" }

  var description: String {
    "\(operation): \(message)" + (sqlState.map { " (SQLSTATE \($0))" } ?? "")
  }

  /// What it means for the caller.
  var storeError: StoreError {
    StoreError(
      kind, operation: operation, detail: message + (sqlState.map { " (SQLSTATE \($0))" } ?? ""))
  }

  private var kind: StoreError.Kind {
    guard !isDenied else { return .denied }
    guard let sqlState else { return isConnectionLost ? .unreachable : .broken }
    switch sqlState {
    // The last: others have all the connections that the server, the role or the database may have.
    case "40001", "40P01", "55P03", "57014", "53300": return .busy
    case "53100": return .full
    case "25006": return .readOnly
    case "42P01", "42703", "42883", "3F000": return .wrongSchema
    // The role or its password, or what the role may do.
    case "42501", "3D000": return .denied
    case "XX001", "XX002": return .corrupt
    default: break
    }
    switch sqlState.prefix(2) {
    case "08", "57", "53": return .unreachable
    case "28": return .denied
    case "23": return .conflict
    default: return .broken
    }
  }
}
