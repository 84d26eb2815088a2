package import Billing
import Synchronization

/// A clock that stands still until the test moves it. Sleepers wake when it reaches their moment.
package final class TestClock: WallClock {
  private struct State {
    var now: Timestamp
    var sleepers: [Int: (moment: Timestamp, wake: CheckedContinuation<Void, any Error>)] = [:]
    var nextSleeper = 0
  }

  private let state: Mutex<State>

  package init(_ now: Timestamp = Timestamp(seconds: 1_793_491_200)) {
    state = Mutex(State(now: now))
  }

  package func now() -> Timestamp { state.withLock { $0.now } }

  package func advance(seconds: Int64) {
    let due = state.withLock { state in
      state.now = state.now.adding(seconds: seconds)
      let due = state.sleepers.filter { $0.value.moment <= state.now }
      for sleeper in due.keys { state.sleepers[sleeper] = nil }
      return due.values.map(\.wake)
    }
    for wake in due { wake.resume() }
  }

  package func sleep(until moment: Timestamp) async throws {
    let number = state.withLock { state in
      state.nextSleeper += 1
      return state.nextSleeper
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isDue = state.withLock { state in
          guard moment > state.now, !Task.isCancelled else { return true }
          state.sleepers[number] = (moment, continuation)
          return false
        }
        if isDue { continuation.resume() }
      }
      try Task.checkCancellation()
    } onCancel: {
      let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
      sleeper?.wake.resume(throwing: CancellationError())
    }
  }
}
