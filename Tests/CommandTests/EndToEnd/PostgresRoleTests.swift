import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

@Suite("The application's role, as docs/POSTGRESQL.md makes it")
struct PostgresRoleTests {
  @Test("does a whole month by a password file, and can make, change, drop and empty nothing")
  func month() async throws {
    let server = try await PrivatePostgres.start(name: "roles")
    let folder = try TestFolder()
    let blocks = try Self.statements()
    try await Self.psql(blocks[0], database: "postgres", on: server, in: folder)
    try await PlainPostgres.rows(
      """
      ALTER ROLE billing_owner PASSWORD 'hunter2';
      ALTER ROLE billing_app PASSWORD 'hunter3'
      """, at: server.url)
    let port = try #require(URLComponents(string: server.url)?.port)
    try folder.write(
      "127.0.0.1:\(port):billing:billing_owner:hunter2\n"
        + "127.0.0.1:\(port):billing:billing_app:hunter3\n", to: "passwords")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: folder.file("passwords"))
    func url(_ role: String) -> String { "postgres://\(role)@127.0.0.1:\(port)/billing" }
    let owner = ["PGPASSFILE": folder.file("passwords"), "BILLING_LEDGER": url("billing_owner")]
    let app = ["PGPASSFILE": folder.file("passwords"), "BILLING_LEDGER": url("billing_app")]

    // Only the owner can migrate.
    let embedded = try await PlatformFolder()
    try await expectFailure(
      ["init"], on: url("billing_app"), in: embedded.folder, 2, saying: "permission denied",
      remedy: .mendAccess, environment: app)
    try await billing("init", in: folder, environment: owner, expecting: 0)
    try await Self.psql(blocks[1], database: "billing", on: server, in: folder)
    let again = try await billing("init", in: folder, environment: app, expecting: 0)
    #expect(again.output == "Everything is there; nothing was changed.\n")

    let month: [[String]] = [
      ["sample", "sample", "--customers", "150"], ["import", "sample"], PlatformFolder.settling(),
      ["render", "2026-10"], ["run", "2026-10", "--set", "providers.email.failures=30 %"],
      ["settle", "2026-10", "--correct", "--customers", "ids", "--reason", "wrong tariff"],
      ["run", "2026-10"], ["run", "2026-11"], ["verify", "2026-10"], ["verify", "2026-11"],
      ["export", "2026-10"], ["status"], ["explain", "customer", "1001"],
    ]
    try folder.write("1001\n", to: "ids")
    for command in month {
      let ending = try await BillingProcess(command, in: folder, environment: app).ending()
      #expect(ending.status == 0, "\(command): \(ending.errors)")
    }

    let asApp = try changed(url("billing_app")) { $0.password = "hunter3" }
    for forbidden in Self.forbidden {
      await #expect(throws: (any Error).self, "\(forbidden)") {
        try await PlainPostgres.rows(forbidden, at: asApp)
      }
    }
    try await billing("verify", "2026-10", in: folder, environment: app, expecting: 0)
  }

  private static let forbidden = [
    "CREATE TABLE mine (value int)", "CREATE TEMPORARY TABLE mine (value int)",
    "CREATE SCHEMA mine", "CREATE INDEX mine ON deliveries (state)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE manifest DROP CONSTRAINT manifest_pkey", "ALTER TABLE deliveries ADD mine int",
    "ALTER TABLE manifest DETACH PARTITION manifest_2026_10", "DROP TABLE attempts",
    "DROP TABLE deliveries_2026_10", "TRUNCATE deliveries", "TRUNCATE deliveries_2026_10",
    "DELETE FROM manifest", "DELETE FROM deliveries_2026_10",
    "UPDATE schema_migrations SET version = 2", "INSERT INTO schema_migrations VALUES (9, 'x')",
  ]

  /// The blocks of SQL about the roles in the document, in its order.
  private static func statements() throws -> [String] {
    let document = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().appendingPathComponent("../../../docs/POSTGRESQL.md")
    let text = try String(contentsOf: document, encoding: .utf8)
    let blocks = text.components(separatedBy: "```sql\n").dropFirst()
      .map { String($0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex)) }
    try #require(blocks.count == 3)
    return blocks
  }

  /// As whoever follows the document does.
  private static func psql(
    _ statements: String, database: String, on server: PrivatePostgres, in folder: TestFolder
  ) async throws {
    try folder.write(statements, to: "statements.sql")
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().appendingPathComponent("../../../scripts/services")
    var environment = ["PGDATABASE": database]
    environment["TMPDIR"] = ProcessInfo.processInfo.environment["TMPDIR"]
    let psql = try BillingProcess(
      executable: script,
      [
        "postgres", "psql", "--name", server.name, "-q", "-v", "ON_ERROR_STOP=1", "-f",
        "statements.sql",
      ], in: folder, environment: environment)
    let ending = try await psql.ending()
    try #require(ending.status == 0, "\(ending.errors)")
  }
}
