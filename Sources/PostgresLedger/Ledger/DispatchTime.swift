package import Billing
package import Dispatching

/// The ledger's own time. On a simulated clock it is a column that only rises, so that every
/// process agrees on it; else it is the server's clock.
extension PostgresLedger: LedgerTime {
  package func timeKeeping() async throws -> TimeKeeping {
    try await database.read { try Self.timeKeeping(in: $0) }
  }

  package func keepTime(_ kind: TimeKeeping.Kind) async throws -> TimeKeeping.Outcome {
    try await database.write { connection in
      switch (try Self.timeKeeping(in: connection, locking: true), kind) {
      case (.undecided, .real), (.real, .real):
        try connection.run("UPDATE ledger_clock SET mode = 1 WHERE mode = 0")
        return .kept(now: try self.wallTime(in: connection))
      case (.undecided, .simulated):
        // It begins at the beginning of time: the caller advances it to where its work begins.
        try connection.run("UPDATE ledger_clock SET mode = 2, simulated_now = 0")
        // Made by the server's clock, of which simulated time knows nothing: made in time.
        try connection.run("UPDATE deliveries SET made_at = due_at WHERE made_at > due_at")
        return .kept(now: Timestamp(milliseconds: 0))
      case (.simulated(let now), .simulated):
        return .kept(now: now)
      case (.real, .simulated), (.simulated, .real):
        return .refused
      }
    }
  }

  package func advance(to moment: Timestamp) async throws -> Timestamp {
    try await database.write { connection in
      guard case .simulated(let now) = try Self.timeKeeping(in: connection, locking: true) else {
        throw StoreError(
          .conflict, operation: "advance the ledger's time", detail: "its time is not simulated")
      }
      guard moment > now else { return now }
      try connection.run("UPDATE ledger_clock SET simulated_now = $1", moment)
      return moment
    }
  }

  package func holdTime() async throws -> (any TimeHold)? {
    let connection = database.dedicated()
    let isHeld = try await connection.run { connection in
      try connection.first(
        "SELECT pg_try_advisory_lock($1::integer, $2::integer)", LedgerLock.space,
        LedgerLock.simulatedTime.rawValue
      ) { $0.bool(0) }
    }
    return isHeld == true ? SessionHold(connection) : nil
  }

  private static func timeKeeping(
    in connection: PostgresConnection, locking: Bool = false
  ) throws -> TimeKeeping {
    let keeping: TimeKeeping? = try connection.first(
      "SELECT mode, simulated_now FROM ledger_clock WHERE single = 1"
        + (locking ? " FOR UPDATE" : "")
    ) { row in
      switch row.int(0) {
      case 0: .undecided
      case 1: .real
      case 2: .simulated(now: row.timestamp(1))
      default: throw damaged("the ledger's clock is of an unknown kind")
      }
    }
    guard let keeping else { throw damaged("the ledger has no clock") }
    return keeping
  }
}

/// A lock that is held as long as its session: let go by the server when the process is gone.
private final class SessionHold: TimeHold {
  private let connection: DedicatedConnection

  init(_ connection: DedicatedConnection) { self.connection = connection }
}
