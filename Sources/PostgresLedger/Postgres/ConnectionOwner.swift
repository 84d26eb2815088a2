import Dispatch
import Foundation
import Logging

/// Keeps a connection on a thread of its own: libpq blocks, and nothing of the cooperative pool is to
/// wait for it.
actor ConnectionOwner {
  private let address: PostgresAddress
  private let logger: Logger
  private let executor = ThreadExecutor()
  /// Opened with the first use; anew after it was lost.
  private var connection: PostgresConnection?

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(_ address: PostgresAddress, logger: Logger) {
    self.address = address
    self.logger = logger
  }

  /// Runs `body` on the connection. One that is of no use afterwards is closed; the next use opens
  /// another.
  ///
  /// - Parameter cancellation: told how a statement under way can be cancelled.
  func run<Result: Sendable>(
    cancellation: StatementCancellation? = nil,
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) throws -> Result {
    let connection = try open()
    cancellation?.arm(connection.canceller())
    defer {
      cancellation?.disarm()
      if !connection.isUsable { self.connection = nil }
    }
    return try body(connection)
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  func transaction<Result: Sendable>(
    _ begin: String, cancellation: StatementCancellation? = nil,
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) throws -> Result {
    try run(cancellation: cancellation) { connection in
      try connection.begin(begin)
      let result: Result
      do {
        result = try body(connection)
      } catch {
        try? connection.execute("ROLLBACK")
        throw error
      }
      try connection.commit()
      return result
    }
  }

  /// The same, for a transaction that leaves a token in `commits`: whoever has it can find out what
  /// became of a commit whose answer was lost.
  func write<Result: Sendable>(
    under token: UUID, _ body: @Sendable (PostgresConnection) throws -> Result
  ) throws -> WriteOutcome<Result> {
    try run { connection in
      // A UUID's text is hexadecimal digits and dashes.
      try connection.begin(
        "BEGIN; INSERT INTO commits (token) VALUES ('\(token.uuidString)')")
      let result: Result
      do {
        result = try body(connection)
      } catch {
        try? connection.execute("ROLLBACK")
        throw error
      }
      do {
        try connection.commit()
        return .committed(result)
      } catch let error as PostgresError where error.isConnectionLost || error.isUnreachable {
        return .unknown(result)
      }
    }
  }

  private func open() throws -> PostgresConnection {
    if let connection { return connection }
    let opened = try PostgresConnection(address, logger: logger)
    connection = opened
    return opened
  }
}

enum WriteOutcome<Result: Sendable>: Sendable {
  case committed(Result)
  /// The answer was lost.
  case unknown(Result)
}

/// Runs jobs one after the other on a thread that nobody else needs.
private final class ThreadExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "billing.postgres")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}
