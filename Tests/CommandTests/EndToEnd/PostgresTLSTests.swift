import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

@Suite("TLS to PostgreSQL, as the URL's sslmode says")
struct PostgresTLSTests {
  @Test("verify-full trusts the right certificate under the right name, and nothing else")
  func verified() async throws {
    let folder = try TestFolder()
    try await Self.makeCertificate("server", in: folder)
    try await Self.makeCertificate("other", in: folder)
    let server = try await PrivatePostgres.start(
      name: "tls",
      conf: [
        "ssl = on", "ssl_cert_file = '\(folder.file("server.crt"))'",
        "ssl_key_file = '\(folder.file("server.key"))'",
      ])
    func url(_ query: String, host: String = "127.0.0.1") throws -> String {
      try changed(server.url) { ($0.query, $0.host) = (query, host) }
    }
    let right = "sslmode=verify-full&sslrootcert=\(folder.file("server.crt"))"
    let platform = try await PlatformFolder(ledger: try url(right))
    try await billing("status", in: platform.folder, expecting: 0)
    let refusals = [
      (try url("sslmode=verify-full&sslrootcert=\(folder.file("other.crt"))"), "certificate"),
      (try url("sslmode=verify-full&sslrootcert=\(folder.file("none.crt"))"), "none.crt"),
      (try url(right, host: "localhost"), "localhost"),
    ]
    for (url, what) in refusals {
      try await expectFailure(
        ["status"], on: url, in: platform.folder, 2, saying: what, remedy: .mendAccess)
    }
    // What is to be trusted may also be said as libpq reads it.
    try await billing(
      "status", in: platform.folder,
      environment: [
        "BILLING_LEDGER": try url("sslmode=verify-full"),
        "PGSSLROOTCERT": folder.file("server.crt"),
      ], expecting: 0)
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test("a server without TLS is refused where TLS is asked for")
  func plain() async throws {
    let platform = try await PlatformFolder()
    let url = try changed(try PostgresServer.url()) { $0.query = "sslmode=require" }
    try await expectFailure(
      ["status"], on: url, in: platform.folder, 2, saying: "does not support SSL",
      remedy: .mendAccess)
  }

  /// A key and a certificate for 127.0.0.1 that is signed with it.
  private static func makeCertificate(_ name: String, in folder: TestFolder) async throws {
    // A server that runs as another user has to be able to read its key, and nobody else may.
    let give = "if [ \"$(id -u)\" = 0 ]; then chown postgres \(name).key; fi"
    let shell = try BillingProcess(
      executable: URL(fileURLWithPath: "/bin/sh"),
      [
        "-c",
        """
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
          -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 \
          -keyout \(name).key -out \(name).crt && chmod 600 \(name).key && \(give)
        """,
      ], in: folder)
    let ending = try await shell.ending()
    try #require(ending.status == 0, "\(ending.errors)")
  }
}
