import Synchronization

/// How many deliveries may still be taken in: the bound of what is in flight, and so the
/// back-pressure on the feed. One task takes, many give back.
final class Room: Sendable {
  private struct State {
    var free: Int
    var isClosed = false
    var needed = 0
    var taker: CheckedContinuation<Void, Never>?
  }

  let capacity: Int
  private let state: Mutex<State>

  init(capacity: Int) {
    self.capacity = capacity
    state = Mutex(State(free: capacity))
  }

  var isAllFree: Bool { state.withLock { $0.free == capacity } }

  /// Waits until `least` places are free, takes up to `most` of them; 0 once it is closed.
  func take(atLeast least: Int, atMost most: Int) async -> Int {
    await waitUntilFree(least)
    return state.withLock { state in
      if state.isClosed { return 0 }
      let taken = min(state.free, most)
      state.free -= taken
      return taken
    }
  }

  /// Waits until everything was given back, or it is closed.
  func waitUntilAllFree() async {
    await waitUntilFree(capacity)
  }

  func giveBack(_ count: Int) {
    let taker = state.withLock { state in
      state.free += count
      precondition(state.free <= capacity, "more was given back than taken")
      return state.free >= state.needed ? state.taker.take() : nil
    }
    taker?.resume()
  }

  /// Nothing is taken any more; what is taken is still given back.
  func close() {
    let taker = state.withLock { state in
      state.isClosed = true
      return state.taker.take()
    }
    taker?.resume()
  }

  private func waitUntilFree(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.isClosed || state.free >= count { return true }
        state.needed = count
        state.taker = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }
}
