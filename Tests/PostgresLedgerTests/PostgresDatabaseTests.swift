import Billing
import BillingTestKit
import Dispatch
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("Transactions on PostgreSQL", .timeLimit(.minutes(10)))
struct PostgresDatabaseTests {
  private let url: String
  private let log = CollectedLog()

  init() async throws {
    url = try await TestDatabase.url()
    try await database().write { connection in
      try connection.execute(
        """
        CREATE TABLE people (id bigint PRIMARY KEY, email text UNIQUE,
          age integer NOT NULL DEFAULT 0 CHECK (age < 200));
        INSERT INTO people (id) VALUES (1), (2)
        """)
    }
  }

  private func database(_ change: (inout PostgresLimits) -> Void = { _ in }) -> PostgresDatabase {
    var limits = PostgresLimits()
    change(&limits)
    return PostgresDatabase(PostgresAddress(url: url, limits: limits), logger: log.logger)
  }

  private static func ages(in connection: PostgresConnection) throws -> [Int] {
    try connection.rows("SELECT age FROM people ORDER BY id") { $0.int(0) }
  }

  @Sendable private static func backend(of connection: PostgresConnection) throws -> Int64? {
    try connection.first("SELECT pg_backend_pid()") { $0.integer(0) }
  }

  // MARK: Failing statements

  /// A customer's, and nobody else's to see.
  private static let secret = "minsu.kim.8231@example.com"

  private static let failing: [String: (@Sendable (PostgresConnection) throws -> Void)] = [
    "23505 a value that is there": { connection in
      for id in [10, 11] {
        try connection.run("INSERT INTO people (id, email) VALUES ($1, $2)", id, secret)
      }
    },
    "23505 one that is copied in": { connection in
      try connection.copy(into: "people", ["id", "email", "age"]) { copy in
        for id in [10, 11] as [Int64] {
          try copy.row()
          copy.int8(id)
          copy.text(secret)
          copy.int4(1)
        }
      }
    },
    "23514 a row that a check refuses": { connection in
      try connection.run(
        "INSERT INTO people (id, email, age) VALUES (12, $1, 200)", secret)
    },
    "23502 a row that lacks something": { connection in
      try connection.run("INSERT INTO people (id, email, age) VALUES (12, $1, NULL)", secret)
    },
    "22P02 a text that is no number": { connection in
      try connection.run("UPDATE people SET age = $1::text::integer", secret)
    },
    "22P02 a text that is no JSON": { connection in
      try connection.query("SELECT $1::text::jsonb", secret) { _ in }
    },
    "22007 a text that is no date": { connection in
      try connection.query("SELECT $1::text::date", secret) { _ in }
    },
    "22021 a text with a zero byte": { connection in
      try connection.run("UPDATE people SET email = $1", secret + "\0")
    },
  ]

