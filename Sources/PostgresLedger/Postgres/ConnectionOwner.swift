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
  /// - Parameter cancellation: asked whether to end early.
  func run<Result: Sendable>(
    cancellation: StatementCancellation? = nil,
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) throws -> Result {
    let connection = try open()
    connection.cancellation = cancellation
    defer {
      connection.cancellation = nil
      // A request to cancel that is on its way would hit the next statement of this connection.
      if cancellation?.isCancelled == true || !connection.isUsable { self.connection = nil }
    }
    do {
      return try body(connection)
    } catch {
      if (error as? PostgresError)?.isReadOnly == true { self.connection = nil }
      throw error
    }
  }

  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  func transaction<Result: Sendable>(
    _ begin: String, cancellation: StatementCancellation? = nil,
    _ body: @Sendable (PostgresConnection) throws -> Result
  ) throws -> Result {
    try run(cancellation: cancellation) { connection in
      let result = try Self.result(of: body, after: begin, on: connection)
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
      let result = try Self.result(
        of: body, after: "BEGIN; INSERT INTO commits (token) VALUES ('\(token.uuidString)')",
        on: connection)
      do {
        try connection.commit()
        return .committed(result)
      } catch let error as PostgresError where error.isConnectionLost || error.isUnreachable {
        return .unknown(result)
      }
    }
  }

  private static func result<Result>(
    of body: (PostgresConnection) throws -> Result, after begin: String,
    on connection: PostgresConnection
  ) throws -> Result {
    do {
      try connection.begin(begin)
    } catch {
      try? connection.execute("ROLLBACK")
      var error = error
      error.isBeforeBody = true
      throw error
    }
    do {
      return try body(connection)
    } catch {
      try? connection.execute("ROLLBACK")
      throw error
    }
  }

  private func open() throws -> PostgresConnection {
    if let connection { return connection }
    do {
      let opened = try PostgresConnection(address, logger: logger)
      connection = opened
      return opened
    } catch {
      var error = error
      error.isBeforeBody = true
      throw error
    }
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
