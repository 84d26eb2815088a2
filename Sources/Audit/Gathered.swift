import Synchronization

/// Acceptances as they come in from the providers' ledgers.
final class Gathered: Sendable {
  private let messages = Mutex<[Acceptance]>([])

  func add(_ more: [Acceptance]) { messages.withLock { $0 += more } }

  var all: [Acceptance] { messages.withLock { $0 } }
}
