package import Billing
import Synchronization

/// One SQLite file in WAL mode: one writer and a few readers, each on a thread of its own.
///
/// Bodies are synchronous and run in one transaction; nothing awaits inside it. Several processes
/// may have the file open. The writer is `synchronous = FULL`: what a `write` has returned from is
/// on disk.
package final class Database: Sendable {
  private let writer: ConnectionOwner
  private let readers: [ConnectionOwner]
  private let turn = Turn()
  let path: String

  /// - Parameters:
  ///   - path: a file, made if missing; `:memory:` for a database of its own, with one connection.
  ///   - readerCount: connections for reading beside the writer, 0…8.
  ///   - executor: makes what a connection's work runs on; a thread each by default.
  package init(
    path: String, readerCount: Int = 2, cacheKibibytes: Int = 32_768,
    durable: Bool = true,
    executor: () -> any SerialExecutor = { ThreadExecutor() }
  ) throws(StoreError) {
    self.path = path
    let connection = try Connection(path: path, mode: .readWrite)
    try connection.execute(
      """
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = \(durable ? "FULL" : "NORMAL");
      PRAGMA wal_autocheckpoint = 16000;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -\(cacheKibibytes);
      """)
    writer = ConnectionOwner(connection, on: executor())
    var readers: [ConnectionOwner] = []
    if path != ":memory:" {
      for _ in 0..<readerCount {
        let reader = try Connection(path: path, mode: .readOnly)
        try reader.execute("PRAGMA query_only = ON; PRAGMA cache_size = -\(cacheKibibytes / 8);")
        readers.append(ConnectionOwner(reader, on: executor()))
      }
    }
    self.readers = readers
  }

  /// Runs `body` in one writing transaction.
  package func write<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) async throws -> Result {
    try await writer.transaction(writing: true, body)
  }

  /// Runs `body` in one reading transaction: everything it sees is of one moment.
  package func read<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) async throws -> Result {
    guard !readers.isEmpty else { return try await writer.transaction(writing: false, body) }
    let reader = readers[turn.next(below: readers.count)]
    return try await reader.transaction(writing: false, body)
  }

  /// Runs `body` on the writing connection outside any transaction (checkpoints, pragmas).
  package func withoutTransaction<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) async throws -> Result {
    try await writer.run(body)
  }
}

/// Takes turns: 0, 1, … and again.
private final class Turn: Sendable {
  private let count = Mutex<UInt>(0)

  func next(below limit: Int) -> Int {
    count.withLock { count in
      count &+= 1
      return Int(count % UInt(limit))
    }
  }
}

/// Keeps a connection on one executor.
private actor ConnectionOwner {
  private let connection: Connection
  private let executor: any SerialExecutor

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(_ connection: sending Connection, on executor: any SerialExecutor) {
    self.connection = connection
    self.executor = executor
  }

  func transaction<Result: Sendable>(
    writing: Bool, _ body: @Sendable (Connection) throws -> Result
  ) throws -> Result {
    try connection.transaction(writing: writing, body)
  }

  func run<Result: Sendable>(_ body: @Sendable (Connection) throws -> Result) throws -> Result {
    try body(connection)
  }
}
