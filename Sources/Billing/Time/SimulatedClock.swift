import Synchronization

/// A clock that somebody else moves: it stands still until it is advanced, and only rises.
///
/// Sleeping returns at once, and what would have been slept is counted: a provider's second is a
/// figure in the report, not a second of anybody's life.
package final class SimulatedClock: WallClock {
  private struct State {
    var now: Timestamp
    var slept: Int64 = 0
  }

  private let state: Mutex<State>

  package init(at start: Timestamp) {
    state = Mutex(State(now: start))
  }

  package func now() -> Timestamp { state.withLock { $0.now } }

  /// Moves on to the moment; an earlier one changes nothing.
  package func advance(to moment: Timestamp) {
    state.withLock { $0.now = max($0.now, moment) }
  }

  /// What sleeping would have taken altogether, all sleepers added up.
  package var sleptMilliseconds: Int64 { state.withLock { $0.slept } }

  /// Does not wait, and does not move the clock.
  package func sleep(until moment: Timestamp) async throws {
    state.withLock { state in
      let wait = state.now.milliseconds(until: moment)
      if wait > 0 { state.slept = state.slept.saturatingAdd(wait) }
    }
    try Task.checkCancellation()
  }
}
