import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("A PostgreSQL server that refuses, or cannot be reached")
struct PostgresRefusalTests {
  /// What is wrong with the ledger's URL, and what is said about it.
  struct Wrong: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var status: Int32
    var what: String
    var change: @Sendable (inout URLComponents) -> Void

    init(
      _ name: String, _ status: Int32, _ what: String,
      _ change: @escaping @Sendable (inout URLComponents) -> Void
    ) {
      testDescription = name
      self.status = status
      self.what = what
      self.change = change
    }

    static let all = [
      Wrong("password", 2, "password authentication failed") { $0.password = "hunter2" },
      Wrong("no password", 2, "no password") { $0.password = nil },
      Wrong("role", 2, "\"stranger\"") { ($0.user, $0.password) = ("stranger", "hunter2") },
      Wrong("database", 2, "\"nowhere\" does not exist") { $0.path = "/nowhere" },
      Wrong("sslmode", 2, "sslmode") { $0.query = "sslmode=perhaps" },
      Wrong("host", 69, "\"no.such.host.invalid\"") { $0.host = "no.such.host.invalid" },
      Wrong("port", 69, "Connection refused") { $0.port = 1 },
    ]
  }

  @Test("is said, with what to do about it and without what is secret", arguments: Wrong.all)
  func wrong(_ wrong: Wrong) async throws {
    let platform = try await PlatformFolder()
    let url = try changed(try PostgresServer.url(), wrong.change)
    let remedy: Phrase = wrong.status == 2 ? .mendAccess : .checkStoreIsThere
    for command in [["status"], ["settle", "2026-10"]] {
      try await expectFailure(
        command, on: url, in: platform.folder, wrong.status, saying: wrong.what, remedy: remedy)
    }
  }

  @Test("a host that takes the connection and never answers is given up on after connectSeconds")
  func silent() async throws {
    let platform = try await PlatformFolder()
    let silent = try SilentPort()
    try await expectFailure(
      ["status"], on: "postgres://billing:hunter2@127.0.0.1:\(silent.number)/billing",
      in: platform.folder, 69, saying: "no answer within 1 s", remedy: .checkStoreIsThere)
  }

  @Test("that a server is waited for is in the log, without what is secret")
  func waitedFor() async throws {
    let platform = try await PlatformFolder()
    let ending = try await billing(
      "status", "--log-level", "trace", in: platform.folder,
      environment: impatient.merging(
        ["BILLING_LEDGER": "postgres://billing:hunter2@127.0.0.1:1/billing"]) { $1 },
      expecting: 69)
    #expect(ending.errors.contains("tried again"))
    #expect(!ending.errors.contains("hunter2"))
  }

  @Test(
    "a URL that can be read in two ways is refused before any of it is looked up",
    arguments: [
      "postgres://billing:sec@ret@127.0.0.1/billing",
      "postgres://billing:sec/ret@127.0.0.1/billing",
      "postgres://billing:sec?ret@127.0.0.1/billing", "postgres://billing:secret@127.0.0.1:1:2/x",
      "postgres://billing:secret@127.0.0.1:65536/x", "postgres://billing:secret@127.0.0.1:x/x",
      "postgres://billing:sec%zzret@127.0.0.1/billing", "postgres://billing:secret@h/x?sslmod=x",
    ])
  func ambiguous(url: String) async throws {
    let platform = try await PlatformFolder()
    try await expectFailure(
      ["status"], on: url, in: platform.folder, 2, saying: "`ledger`", remedy: .expects(.aLedger),
      secret: "sec")
    let ending = try await billing(
      "status", "--set", "ledger=\(url)", in: platform.folder, expecting: 2)
    #expect(!ending.errors.contains("ret"))
  }

  @Test("a database that was never migrated ends with 2, and says that billing init does it")
  func notMigrated() async throws {
    let own = OwnDatabase(try await TestDatabase.emptyURL())
    let platform = try await PlatformFolder()
    for command in [["status"], ["settle", "2026-10"], ["deliver", "--drain"]] {
      try await expectFailure(
        command, on: own.url, in: platform.folder, 2, saying: "version 0", remedy: .migrateStores)
    }
  }

  @Test(
    "a database that another program migrated ends with 2, and nothing is changed, by init neither",
    arguments: [
      (
        "INSERT INTO schema_migrations SELECT max(version) + 1, sha256('newer') "
          + "FROM schema_migrations", "newer"
      ),
      ("UPDATE schema_migrations SET sha256 = sha256('another') WHERE version = 1", "migration 1"),
    ])
  func migratedByAnother(change: String, what: String) async throws {
    let own = OwnDatabase(try await TestDatabase.url())
    try await PlainPostgres.rows(change, at: own.url)
    let before = try await PlainPostgres.rows(Self.schema, at: own.url)
    let platform = try await PlatformFolder()
    for command in [["status"], ["settle", "2026-10"], ["init"]] {
      try await expectFailure(
        command, on: own.url, in: platform.folder, 2, saying: what, remedy: .migrateStores)
    }
    #expect(try await PlainPostgres.rows(Self.schema, at: own.url) == before)
  }

  private static let schema = """
    SELECT version::text, encode(sha256, 'hex'), (SELECT count(*) FROM policies)::text,
      (SELECT count(*) FROM pg_class)::text
    FROM schema_migrations ORDER BY version
    """
}

/// A port on 127.0.0.1 where connections come about and nobody ever says anything.
final class SilentPort: Sendable {
  let number: Int
  private let descriptor: Int32

  init() throws {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    descriptor = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { [descriptor] address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        bind(descriptor, general, length) == 0 && listen(descriptor, 100) == 0
          && getsockname(descriptor, general, &length) == 0
      }
    }
    number = Int(UInt16(bigEndian: address.sin_port))
    guard isBound else { throw Unexpected("no port to listen on") }
  }

  deinit { close(descriptor) }
}
