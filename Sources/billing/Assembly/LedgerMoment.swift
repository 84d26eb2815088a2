import Billing
import Dispatching

/// The time that a command works at: the ledger's, which `--at` can move on where it is simulated.
enum LedgerMoment {
  /// What time it is for the ledger; `--at` makes a ledger that has not decided a simulated one.
  ///
  /// - Parameter moment: what `--at` says, if anything.
  static func now(
    at moment: Timestamp?, of time: any LedgerTime, clock: any WallClock
  ) async throws -> Timestamp {
    guard let moment else {
      guard case .simulated(let now) = try await time.timeKeeping() else { return clock.now() }
      return now
    }
    try await keepSimulated(time)
    return try await time.advance(to: moment)
  }

  /// The ledger's time is simulated from now on, or the command is refused.
  static func keepSimulated(_ time: any LedgerTime) async throws {
    guard case .kept = try await time.keepTime(.simulated) else {
      throw CommandFailure(.wrongUsage, .ledgerKeepsRealTime, remedy: .useOtherLedgerForSimulation)
    }
  }

  /// The ledger's time is the machine's from now on, or the command is refused.
  static func keepReal(_ time: any LedgerTime) async throws {
    guard case .kept = try await time.keepTime(.real) else {
      throw CommandFailure(.wrongUsage, .ledgerIsSimulated, remedy: .useAtInstead)
    }
  }
}
