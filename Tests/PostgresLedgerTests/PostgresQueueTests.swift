import Billing
import BillingTestKit
import FaultyNetwork
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("More callers than connections, and callers that go away", .timeLimit(.minutes(10)))
struct PostgresQueueTests {
  private let url: String
  private let watch: SessionWatch

  init() async throws {
    url = try await TestDatabase.url()
    watch = SessionWatch(url)
  }

  private func database(_ change: (inout PostgresLimits) -> Void = { _ in }) -> PostgresDatabase {
    var limits = PostgresLimits()
    limits.maxConnections = 1
    change(&limits)
    return TestDatabase.open(url, limits: limits)
  }

  @Sendable private static func backend(of connection: PostgresConnection) throws -> Int64 {
    try connection.first("SELECT pg_backend_pid()") { $0.integer(0) } ?? 0
  }

  // MARK: Waiting

  @Test func `more callers than connections are all served, by no more connections`()
    async throws
  {
    let database = database { $0.maxConnections = 3 }
    let backends = try await withThrowingTaskGroup(of: Int64.self) { group in
      for number in 0..<200 {
        group.addTask {
          number % 2 == 0
            ? try await database.read(Self.backend) : try await database.write(Self.backend)
        }
      }
      return try await group.reduce(into: [Int64]()) { $0.append($1) }
    }
    #expect(backends.count == 200)
    #expect(Set(backends).count <= 3)
  }

  @Test func `one more than may wait is refused at once, and the others are served`()
    async throws
  {
    let database = database { $0.maxWaiting = 2 }
    try await watch.hold()
    async let first: Void = database.write(SessionWatch.waitForIt)
    try await watch.waitingForLocks()
    try await withThrowingTaskGroup { group in
      for _ in 0..<3 { group.addTask { try await database.write(SessionWatch.waitForIt) } }
      let refused = await #expect(throws: StoreError.self) { try await group.next() }
      #expect(refused?.kind == .busy)
      #expect(refused?.detail == "2 are waiting already")
      try await watch.letGo()
      try await group.waitForAll()
    }
    try await first
  }

  @Test func `who waits too long for a connection is told so, and another may wait`()
    async throws
  {
    let database = database {
      $0.maxWaiting = 1
      $0.waitSeconds = 1
    }
    try await watch.hold()
    async let first: Void = database.write(SessionWatch.waitForIt)
    try await watch.waitingForLocks()
    for _ in 0..<2 {
      let error = await #expect(throws: StoreError.self) {
        try await database.read(Self.backend)
      }
      #expect(error?.kind == .busy)
      #expect(error?.detail == "none was free within 1 s")
    }
    try await watch.letGo()
    try await first
    _ = try await database.read(Self.backend)
  }

  @Test func `a caller that is cancelled while it waits leaves its place to another`()
    async throws
  {
    let database = database { $0.maxWaiting = 1 }
    try await watch.hold()
    async let first: Void = database.write(SessionWatch.waitForIt)
    try await watch.waitingForLocks()
    for _ in 0..<20 {
      let waiter = Task { try await database.read(Self.backend) }
      waiter.cancel()
      await #expect(throws: CancellationError.self) { try await waiter.value }
    }
    async let last = database.write(Self.backend)
    try await watch.letGo()
    try await first
    #expect(try await last > 0)
  }

  /// What a cancelled task still writes is what it gives back.
  @Test func `a write waits for its turn also when its task is cancelled`() async throws {
    let database = database()
    try await watch.hold()
    async let first: Void = database.write(SessionWatch.waitForIt)
    try await watch.waitingForLocks()
    let last = Task { try await database.write(Self.backend) }
    last.cancel()
    try await watch.letGo()
    try await first
    #expect(try await last.value > 0)
  }

  // MARK: Cancelling

  @Test func `a long read ends when its task is cancelled, and the next works`() async throws {
    let database = database()
    let long = Task { try await database.read { try $0.query("SELECT pg_sleep(600)") { _ in } } }
    try await watch.running("pg_sleep")
    long.cancel()
    await #expect(throws: CancellationError.self) { try await long.value }
    #expect(try await database.read(Self.backend) > 0)
    #expect(try await database.write(Self.backend) > 0)
  }

  @Test func `a long read of many statements ends too, whenever it is cancelled`() async throws {
    let database = database()
    let long = Task {
      try await database.read { connection in
        // Never for long in a statement: it is mostly between two of them that it is cancelled.
        for number in 0... {
          try connection.query("SELECT $1", number) { _ in }
          if number == 100 { began.signal() }
        }
      }
    }
    try await began.wait()
    long.cancel()
    await #expect(throws: CancellationError.self) { try await long.value }
    #expect(try await database.read(Self.backend) > 0)
  }

  private let began = Signal()

  @Test func `a read that is begun by a cancelled task does nothing`() async throws {
    let database = database()
    let (late, go) = AsyncStream.makeStream(of: Void.self)
    let read = Task {
      for await _ in late {}
      try await database.read { try $0.query("SELECT pg_sleep(600)") { _ in } }
    }
    read.cancel()
    go.finish()
    await #expect(throws: CancellationError.self) { try await read.value }
  }

  @Test func `a write that has begun is not broken off`() async throws {
    let database = database()
    try await watch.hold()
    let write = Task {
      try await database.write { connection in
        try SessionWatch.waitForIt(connection)
        try connection.execute("CREATE TABLE done (id integer)")
      }
    }
    try await watch.waitingForLocks()
    write.cancel()
    try await watch.letGo()
    try await write.value
    let there = try await database.read { connection in
      try connection.first("SELECT to_regclass('done') IS NOT NULL") { $0.bool(0) }
    }
    #expect(there == true)
  }

  /// A request to cancel is a connection of its own, and may come when its statement is long over.
  @Test func `a late request to cancel does not hit whoever comes next`() async throws {
    let network = try await FaultyDatabase(url)
    let database = network.database { $0.maxConnections = 1 }
    try await watch.hold()
    let read = Task {
      try await database.read { connection in
        try connection.query("SELECT pg_advisory_xact_lock_shared($1)", SessionWatch.lock) { _ in }
      }
    }
    try await watch.waitingForLocks()
    network.proxy.set(.toServer, [.pass(.before(FaultyDatabase.cancelRequest)), .stall], times: 1)
    read.cancel()
    try await network.proxy.until { $0.stalled == 1 }
    network.proxy.clear()
    try await watch.letGo()
    _ = try? await read.value
    try await watch.hold()
    let write = Task { try await database.write(SessionWatch.waitForIt) }
    try await watch.waitingForLocks()
    try await network.proxy.until { $0.open == 2 }
    try await network.proxy.release(.toServer)
    // The server has taken the request.
    try await network.proxy.until { $0.open == 1 }
    try await watch.letGo()
    try await write.value
    try await network.proxy.close()
  }
}

/// Told once, from a thread that may not wait.
private final class Signal: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

  func signal() { continuation.finish() }

  func wait() async throws { for await _ in stream {} }
}
