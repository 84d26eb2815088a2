import Billing
import Dispatching

/// The time that a command works at: the ledger's, which `--at` can move on where it is simulated.
enum LedgerMoment {
  /// What time it is for the ledger.
  static func now(of time: any LedgerTime, clock: any WallClock) async throws -> Timestamp {
    guard case .simulated(let now) = try await time.timeKeeping() else { return clock.now() }
    return now
  }

  /// The moment that `--at` says, for a command that sends nothing: a ledger that has not decided
  /// stays undecided, since its first dispatch decides. One that keeps real time refuses.
  ///
  /// - Parameter moment: what `--at` says, if anything.
  static func asOf(
    _ moment: Timestamp?, of time: any LedgerTime, clock: any WallClock
  ) async throws -> Timestamp {
    guard let moment else { return try await now(of: time, clock: clock) }
    switch try await time.timeKeeping() {
    case .undecided: return moment
    case .real: throw realTimeKept
    case .simulated: return try await time.advance(to: moment)
    }
  }

  /// The moment that `--at` says, for a command that dispatches; a ledger that has not decided is
  /// simulated from now on.
  static func dispatching(
    at moment: Timestamp?, of time: any LedgerTime, clock: any WallClock
  ) async throws -> Timestamp {
    guard let moment else { return try await now(of: time, clock: clock) }
    try await keepSimulated(time)
    return try await time.advance(to: moment)
  }

  /// Decides the ledger's time, or turns it to the other kind while nothing was begun to be sent.
  ///
  /// - Returns: whether it is another than before.
  static func turn(to kind: TimeKeeping.Kind, on platform: Platform) async throws -> Bool {
    guard try await platform.time.timeKeeping().kind != kind else { return false }
    // Whoever is at work goes by the old time to the end.
    guard let hold = try await platform.time.holdTime() else {
      throw CommandFailure(.busy, .anotherRun, remedy: .tryWhenOver)
    }
    defer { withExtendedLifetime(hold) {} }
    guard try await !platform.hasConsumers() else {
      throw CommandFailure(.busy, .consumersAtWork, remedy: .stopConsumers)
    }
    switch try await platform.time.turnTime(to: kind) {
    case .turned: return true
    case .unchanged: return false
    case .refused(let begun):
      throw CommandFailure(.wrongUsage, .timeIsDecided(begun: begun), remedy: .useOtherLedger)
    }
  }

  private static let realTimeKept = CommandFailure(
    .wrongUsage, .ledgerKeepsRealTime, remedy: .useOtherLedgerForSimulation)

  /// The ledger's time is simulated from now on, or the command is refused.
  static func keepSimulated(_ time: any LedgerTime) async throws {
    guard case .kept = try await time.keepTime(.simulated) else {
      throw realTimeKept
    }
  }

  /// The ledger's time is the machine's from now on, or the command is refused.
  static func keepReal(_ time: any LedgerTime) async throws {
    guard case .kept = try await time.keepTime(.real) else {
      throw CommandFailure(.wrongUsage, .ledgerIsSimulated, remedy: .useAtInstead)
    }
  }
}
