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
        try Self.beginSimulated(in: connection)
        return .kept(now: Timestamp(milliseconds: 0))
      case (.simulated(let now), .simulated):
        return .kept(now: now)
      case (.real, .simulated), (.simulated, .real):
        return .refused
      }
    }
  }

  package func turnTime(to kind: TimeKeeping.Kind) async throws -> TimeKeeping.Turn {
    try await database.write { connection in
      // Waits for every transaction that has read the time, and keeps others from reading it until
      // this one has ended: nothing is queued or intended by the old time any more.
      try connection.execute("LOCK TABLE ledger_clock IN ACCESS EXCLUSIVE MODE")
      let keeping = try Self.timeKeeping(in: connection)
      guard keeping.kind != kind else { return .unchanged }
      let begun = try connection.first("SELECT count(*) FROM deliveries WHERE begun") {
        $0.int(0)
      }
      if let begun, begun > 0 { return .refused(begun: begun) }
      var changes = DeliveryChanges(at: try self.now(in: connection))
      for var row in try Self.decidedByTime(in: connection) {
        row.record.planUnderAnotherTime()
        changes.save(row, who: Self.turner)
      }
      try changes.write(in: connection)
      switch kind {
      case .simulated: try Self.beginSimulated(in: connection)
      case .real:
        try connection.run("UPDATE ledger_clock SET mode = 1, simulated_now = 0")
        // Simulated time may have been far ahead, or behind: made now, whatever became of it.
        try connection.run(
          "UPDATE deliveries SET made_at = $1, changed_at = least(changed_at, $1)",
          try self.wallTime(in: connection))
      }
      // What was put back by the old time waited for its next slot.
      try connection.run("UPDATE deliveries SET next_at = due_at, queued_at = 0 WHERE state = 1")
      return .turned
    }
  }

  /// In the deliveries' log.
  private static let turner = "init --time"

  /// Queued, claimed, or held for being late; locked, in the order of keys.
  private static func decidedByTime(in connection: PostgresConnection) throws -> [DeliveryRow] {
    try connection.rows(
      """
      SELECT \(DeliveryRow.columns) FROM deliveries d
      WHERE d.state IN ($1, $2) OR (d.state = $3 AND d.reason IN ($4, $5))
      ORDER BY d.month, d.customer_id, d.kind, d.sequence FOR UPDATE
      """, DeliveryState.queued.code, DeliveryState.claimed.code, DeliveryState.held.code,
      DeliveryReason.tooLate.rawValue, DeliveryReason.dueDatePassed.rawValue, read: DeliveryRow.init
    )
  }

  /// At the beginning of time: the caller advances it to where its work begins.
  private static func beginSimulated(in connection: PostgresConnection) throws {
    try connection.run("UPDATE ledger_clock SET mode = 2, simulated_now = 0")
    // Made by the server's clock, of which simulated time knows nothing: made in time.
    try connection.run("UPDATE deliveries SET made_at = due_at WHERE made_at > due_at")
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
