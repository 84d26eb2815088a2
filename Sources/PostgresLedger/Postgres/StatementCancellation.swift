import Dispatch
import Synchronization

/// Cancels what a connection is doing at the time, from another task.
final class StatementCancellation: Sendable {
  private enum State {
    case idle
    case armed(StatementCanceller?)
    case cancelled
  }

  private let state = Mutex<State>(.idle)

  /// A statement may be under way from now on.
  func arm(_ canceller: StatementCanceller?) {
    let isCancelled = state.withLock { state in
      if case .cancelled = state { return true }
      state = .armed(canceller)
      return false
    }
    if isCancelled { canceller?.cancel() }
  }

  enum Ending {
    /// Nothing can come any more.
    case undisturbed
    /// A request to cancel was made; when it arrives nobody knows.
    case cancelled
  }

  /// No statement is under way any more.
  func disarm() -> Ending {
    state.withLock { state in
      if case .cancelled = state { return .cancelled }
      state = .idle
      return .undisturbed
    }
  }

  func cancel() {
    let canceller = state.withLock { state in
      defer { state = .cancelled }
      if case .armed(let canceller) = state { return canceller }
      return nil
    }
    // The request blocks: not on a thread of the cooperative pool.
    if let canceller { DispatchQueue.global().async { canceller.cancel() } }
  }
}
