import Billing
import Logging
import Synchronization

/// The connections of a process, opened as they are needed, handed out in the order of asking.
final class Connections: Sendable {
  private typealias Pool = ConnectionPool<
    ConnectionOwner, CheckedContinuation<ConnectionOwner, any Error>
  >

  private let address: PostgresAddress
  private let logger: Logger
  private let pool: Mutex<Pool>

  init(_ address: PostgresAddress, logger: Logger) {
    self.address = address
    self.logger = logger
    pool = Mutex(
      Pool(
        maxConnections: address.limits.maxConnections, maxWaiting: address.limits.maxWaiting))
  }

  func makeOwner() -> ConnectionOwner { ConnectionOwner(address, logger: logger) }

  /// Hands `body` a connection that nobody else uses meanwhile.
  ///
  /// - Parameter isCancellable: whether a cancelled task leaves the queue.
  func withConnection<Result: Sendable>(
    isCancellable: Bool, _ body: (ConnectionOwner) async throws -> Result
  ) async throws -> Result {
    let owner = try await acquire(isCancellable: isCancellable)
    do {
      let result = try await body(owner)
      release(owner)
      return result
    } catch {
      release(owner, isOpen: (error as? PostgresError)?.isConnectionLost != true)
      throw error
    }
  }

  private func acquire(isCancellable: Bool) async throws -> ConnectionOwner {
    let number = Mutex<Int?>(nil)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        switch pool.withLock({ $0.acquire(continuation) }) {
        case .use(let owner): continuation.resume(returning: owner)
        // An owner opens its connection when it is used, and again after it was lost.
        case .open: continuation.resume(returning: makeOwner())
        case .wait(let waiting):
          number.withLock { $0 = waiting }
          if isCancellable, Task.isCancelled { giveUp(waiting, CancellationError()) }
          giveUpInTime(waiting)
        case .refuse:
          continuation.resume(
            throwing: refusal("\(address.limits.maxWaiting) are waiting already"))
        }
      }
    } onCancel: {
      if isCancellable, let waiting = number.withLock({ $0 }) {
        giveUp(waiting, CancellationError())
      }
    }
  }

  private func giveUpInTime(_ waiting: Int) {
    let seconds = address.limits.waitSeconds
    Task {
      try? await SystemClock().sleep(milliseconds: seconds * 1000)
      giveUp(waiting, refusal("none was free within \(seconds) s"))
    }
  }

  private func giveUp(_ waiting: Int, _ error: any Error) {
    pool.withLock { $0.withdraw(waiting) }?.resume(throwing: error)
  }

  private func refusal(_ detail: String) -> StoreError {
    StoreError(.busy, operation: "wait for a connection to PostgreSQL", detail: detail)
  }

  private func release(_ owner: ConnectionOwner, isOpen: Bool = true) {
    switch pool.withLock({ $0.release(owner, isOpen: isOpen) }) {
    case .hand(let owner, let waiter): waiter.resume(returning: owner)
    case .keep: break
    }
  }
}
