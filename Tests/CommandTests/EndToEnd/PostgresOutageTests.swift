import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

@Suite("A PostgreSQL server that goes away in the middle of a settlement")
struct PostgresOutageTests {
  /// Every checkpoint takes so long that the settlement is still at it when the server goes.
  private static let slowCheckpoints = ["BILLING_FAIL_POINT": "settle.commit:before:every:slow500"]
  private static let settling = PlatformFolder.settling([
    "--set", "settlement.chunkSize=10", "--workers", "2",
  ])

  @Test("killed and back within retrySeconds, it is not noticed; the month is as undisturbed")
  func comesBack() async throws {
    try await disturbed { server, platform in
      let settling = try BillingProcess(
        Self.settling, in: platform.folder, environment: Self.slowCheckpoints)
      try await platform.waitUntilRunning()
      try await server.kill9()
      #expect(!settling.hasEnded)
      try await server.restart()
      let ending = try await settling.ending()
      #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")
      #expect(ending.errors.contains("tried again"))
    }
  }

  @Test("away for longer it ends with 69, and the same command finishes the month")
  func staysAway() async throws {
    try await disturbed { server, platform in
      let settling = try BillingProcess(
        Self.settling, in: platform.folder,
        environment: impatient.merging(Self.slowCheckpoints) { $1 })
      try await platform.waitUntilRunning()
      try await server.kill9()
      let ending = try await settling.ending()
      #expect(ending.status == 69 && !ending.wasKilled, "\(ending.errors)")
      #expect(ending.errors.contains(Phrase.checkStoreIsThere.english), "\(ending.errors)")
      #expect(!ending.errors.contains(try password(in: server.url)))
      try await server.restart()
      let again = try await BillingProcess(Self.settling, in: platform.folder).ending()
      #expect(again.status == 0, "\(again.errors)")
    }
  }

  /// A settlement of some customers on a server of its own, disturbed by the body; then the rest of
  /// the month, which has to be as one that nothing happened to.
  private func disturbed(
    _ body: (PrivatePostgres, PlatformFolder) async throws -> Void
  ) async throws {
    let server = try await PrivatePostgres.start(name: "outage")
    let platform = try await PlatformFolder(ledger: server.url)
    try await platform.importSample(customers: 400)
    try await body(server, platform)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("pending", in: proof.output) == 0)

    let undisturbed = try await PlatformFolder()
    try await undisturbed.importSample(customers: 400)
    try await undisturbed.settle()
    let exported = try await platform.export()
    #expect(exported.count > 350)
    #expect(try await undisturbed.export() == exported)
  }
}