  @Test(arguments: failing.keys.sorted())
  func `a failing statement undoes its transaction and tells no value`(name: String) async throws {
    let body = try #require(Self.failing[name])
    let database = database { $0.maxConnections = 1 }
    let backend = try await database.read(Self.backend)
    let error = await #expect(throws: StoreError.self) {
      try await database.write { connection in
        try connection.run("UPDATE people SET age = 99")
        try body(connection)
      }
    }
    let said = try #require(error)
    #expect(said.kind == (name.hasPrefix("23") ? .conflict : .broken))
    #expect(said.detail.contains("SQLSTATE \(name.prefix(5))"))
    #expect(said.operation.hasPrefix("PostgreSQL: "))
    var everything = ""
    dump(said, to: &everything)
    everything += "\(said) \(String(reflecting: said)) \(log.lines)"
    #expect(!everything.contains("minsu"))
    #expect(!everything.contains("8231"))
    #expect(try await database.read(Self.ages) == [0, 0])
    #expect(try await database.read(Self.backend) == backend, "the connection is used on")
  }

  @Test func `an error of the body's own comes out as it is, and undoes the transaction`()
    async throws
  {
    struct Ours: Error, Equatable { var number: Int }
    await #expect(throws: Ours(number: 7)) {
      try await database().write { connection in
        try connection.run("UPDATE people SET age = 99")
        throw Ours(number: 7)
      }
    }
    #expect(try await database().read(Self.ages) == [0, 0])
  }

  @Test func `a transaction whose failed statement was overlooked is not reported as done`()
    async throws
  {
    let tries = Tries()
    let error = await #expect(throws: StoreError.self) {
      try await database().write { connection in
        tries.add()
        try connection.run("UPDATE people SET age = 99")
        _ = try? connection.run("UPDATE people SET age = 1 / 0")
      }
    }
    #expect(error?.detail.contains("rolled back") == true)
    #expect(tries.count == 1)
    #expect(try await database().read(Self.ages) == [0, 0])
  }

  @Test func `a read cannot write`() async throws {
    let error = await #expect(throws: StoreError.self) {
      try await database().read { try $0.run("UPDATE people SET age = 99") }
    }
    #expect(error?.kind == .readOnly)
    #expect(try await database().read(Self.ages) == [0, 0])
  }

  @Test func `everything that a read sees is of one moment`() async throws {
    let database = database()
    let watch = SessionWatch(url)
    try await watch.hold()
    async let seen = database.read { connection in
      let before = try Self.ages(in: connection)
      try connection.query("SELECT pg_advisory_xact_lock_shared($1)", SessionWatch.lock) { _ in }
      return [before, try Self.ages(in: connection)]
    }
    try await watch.waitingForLocks()
    try await database.write { _ = try $0.run("UPDATE people SET age = 5") }
    try await watch.letGo()
    #expect(try await seen == [[0, 0], [0, 0]])
  }

  // MARK: Bounds

  @Test func `a statement that takes too long is ended, and can be tried again later`()
    async throws
  {
    let database = database { $0.statementSeconds = 1 }
    let error = await #expect(throws: StoreError.self) {
      try await database.write { try $0.query("SELECT pg_sleep(60)") { _ in } }
    }
    #expect(error?.kind == .busy)
    #expect(error?.operation == "PostgreSQL: SELECT pg_sleep(60)")
    #expect(try await database.read(Self.ages) == [0, 0])
  }

  @Test func `a lock that somebody else keeps is not waited for for ever`() async throws {
    let watch = SessionWatch(url)
    try await watch.hold()
    let database = database { $0.lockSeconds = 1 }
    let error = await #expect(throws: StoreError.self) {
      try await database.write(SessionWatch.waitForIt)
    }
    #expect(error?.kind == .busy)
    #expect(error?.isRetryable == true)
    try await watch.letGo()
    try await database.write(SessionWatch.waitForIt)
  }

  @Test func `two transactions that wait for one another both succeed in the end`() async throws {
    let database = database()
    let begun = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
    let tries = [Tries(), Tries()]
    let raise = { @Sendable (mine: Int, other: Int) async throws -> Void in
      try await database.write { connection in
        tries[mine].add()
        let isFirst = tries[mine].count == 1
        try connection.execute("SET LOCAL deadlock_timeout = '20ms'")
        try connection.run("UPDATE people SET age = age + 1 WHERE id = $1", mine + 1)
        if isFirst {
          begun[mine].signal()
          // The body blocks a thread of its own.
          begun[other].wait()
        }
        try connection.run("UPDATE people SET age = age + 1 WHERE id = $1", other + 1)
      }
    }
    async let first: Void = raise(0, 1)
    async let second: Void = raise(1, 0)
    _ = try await (first, second)
    #expect(try await database.read(Self.ages) == [2, 2])
    #expect(tries[0].count + tries[1].count == 3, "one of them was tried again")
  }

  @Test func `a body that may run only once is not tried again`() async throws {
    let watch = SessionWatch(url)
    try await watch.hold()
    let tries = Tries()
    let database = database()
    let written = Task {
      try await database.write(isRepeatable: false) { connection in
        tries.add()
        try SessionWatch.waitForIt(connection)
      }
    }
    try await watch.waitingForLocks()
    #expect(try await watch.terminateOthers() == 1)
    try await watch.letGo()
    let error = await #expect(throws: StoreError.self) { try await written.value }
    #expect(error?.kind == .unreachable)
    #expect(tries.count == 1)
  }

  // MARK: Lost connections

  @Test func `a transaction whose connection is lost half-way is done again`() async throws {
    let watch = SessionWatch(url)
    try await watch.hold()
    let database = database()
    let tries = Tries()
    async let written: Void = database.write { connection in
      tries.add()
      try connection.run("UPDATE people SET age = age + 1")
      try SessionWatch.waitForIt(connection)
    }
    async let read = database.read { connection in
      try connection.query("SELECT pg_advisory_xact_lock_shared($1)", SessionWatch.lock) { _ in }
      return try Self.ages(in: connection).count
    }
    try await watch.waitingForLocks(times: 2)
    #expect(try await watch.terminateOthers() == 2)
    try await watch.letGo()
    try await written
    #expect(try await read == 2)
    #expect(try await database.read(Self.ages) == [1, 1])
    #expect(tries.count == 2)
  }

  @Test func `connections that the server ended while nobody used them are not missed`()
    async throws
  {
    let database = database { $0.maxConnections = 4 }
    let watch = SessionWatch(url)
    for _ in 0..<2 {
      try await watch.hold()
      try await withThrowingTaskGroup { group in
        for _ in 0..<4 { group.addTask { try await database.write(SessionWatch.waitForIt) } }
        try await watch.waitingForLocks(times: 4)
        try await watch.letGo()
        try await group.waitForAll()
      }
      #expect(try await watch.terminateOthers() == 4)
    }
    try await withThrowingTaskGroup { group in
      for number in 0..<8 {
        group.addTask {
          if number % 2 == 0 {
            _ = try await database.read(Self.ages)
          } else {
            try await database.write { _ = try $0.run("UPDATE people SET age = age + 1") }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await database.read(Self.ages) == [4, 4])
  }

  // MARK: Notices

  @Test func `what the server warns of reaches the log`() async throws {
    let database = database()
    try await database.write { connection in
      try connection.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$")
      try connection.execute("DO $$ BEGIN RAISE NOTICE 'not worth a line'; END $$")
    }
    let lines = log.lines.filter { $0.contains("mind the gap") }
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("warning notice of the server") == true)
    #expect(lines.first?.contains("01000") == true)
    #expect(!log.lines.contains { $0.contains("not worth a line") })
  }
}
