import CPostgres
import Dispatch
import Synchronization

/// Asks whoever runs statements on a connection to end, from another task.
final class StatementCancellation: Sendable {
  private let flag = Mutex(false)

  var isCancelled: Bool { flag.withLock { $0 } }

  func cancel() { flag.withLock { $0 = true } }
}

/// Asks the server to cancel what a connection is doing. It may arrive late: the connection is not to
/// be used for anything else afterwards.
///
/// `@unchecked Sendable`: libpq documents `PQcancel` as safe from any thread; the object is a copy of
/// what it needs of the connection.
final class CancelRequest: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let over = Mutex(false)

  init(pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQfreeCancel(pointer) }

  var isOver: Bool { over.withLock { $0 } }

  /// Does not wait for it.
  func send() {
    DispatchQueue.global().async { [self] in
      var message = [CChar](repeating: 0, count: 256)
      PQcancel(pointer, &message, Int32(message.count))
      over.withLock { $0 = true }
    }
  }
}
