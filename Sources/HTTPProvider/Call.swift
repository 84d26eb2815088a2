import Delivery
import Synchronization

/// One message on its way to the wire. Whether it may be written, and whether it was, is decided
/// once, in one place: what has not been written when the call ends can never be written.
final class Call: Sendable {
  private enum State {
    case waiting
    case written
    /// Its turn came after the deadline for writing.
    case tooLate
    /// It ended before its turn came.
    case ended
  }

  /// What is known of a call's bytes at its end.
  enum Ending: Hashable, Sendable {
    /// Any of them may have left.
    case written
    /// None has left, and none will: the deadline for writing was over.
    case tooLate
    /// None has left, and none will.
    case neverWritten
  }

  private let deadline: CallDeadline
  private let state = Mutex(State.waiting)

  init(deadline: CallDeadline) {
    self.deadline = deadline
  }

  /// Whether the first byte may be written now. Said once: the request is counted as written from
  /// then on, and is never let through a second time.
  func begin() -> Bool {
    state.withLock { state in
      guard case .waiting = state else { return false }
      state = deadline.permitsWriting ? .written : .tooLate
      return state == .written
    }
  }

  func end() -> Ending {
    state.withLock { state in
      switch state {
      case .written: return .written
      case .tooLate: return .tooLate
      case .waiting, .ended:
        state = .ended
        return .neverWritten
      }
    }
  }
}

/// The calls that are under way, by numbers that their requests carry as far as the gate.
final class OpenCalls: Sendable {
  /// Never leaves the process.
  static let header = "Billing-Call"

  private struct State {
    var last: UInt64 = 0
    var calls: [UInt64: Call] = [:]
  }

  private let state = Mutex(State())

  func open(_ call: Call) -> UInt64 {
    state.withLock { state in
      state.last += 1
      state.calls[state.last] = call
      return state.last
    }
  }

  func close(_ number: UInt64) {
    state.withLock { $0.calls[number] = nil }
  }

  subscript(number: UInt64) -> Call? { state.withLock { $0.calls[number] } }
}
