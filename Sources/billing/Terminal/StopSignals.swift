import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SIGINT and SIGTERM: the first asks the command to end cleanly, the second ends it at once.
///
/// Whatever is half done is resumable: checkpoints and intents are committed, never in memory only.
///
/// `@unchecked Sendable`: the sources are made and resumed in `init` and only kept after it; the
/// rest is behind a mutex.
final class StopSignals: @unchecked Sendable {
  private struct State {
    var first: Int32?
    var stop: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>
  private let sources: [any DispatchSourceSignal]

  /// Listens from now on, on a thread of its own.
  init() {
    let queue = DispatchQueue(label: "billing.signals")
    sources = [SIGINT, SIGTERM].map { number in
      // The system's own answer would end the process before the source is asked.
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    state = Mutex(State())
    for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
      source.setEventHandler { [weak self] in self?.receive(number) }
      source.resume()
    }
  }

  /// - Parameter stop: called with the first signal, at once where one has come already.
  func listen(stop: @escaping @Sendable () -> Void) {
    let isLate = state.withLock { state in
      state.stop = stop
      return state.first != nil
    }
    if isLate { stop() }
  }

  private func receive(_ number: Int32) {
    let (isFirst, stop) = state.withLock { state in
      defer { state.first = state.first ?? number }
      return (state.first == nil, state.stop)
    }
    guard isFirst else { _exit(128 + number) }
    stop?()
  }

  /// How the command was told to end; `nil` when it was not.
  var received: (status: CommandStatus, name: String)? {
    switch state.withLock({ $0.first }) {
    case SIGINT: (.interrupted, "SIGINT")
    case SIGTERM: (.terminated, "SIGTERM")
    default: nil
    }
  }
}
