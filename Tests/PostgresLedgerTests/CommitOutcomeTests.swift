import Billing
import BillingTestKit
import FaultyNetwork
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("What became of a commit", .timeLimit(.minutes(10)))
struct CommitOutcomeTests {
  private let network: FaultyDatabase
  private let watch: SessionWatch
  private let tries = Tries()

  init() async throws {
    network = try await FaultyDatabase(try await TestDatabase.url())
    watch = SessionWatch(network.direct)
    try await TestDatabase.open(network.direct).write { connection in
      try connection.execute("CREATE TABLE counter (n bigint); INSERT INTO counter VALUES (0)")
    }
  }

  private var proxy: TCPProxy { network.proxy }

  /// Adds one; what the count was then.
  private func add(
    in database: PostgresDatabase, isRepeatable: Bool = true
  ) async throws -> Int64? {
    try await database.write(isRepeatable: isRepeatable) { [tries] connection in
      tries.add()
      return try connection.first("UPDATE counter SET n = n + 1 RETURNING n") { $0.integer(0) }
    }
  }

  private func count() async throws -> Int64? {
    try await TestDatabase.open(network.direct).read { connection in
      try connection.first("SELECT n FROM counter") { $0.integer(0) }
    }
  }

  // MARK: Lost at once

  @Test(arguments: LostCommit.allCases, [true, false])
  func `a body that may run only once runs only once, and its caller is told the truth`(
    lost: LostCommit, isRepeatable: Bool
  ) async throws {
    let database = network.database()
    proxy.set(.toServer, lost.script, times: 1)
    if lost == .questionLost, !isRepeatable {
      let error = await #expect(throws: StoreError.self) {
        try await add(in: database, isRepeatable: false)
      }
      #expect(error?.kind == .unreachable)
      #expect(error?.isRetryable == true)
      #expect(try await count() == 0)
    } else {
      #expect(try await add(in: database, isRepeatable: isRepeatable) == 1)
      #expect(try await count() == 1)
    }
    #expect(tries.count == (lost == .questionLost && isRepeatable ? 2 : 1))
    #expect(proxy.counts.acted == 1)
    try await proxy.close()
  }

  /// Whoever asks what became of a commit does not need a connection that others have.
  @Test(arguments: LostCommit.allCases)
  func `all connections may lose their commits at once`(lost: LostCommit) async throws {
    for connections in [1, 4] {
      let database = network.database {
        $0.maxConnections = connections
        // Nobody is to wait for anybody.
        $0.maxWaiting = 0
      }
      let before = try #require(try await count())
      try await watch.hold()
      proxy.set(.toServer, lost.script, times: connections)
      try await withThrowingTaskGroup { group in
        for _ in 0..<connections {
          group.addTask {
            try await database.write { connection in
              try connection.query("SELECT pg_advisory_xact_lock_shared($1)", SessionWatch.lock) {
                _ in
              }
              try connection.run("UPDATE counter SET n = n + 1")
            }
          }
        }
        try await watch.waitingForLocks(times: connections)
        try await watch.letGo()
        try await group.waitForAll()
      }
      #expect(try await count() == before + Int64(connections))
    }
    #expect(proxy.counts.acted == 5)
    try await proxy.close()
  }

  /// A caller that is cancelled has a right to know too.
  @Test(arguments: LostCommit.allCases)
  func `who is cancelled meanwhile is not told that nothing happened when it did`(
    lost: LostCommit
  ) async throws {
    let database = network.database { $0.maxConnections = 1 }
    try await watch.hold()
    proxy.set(.toServer, lost.script, times: 1)
    let write = Task { [tries] in
      try await database.write { connection in
        tries.add()
        try SessionWatch.waitForIt(connection)
        return try connection.first("UPDATE counter SET n = n + 1 RETURNING n") { $0.integer(0) }
      }
    }
    try await watch.waitingForLocks()
    write.cancel()
    try await watch.letGo()
    switch lost {
    case .answerLost:
      #expect(try await write.value == 1)
      #expect(try await count() == 1)
    case .questionLost:
      let error = await #expect(throws: StoreError.self) { try await write.value }
      #expect(error?.kind == .unreachable)
      #expect(try await count() == 0)
    }
    #expect(tries.count == 1)
    try await proxy.close()
  }

  @Test func `a read whose end is lost is done again`() async throws {
    let database = network.database()
    proxy.set(.toServer, [.pass(.before(FaultyDatabase.commit)), .cut], times: 1)
    let read = try await database.read { connection in
      try connection.first("SELECT n FROM counter") { $0.integer(0) }
    }
    #expect(read == 0)
    #expect(proxy.counts.acted == 1)
    try await proxy.close()
  }

  // MARK: And then nobody is there

  @Test(arguments: LostCommit.allCases)
  func `a server that is away for a while afterwards is asked until it answers`(
    lost: LostCommit
  ) async throws {
    let database = network.database()
    _ = try await database.read { try $0.run("SELECT 1") }
    proxy.set(.toServer, lost.script, times: 1)
    try await proxy.refuse()
    async let added = add(in: database)
    try await proxy.until { $0.acted == 1 }
    // It comes back, and ends what connects to it, three times over.
    proxy.set(.toServer, [.cut])
    try await proxy.accept()
    try await proxy.until { $0.acted >= 4 }
    proxy.clear()
    #expect(try await added == 1)
    #expect(try await count() == 1)
    #expect(tries.count == (lost == .answerLost ? 1 : 2))
    try await proxy.close()
  }

  // MARK: Still under way

  enum Ending: CaseIterable, Sendable {
    /// The question arrives late, and is answered.
    case letThrough
    /// It never arrives.
    case severed
  }

  private func impatient() -> PostgresDatabase {
    network.database {
      // So long it waits for the answer to the commit.
      $0.statementSeconds = 1
      $0.lockSeconds = 1
    }
  }

  private static let stalled: [TCPProxy.Step] = [
    .pass(.after(FaultyDatabase.token)), .pass(.before(FaultyDatabase.commit)), .stall,
  ]

  @Test(arguments: Ending.allCases)
  func `what became of a transaction is not decided while it is under way`(
    ending: Ending
  ) async throws {
    let database = impatient()
    proxy.set(.toServer, Self.stalled, times: 1)
    async let added = add(in: database)
    try await proxy.until { $0.stalled == 1 }
    // Whoever asks waits for the transaction's end, for longer than a statement may take.
    try await watch.waitingForLocksAgain()
    #expect(try await count() == 0)
    switch ending {
    case .letThrough: try await proxy.release(.toServer)
    case .severed: try await proxy.sever()
    }
    #expect(try await added == 1)
    #expect(try await count() == 1)
    #expect(tries.count == (ending == .letThrough ? 1 : 2))
    try await proxy.close()
  }

  @Test func `what cannot be found out is said to be so, and not done again`() async throws {
    let database = network.database {
      $0.statementSeconds = 1
      $0.lockSeconds = 1
      $0.retrySeconds = 1
    }
    proxy.set(.toServer, Self.stalled, times: 1)
    let error = await #expect(throws: StoreError.self) { try await add(in: database) }
    #expect(error?.kind == .unreachable)
    #expect(error?.operation == "commit")
    #expect(error?.detail.contains("cannot be found out") == true)
    #expect(tries.count == 1)
    // It was committed after all.
    try await proxy.release(.toServer)
    try await eventually { try await count() == 1 }
    try await proxy.close()
  }
}
