import Billing
import BillingTestKit
import EmbeddedStore
import Testing

@Suite("A SQLite database")
struct DatabaseTests {
  @Test func `what a body wrote before it threw is not there`() async throws {
    let database = try Database(path: ":memory:")
    try await database.write { try $0.execute("CREATE TABLE t (n INTEGER NOT NULL)") }
    await #expect(throws: Unexpected.self) {
      try await database.write { connection in
        try connection.run("INSERT INTO t VALUES (?)", 1)
        throw Unexpected("half-way")
      }
    }
    let count = try await database.read { try $0.first("SELECT count(*) FROM t") { $0.int(0) } }
    #expect(count == 0)
  }

  @Test func `a broken rule is a conflict, and the error names the file and no value`() async throws
  {
    let folder = try TestFolder()
    let database = try Database(path: folder.file("a.sqlite"))
    try await database.write { try $0.execute("CREATE TABLE t (n TEXT PRIMARY KEY)") }
    let error = await #expect(throws: StoreError.self) {
      try await database.write { connection in
        for _ in 0..<2 { try connection.run("INSERT INTO t VALUES (?)", "secret") }
      }
    }
    #expect(error?.kind == .conflict)
    #expect(error?.description.contains("a.sqlite") == true)
    #expect(error?.description.contains("secret") == false)
  }

  @Test func `a ledger that was never migrated is told from one that a newer program migrated`()
    async throws
  {
    let database = try Database(path: ":memory:")
    let ledger = EmbeddedLedger(database: database, clock: TestClock())
    let missing = await #expect(throws: StoreError.self) { try await ledger.checkSchema() }
    #expect(missing?.kind == .wrongSchema)
    #expect(try await ledger.migrate() == 1)
    #expect(try await ledger.migrate() == 0)
    try await ledger.checkSchema()
    try await database.write { try $0.execute("PRAGMA user_version = 99") }
    let newer = await #expect(throws: StoreError.self) { try await ledger.migrate() }
    #expect(newer?.kind == .wrongSchema)
  }

  @Test(
    arguments: ["UPDATE schema_migrations SET sha256 = x'00'", "DELETE FROM schema_migrations"])
  func `a ledger made by another text of the same migrations is refused`(change: String)
    async throws
  {
    let database = try Database(path: ":memory:")
    let ledger = EmbeddedLedger(database: database, clock: TestClock())
    try await ledger.migrate()
    try await database.write { try $0.execute(change) }
    for attempt in [{ try await ledger.checkSchema() }, { _ = try await ledger.migrate() }] {
      let refused = await #expect(throws: StoreError.self) { try await attempt() }
      #expect(refused?.kind == .wrongSchema)
      #expect(refused?.description.contains("migration 1") == true)
    }
  }
}
