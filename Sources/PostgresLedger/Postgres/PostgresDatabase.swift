import Billing
import Foundation
package import Logging

/// A PostgreSQL database: a few connections, each on a thread of its own, and transactions that end
/// for certain.
///
/// Bodies are synchronous and run in one transaction; nothing awaits inside it. A body may run more
/// than once: where its connection was lost before the commit was asked for, or it met another
/// transaction (a deadlock), nothing of it stayed and it is tried again. Where the answer to the
/// commit was lost, what became of it is found out, never assumed. Throws `StoreError`.
package final class PostgresDatabase: Sendable {
  let limits: PostgresLimits
  private let connections: Connections
  private let clock = SystemClock()
  private let logger: Logger

  /// Connects when it is first used.
  package init(_ address: PostgresAddress, logger: Logger) {
    limits = address.limits
    self.logger = logger
    connections = Connections(address, logger: logger)
  }

  /// Runs `body` in one writing transaction (READ COMMITTED: rows that decide something are to be
  /// locked). It is begun also where the task was cancelled: what a cancelled task still writes is
  /// what it gives back.
  ///
  /// - Parameter isRepeatable: whether the body may run again. One that reads from elsewhere as it
  ///   goes may not.
  func write<Result: Sendable>(
    isRepeatable: Bool = true, _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await retrying(isRepeatable: isRepeatable, isCancellable: false) {
      try await self.writeOnce(on: $0, body)
    }
  }

  private func writeOnce<Result: Sendable>(
    on owner: ConnectionOwner, _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    let token = UUID()
    switch try await owner.write(under: token, body) {
    case .committed(let result): return result
    case .unknown(let result):
      guard try await wasCommitted(token, asking: owner) else {
        throw PostgresError(
          operation: "commit", sqlState: nil, message: "the connection was lost",
          isConnectionLost: true)
      }
      return result
    }
  }

  /// Runs `body` in one reading transaction: everything it sees is of one moment. Ends early when
  /// the task is cancelled.
  func read<Result: Sendable>(
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await retrying(isRepeatable: true, isCancellable: true) {
      try await self.readOnce(on: $0, body)
    }
  }

  private func readOnce<Result: Sendable>(
    on owner: ConnectionOwner, _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    let cancellation = StatementCancellation()
    return try await withTaskCancellationHandler {
      try await owner.transaction(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellation: cancellation, body)
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Runs `body` in one writing transaction of which nothing is kept in `commits`: before that table
  /// is there. Where its answer is lost it runs again, and finds what is there.
  func migrate<Result: Sendable>(
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await retrying(isRepeatable: true, isCancellable: true) {
      try await $0.transaction("BEGIN", body)
    }
  }

  /// Runs `body` on a connection that is nobody else's until the last reference to it is gone.
  func dedicated() -> DedicatedConnection {
    DedicatedConnection(connections.makeOwner())
  }

  // MARK: Trying again

  /// Hands `body` a connection, again and again within the limits, as long as what went wrong left
  /// nothing behind and may be better the next time.
  private func retrying<Result: Sendable>(
    isRepeatable: Bool, isCancellable: Bool, _ body: (ConnectionOwner) async throws -> Result
  ) async throws -> Result {
    let start = clock.steadyMilliseconds()
    var tries = 0
    while true {
      tries += 1
      do {
        return try await connections.withConnection(isCancellable: isCancellable, body)
      } catch let held as LockHeld {
        // The body ends with it before it has done anything. The connection is others' meanwhile.
        guard clock.steadyMilliseconds() < start + limits.statementSeconds * 1000 else {
          throw StoreError(.busy, operation: held.operation, detail: held.detail)
        }
        try await clock.sleep(milliseconds: Self.waitMilliseconds(before: tries, atMost: 500))
      } catch let error as PostgresError {
        if Task.isCancelled, isCancellable { throw CancellationError() }
        let wait = Self.waitMilliseconds(before: tries, atMost: 2000)
        let end = start + limits.retrySeconds * 1000
        guard isRepeatable || error.isBeforeBody, error.mayPass(afterTries: tries),
          !Task.isCancelled || error.isCollision, clock.steadyMilliseconds() + wait < end
        else { throw error.storeError }
        if tries == 1, error.isUnreachable {
          logger.warning(
            "the server is tried again",
            metadata: ["cause": "\(error)", "seconds": "\(limits.retrySeconds)"])
        }
        await waitRegardless(wait)
      }
    }
  }

  /// Doubled from try to try, and spread so that many do not come at once.
  private static func waitMilliseconds(before attempt: Int, atMost bound: Int64) -> Int64 {
    let most = min(Int64(20) << Int64(min(attempt, 7)), bound)
    return Int64.random(in: most / 2...most)
  }

  // MARK: Lost commits

  /// Whether the transaction with this token was committed.
  ///
  /// Its token is written anew: while the transaction is under way the server makes this wait for its
  /// end; then the token is there already, or it is not and never will be. Asked on the place of the
  /// connection that was lost, so that nobody has to be waited for, and also where the task was
  /// cancelled: whoever wrote has to know.
  private func wasCommitted(_ token: UUID, asking owner: ConnectionOwner) async throws -> Bool {
    let end = clock.steadyMilliseconds() + limits.retrySeconds * 1000
    var tries = 0
    while true {
      do {
        return try await owner.run { try Self.isRecorded(token, in: $0) }
      } catch let error as PostgresError {
        tries += 1
        // It waited for the transaction's end for as long as a statement, or a lock, may.
        let isUnderWay = error.isCancelled || error.sqlState == "55P03"
        guard error.mayPass(afterTries: tries) || isUnderWay,
          clock.steadyMilliseconds() < end
        else {
          throw StoreError(
            .unreachable, operation: "commit",
            detail: "the answer was lost, and what became of it cannot be found out: \(error)")
        }
        await waitRegardless(Self.waitMilliseconds(before: tries, atMost: 2000))
      }
    }
  }

  private static func isRecorded(
    _ token: UUID, in connection: PostgresConnection
  ) throws -> Bool {
    try connection.execute("BEGIN; SET LOCAL lock_timeout = '5s'")
    defer { try? connection.execute("ROLLBACK") }
    let written = try connection.run(
      "INSERT INTO commits (token) VALUES ($1::uuid) ON CONFLICT DO NOTHING", token.uuidString)
    return written == 0
  }
}

/// Somebody holds a lock for long: to be tried for again without keeping a connection.
struct LockHeld: Error {
  var operation: String
  var detail: String
}

/// Also where the task is cancelled.
private func waitRegardless(_ milliseconds: Int64) async {
  await Task { try? await SystemClock().sleep(milliseconds: milliseconds) }.value
}

/// A connection for what lasts as long as its session.
final class DedicatedConnection: Sendable {
  private let owner: ConnectionOwner

  fileprivate init(_ owner: ConnectionOwner) { self.owner = owner }

  func run<Result: Sendable>(
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) async throws -> Result {
    do {
      return try await owner.run(body)
    } catch let error as PostgresError {
      throw error.storeError
    }
  }
}
