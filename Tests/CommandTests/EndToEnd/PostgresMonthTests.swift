import BillingTestKit
import EmbeddedStore
import Foundation
import LedgerTestKit
import Testing

@Suite("A month on PostgreSQL, as a user types it")
struct PostgresMonthTests {
  @Test("ends with the statements, bills and deliveries that it ends with on SQLite")
  func sameAsOnSQLite() async throws {
    let own = OwnDatabase(try await TestDatabase.emptyURL())
    let embedded = try await PlatformFolder()
    let server = try await PlatformFolder(ledger: own.url)
    for platform in [embedded, server] {
      try await platform.importSample(customers: 300, poison: 3)
      try await platform.settle("--set", "settlement.maxParked=20 %")
      try await billing("render", "2026-10", in: platform.folder, expecting: 0)
      try await billing(
        "run", "2026-10", "--set", "settlement.maxParked=20 %", in: platform.folder, expecting: 0)
      let proof = try await billing(
        "verify", "2026-10", "--json", in: platform.folder, expecting: 0)
      #expect(try value("consistent", in: proof.output) as? Bool == true)
      #expect(try number("pending", in: proof.output) == 0)
    }
    let lines = try await server.export()
    #expect(lines.count > 250)
    #expect(try await embedded.export() == lines)
    for (here, there) in Self.sameRows {
      let rows = try await PlainPostgres.rows(there, at: own.url)
        .map { $0.map { $0 ?? "" }.joined(separator: ",") }
      #expect(rows.count > 250)
      #expect(try await Self.rows(here, in: embedded) == rows)
    }
  }

  /// Statements with their hashes, bills with their digests, and where deliveries ended.
  private static let sameRows: [(sqlite: String, postgres: String)] = [
    ("hex(hash)", "upper(encode(hash, 'hex'))", "manifest", "customer_id, version, total"),
    ("hex(sha256)", "upper(encode(sha256, 'hex'))", "bills", "customer_id, version, channel, size"),
    ("state", "state", "deliveries", "customer_id, kind, sequence, version, channel"),
  ].map { here, there, table, columns in
    (
      "SELECT \(columns), \(here) FROM \(table) ORDER BY \(columns)",
      "SELECT \(columns), \(there) FROM \(table) ORDER BY \(columns)"
    )
  }

  private static func rows(_ sql: String, in platform: PlatformFolder) async throws -> [String] {
    let ledger = try Database(path: platform.folder.file("data/ledger.sqlite"))
    let columns = sql.prefix { $0 != "F" }.count(where: { $0 == "," }) + 1
    return try await ledger.read { connection in
      var rows: [String] = []
      try connection.query(sql) { row in
        rows.append((0..<columns).map { row.text($0) }.joined(separator: ","))
      }
      return rows
    }
  }

  @Test("init by four processes at once, in two folders, makes one ledger")
  func initAtOnce() async throws {
    let own = OwnDatabase(try await TestDatabase.emptyURL())
    let folders = [try TestFolder(), try TestFolder()]
    for folder in folders { try folder.write("ledger: \"\(own.url)\"\n", to: "billing.yaml") }
    let processes = try (0..<4).map { try BillingProcess(["init"], in: folders[$0 % 2]) }
    var output = ""
    for process in processes {
      let ending = try await process.ending()
      #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")
      output += ending.output
    }
    #expect(output.components(separatedBy: "delivery policy 1").count == 2, "\(output)")
    let made = try await PlainPostgres.rows(
      """
      SELECT (SELECT count(*) = max(version) FROM schema_migrations),
        (SELECT count(*) FROM policies)
      """, at: own.url)
    #expect(made == [["t", "1"]])

    let platform = PlatformFolder(folder: folders[0])
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }
}
