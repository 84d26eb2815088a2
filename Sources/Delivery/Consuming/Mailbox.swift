import Synchronization

/// Takes elements from many tasks and hands them to one in batches: whatever has come in while the
/// last batch was worked on, so that a batch is as large as the load asks for and no timer is
/// needed.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var isClosed = false
    var reader: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func append(_ element: Element) {
    let reader = state.withLock { state in
      state.elements.append(element)
      return state.reader.take()
    }
    reader?.resume()
  }

  /// Nothing is appended from now on.
  func close() {
    let reader = state.withLock { state in
      state.isClosed = true
      return state.reader.take()
    }
    reader?.resume()
  }

  /// At most `limit` elements, at least one; empty when it is closed and everything was taken.
  /// One task reads.
  func next(limit: Int) async -> [Element] {
    while true {
      let (batch, isOver) = state.withLock { state in
        let batch = Array(state.elements.prefix(limit))
        state.elements.removeFirst(batch.count)
        return (batch, state.isClosed)
      }
      if !batch.isEmpty || isOver { return batch }
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.elements.isEmpty || state.isClosed { return true }
          state.reader = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    }
  }
}
