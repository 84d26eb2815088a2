import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Testing

@Suite("Dispatching and delivering, as a user types them")
struct SendingTests {
  /// Customers with a line each, settled and rendered.
  private func renderedMonth(
    customers: Int, quiet: String = "", sendDay: String = "10"
  ) async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    let rows = (1...customers).map { SmallSet.customer($0, sendDay: sendDay, quiet: quiet) }
    let lines = (1...customers).map { SmallSet.line($0 * 10, of: $0) }
    _ = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + rows.joined(),
        "subscriptions.csv": SmallSet.lineHeader + lines.joined(),
      ]), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: platform.folder, expecting: 0)
    return platform
  }

  @Test(
    "a ledger found corrupt while sending ends the command with 1",
    arguments: [["run", "2026-10"], ["deliver", "--drain"]])
  func corrupt(command: [String]) async throws {
    let platform = try await renderedMonth(customers: 3)
    try await billing(
      "dispatch", "--at", "2026-11-10T03:00:00Z", in: platform.folder, expecting: 0)
    try await platform.corrupt(table: "attempts")
    let ending = try await BillingProcess(command, in: platform.folder).ending(withinSeconds: 180)
    #expect(ending.status == 1 && !ending.wasKilled, "\(ending.errors)")
    #expect(ending.errors.contains("backup"))
  }

  @Test("deliver --drain takes what is due again too, and says nothing of others where none are")
  func drainsRetries() async throws {
    let platform = try await renderedMonth(customers: 100)
    let folder = platform.folder
    try await billing("dispatch", "--at", "2026-11-10T03:00:00Z", in: folder, expecting: 0)
    let failing = ["deliver", "--drain", "--json", "--set", "providers.email.failures=100 %"]
    let first = try await BillingProcess(failing, in: folder).ending()
    #expect(first.status == 0, "\(first.errors)")
    // One in five was refused for good: those are due at once, by SMS.
    let second = try await billing(
      "deliver", "--drain", "--json", "--set", "providers.sms.failures=0 %", in: folder,
      expecting: 0)
    #expect(try #require(try number("accepted", in: second.output)) > 0)
    #expect(!second.errors.contains("still"))
    let status = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.deliveries.queued", in: status.output) == 0)
  }

  @Test("a month is not run while another has deliveries pending on simulated time")
  func otherMonthPending() async throws {
    let platform = try await renderedMonth(customers: 3)
    let folder = platform.folder
    let refused = try await billing("run", "2026-11", in: folder, expecting: 76)
    #expect(refused.errors.contains("2026-10"))
    #expect(refused.errors.contains("billing run 2026-10"))
    let status = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.deliveries.planned", in: status.output) == 3)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    try await billing("run", "2026-11", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.held", in: proof.output) == 0)
  }

  @Test("a month that does not follow the latest settled one is taken for a slip")
  func monthOutOfTurn() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    let refused = try await billing("run", "2036-10", in: platform.folder, expecting: 2)
    #expect(refused.errors.contains("2026-11"))
    let status = try await billing("status", "--json", in: platform.folder, expecting: 0)
    #expect(try value("months.1", in: status.output) == nil)
  }

  @Test("lateness on simulated time has nothing to do with the day on which the bills were made")
  func lateOnSimulatedTime() async throws {
    let platform = try await renderedMonth(customers: 3)
    // As if they were made long after the month, before time was decided.
    try await platform.execute(
      "UPDATE deliveries SET made_at = 4102444800000; UPDATE ledger_clock SET mode = 0")
    let tick = try await billing(
      "dispatch", "--at", "2026-11-20T03:00:00Z", "--json", in: platform.folder, expecting: 0)
    #expect(try number("held", in: tick.output) == 3)
  }

  @Test("a fallback goes out in the slot in which the first channel was refused")
  func fallbackInSlot() async throws {
    let platform = try await renderedMonth(customers: 100)
    try await billing(
      "run", "2026-10", "--set", "providers.email.failures=100 %", in: platform.folder,
      expecting: 0)
    let database = try Database(path: platform.folder.file("data/ledger.sqlite"))
    let fallbacks = try await database.read { connection in
      var waited: [Int64] = []
      try connection.query(
        """
        SELECT next.opened_at - refused.opened_at FROM attempts refused
        JOIN attempts next ON next.previous = refused.attempt_id
        WHERE refused.outcome = 2 AND next.channel <> refused.channel
        """
      ) { waited.append($0.integer(0)) }
      return waited
    }
    #expect(fallbacks.count > 5)
    #expect(fallbacks.allSatisfy { $0 < 3_600_000 }, "milliseconds: \(fallbacks)")
  }
}

extension PlatformFolder {
  /// Overwrites the first page of a table, or of an index, in the ledger.
  func corrupt(table: String) async throws {
    let path = folder.file("data/ledger.sqlite")
    let database = try Database(path: path)
    let page = try await database.read { connection in
      try connection.first("SELECT rootpage FROM sqlite_schema WHERE name = ?", table) {
        $0.int(0)
      }
    }
    let size = try await database.read { try $0.first("PRAGMA page_size") { $0.int(0) } }
    try await database.withoutTransaction { try $0.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let pageSize = try #require(size)
    try file.seek(toOffset: UInt64(pageSize * (try #require(page) - 1)))
    try file.write(contentsOf: Data(repeating: 0xFF, count: pageSize))
    try file.close()
  }

  /// Changes the ledger beneath the program.
  func execute(_ sql: String) async throws {
    let database = try Database(path: folder.file("data/ledger.sqlite"))
    try await database.write { try $0.execute(sql) }
  }
}
