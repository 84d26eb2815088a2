import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// SIGINT and SIGTERM: the first asks the command to end cleanly, the second ends it at once.
///
/// Whatever is half done is resumable: checkpoints and intents are committed, never in memory only.
final class StopSignals: Sendable {
  private let first = Mutex<Int32?>(nil)

  /// To be made before any other thread is started, so that every thread inherits that these
  /// signals are not its own business.
  init() {
    var numbers = Self.numbers
    pthread_sigmask(SIG_BLOCK, &numbers, nil)
  }

  /// Listens from now on, on a thread of its own; what came since `init` is not lost.
  ///
  /// - Parameter stop: called once, with the first signal.
  func listen(stop: @escaping @Sendable () -> Void) {
    Thread.detachNewThread { [self] in
      var numbers = Self.numbers
      while true {
        var number: Int32 = 0
        guard sigwait(&numbers, &number) == 0 else { continue }
        let received = number
        let isFirst = first.withLock { first in
          defer { first = first ?? received }
          return first == nil
        }
        guard isFirst else { _exit(128 + received) }
        stop()
      }
    }
  }

  private static var numbers: sigset_t {
    var numbers = sigset_t()
    sigemptyset(&numbers)
    sigaddset(&numbers, SIGINT)
    sigaddset(&numbers, SIGTERM)
    return numbers
  }

  /// How the command was told to end; `nil` when it was not.
  var received: (status: CommandStatus, name: String)? {
    switch first.withLock({ $0 }) {
    case SIGINT: (.interrupted, "SIGINT")
    case SIGTERM: (.terminated, "SIGTERM")
    default: nil
    }
  }
}
