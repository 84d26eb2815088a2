import Billing
import Delivery
import Synchronization

/// Stands before a provider and passes nothing on until so many messages are with it at once.
final class Rendezvous: Provider {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  var name: String { provider.name }
  func statedCapabilities() async -> ProviderCapabilities? {
    await provider.statedCapabilities()
  }

  private let count: Int
  private let provider: any Provider
  private let state = Mutex(State())

  init(of count: Int, before provider: any Provider) {
    self.count = count
    self.provider = provider
  }

  func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    await withTaskCancellationHandler {
      await meet()
    } onCancel: {
      // The server is told to stop: nobody else comes.
      wake { $0.isOpen = true }
    }
    return await provider.send(message, key: key, deadline: deadline, notAfter: notAfter)
  }

  func lookUp(_ key: String) async -> LookUpOutcome { await provider.lookUp(key) }

  private func meet() async {
    await withCheckedContinuation { continuation in
      wake { state in
        state.waiting.append(continuation)
        if state.waiting.count == count { state.isOpen = true }
      }
    }
  }

  /// Changes the state, and wakes everybody when it is open then.
  private func wake(_ change: (inout State) -> Void) {
    let woken = state.withLock { state in
      change(&state)
      guard state.isOpen else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in woken { continuation.resume() }
  }
}
