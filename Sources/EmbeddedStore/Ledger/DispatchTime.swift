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
        // It begins at the beginning of time: the caller advances it to where its work begins.
        try connection.run("UPDATE ledger_clock SET mode = 2, simulated_now = 0")
        // Made by the machine's clock, of which simulated time knows nothing: made in time.
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
