import NIOCore
import NIOPosix
import Synchronization

/// A value that can be waited on until it is as wanted.
final class Observed<Value: Sendable>: Sendable {
  /// It was not so within the bound.
  struct NeverBecameSo: Error {
    var value: Value
  }

  private struct Waiter {
    var holds: @Sendable (Value) -> Bool
    var wake: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var value: Value
    var waiters: [Int: Waiter] = [:]
    var lastWaiter = 0
  }

  private let state: Mutex<State>

  init(_ value: Value) {
    state = Mutex(State(value: value))
  }

  var value: Value { state.withLock { $0.value } }

  /// Changes the value, and wakes whoever waited for it to be as it is now.
  func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    let (result, woken) = state.withLock { state in
      let result = body(&state.value)
      let value = state.value
      let met = state.waiters.filter { $0.value.holds(value) }
      for number in met.keys { state.waiters[number] = nil }
      return (result, met.values.map(\.wake))
    }
    for wake in woken { wake.resume() }
    return result
  }

  /// Returns once the condition holds.
  ///
  /// - Throws: `NeverBecameSo` after the bound, `CancellationError` when cancelled.
  func until(
    within bound: TimeAmount, _ holds: @escaping @Sendable (Value) -> Bool
  ) async throws {
    let number = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    let timer = MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: bound) {
      self.giveUp(number) { NeverBecameSo(value: $0) }
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wake in
        let isDone = state.withLock { state in
          // Cancelled before it began to wait: the handler has found nobody to wake.
          guard !holds(state.value), !Task.isCancelled else { return true }
          state.waiters[number] = Waiter(holds: holds, wake: wake)
          return false
        }
        if isDone { wake.resume() }
      }
      try Task.checkCancellation()
    } onCancel: {
      self.giveUp(number) { _ in CancellationError() }
    }
  }

  private func giveUp(_ number: Int, _ reason: (Value) -> any Error) {
    let (waiter, value) = state.withLock { ($0.waiters.removeValue(forKey: number), $0.value) }
    waiter?.wake.resume(throwing: reason(value))
  }
}
