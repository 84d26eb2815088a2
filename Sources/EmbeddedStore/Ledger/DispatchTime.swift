package import Billing
package import Dispatching

/// The ledger's own time. On a simulated clock it is a column that only rises, so that every
/// process on the folder agrees on it; else it is the clock the ledger was opened with.
extension EmbeddedLedger: LedgerTime {
  package func timeKeeping() async throws -> TimeKeeping {
    try await database.read { try Self.timeKeeping(in: $0) }
  }

  package func keepTime(_ kind: TimeKeeping.Kind) async throws -> TimeKeeping.Outcome {
    try await database.write { connection in
      switch (try Self.timeKeeping(in: connection), kind) {
      case (.undecided, .real), (.real, .real):
        try connection.run("UPDATE ledger_clock SET mode = 1 WHERE mode = 0")
        return .kept(now: self.clock.now())
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
      let keeping = try Self.timeKeeping(in: connection)
      guard keeping.kind != kind else { return .unchanged }
      let begun: Int? = try connection.first("SELECT count(*) FROM deliveries WHERE begun = 1") {
        $0.int(0)
      }
      if let begun, begun > 0 { return .refused(begun: begun) }
      let now = try self.now(in: connection)
      for var row in try Self.decidedByTime(in: connection) {
        row.record.planUnderAnotherTime()
        try row.save(in: connection, at: now, who: Self.turner)
      }
      switch kind {
      case .simulated: try Self.beginSimulated(in: connection)
      case .real:
        try connection.run("UPDATE ledger_clock SET mode = 1, simulated_now = 0")
        // Simulated time may have been far ahead, or behind: made now, whatever became of it.
        try connection.run(
          "UPDATE deliveries SET made_at = ?1, changed_at = min(changed_at, ?1)", self.clock.now())
      }
      // What was put back by the old time waited for its next slot.
      try connection.run("UPDATE deliveries SET next_at = due_at, queued_at = 0 WHERE state = 1")
      return .turned
    }
  }

  /// In the deliveries' log.
  private static let turner = "init --time"

  /// Queued, claimed, or held for being late.
  private static func decidedByTime(in connection: Connection) throws -> [DeliveryRow] {
    var rows: [DeliveryRow] = []
    try connection.query(
      """
      SELECT \(DeliveryRow.columns) FROM deliveries d
      WHERE d.state IN (?, ?) OR (d.state = ? AND d.reason IN (?, ?))
      """, DeliveryState.queued.code, DeliveryState.claimed.code, DeliveryState.held.code,
      DeliveryReason.tooLate.rawValue, DeliveryReason.dueDatePassed.rawValue
    ) { rows.append(try DeliveryRow($0)) }
    return rows
  }

  /// At the beginning of time: the caller advances it to where its work begins.
  private static func beginSimulated(in connection: Connection) throws {
    try connection.run("UPDATE ledger_clock SET mode = 2, simulated_now = 0")
    // Made by the machine's clock, of which simulated time knows nothing: made in time.
    try connection.run("UPDATE deliveries SET made_at = due_at WHERE made_at > due_at")
  }

  package func advance(to moment: Timestamp) async throws -> Timestamp {
    try await database.write { connection in
      guard case .simulated(let now) = try Self.timeKeeping(in: connection) else {
        throw StoreError(
          .conflict, operation: "advance the ledger's time", detail: "its time is not simulated")
      }
      guard moment > now else { return now }
      try connection.run("UPDATE ledger_clock SET simulated_now = ?", moment)
      return moment
    }
  }

  package func holdTime() async throws -> (any TimeHold)? {
    try FileLock(path: "\(database.path)-time")
  }

  private static func timeKeeping(in connection: Connection) throws -> TimeKeeping {
    let keeping: TimeKeeping? = try connection.first(
      "SELECT mode, simulated_now FROM ledger_clock WHERE only = 1"
    ) { row in
      switch row.int(0) {
      case 0: .undecided
      case 1: .real
      case 2: .simulated(now: Timestamp(milliseconds: row.integer(1)))
      default: throw DeliveryRow.damaged("the ledger's clock is of an unknown kind")
      }
    }
    guard let keeping else { throw DeliveryRow.damaged("the ledger has no clock") }
    return keeping
  }

  /// The time now, read inside the transaction that compares with it.
  func now(in connection: Connection) throws -> Timestamp {
    if case .simulated(let now) = try Self.timeKeeping(in: connection) { return now }
    return clock.now()
  }
}
