import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Testing

/// The real command, killed with `kill -9` at random moments and started again: it ends with the
/// statements, bills and totals of a run that nobody disturbed.
@Suite("Killed at random moments", .serialized)
struct KillTests {
  /// Kills in each command; twenty in all.
  private static let kills = ["settle": 7, "render": 6, "run": 7]

  @Test("settle, render and run end as if nothing had happened")
  func killedAndStartedAgain() async throws {
    let seed = UInt64(ProcessInfo.processInfo.environment["KILL_SEED"] ?? "1") ?? 1
    let random = SeededRandom(seed: seed)
    let undisturbed = try await PlatformFolder()
    try await undisturbed.importSample(customers: 3000)
    let clean = try Self.copy(undisturbed)
    for stage in ["settle", "render", "run"] {
      try await Self.finish(stage, in: undisturbed)
    }
    let expected = try await Outcome(of: undisturbed)
    #expect(expected.statements.count > 2900)

    var left = Self.kills
    var victim = clean
    for stage in ["settle", "render", "run"] {
      var before = try Self.copy(victim)
      while left[stage]! > 0 {
        if try await Self.killed(stage, in: victim, after: random) {
          left[stage]! -= 1
        } else {
          // It was done before its moment came: from the start of the stage again.
          victim = before
          before = try Self.copy(victim)
        }
      }
      try await Self.finish(stage, in: victim)
    }
    let outcome = try await Outcome(of: victim)
    #expect(outcome == expected)
    try await billing("verify", "2026-10", in: victim.folder, expecting: 0)
  }

  private static func arguments(_ stage: String) -> [String] {
    (stage == "settle" ? PlatformFolder.settling() : [stage, "2026-10"])
      + ["--set", "settlement.chunkSize=100"]
  }

  /// Whether the process was still at it when it was killed.
  private static func killed(
    _ stage: String, in platform: PlatformFolder, after random: SeededRandom
  ) async throws -> Bool {
    let process = try BillingProcess(arguments(stage), in: platform.folder)
    let delay = Int(random.next() % UInt64(stage == "run" ? 4000 : 900)) + 5
    let timer = DispatchSource.makeTimerSource()
    timer.schedule(deadline: .now() + .milliseconds(delay))
    timer.setEventHandler { process.send(SIGKILL) }
    timer.activate()
    let ending = try await process.ending()
    timer.cancel()
    if !ending.wasKilled { #expect(ending.status == 0, "\(ending.errors)") }
    return ending.wasKilled
  }

  private static func finish(_ stage: String, in platform: PlatformFolder) async throws {
    let ending = try await BillingProcess(arguments(stage), in: platform.folder).ending()
    #expect(ending.status == 0, "\(stage): \(ending.errors)")
  }

  private static func copy(_ platform: PlatformFolder) throws -> PlatformFolder {
    let folder = try TestFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: platform.folder.path)
    where !name.hasPrefix(".output") {
      try FileManager.default.copyItem(
        atPath: platform.folder.file(name), toPath: folder.file(name))
    }
    return PlatformFolder(folder: folder)
  }

  /// What must not depend on who was killed when.
  private struct Outcome: Equatable {
    /// Customer, version, hash and total.
    var statements: [String] = []
    /// Customer, version, channel and digest.
    var bills: [String] = []
    var deliveries: [String] = []

    init(of platform: PlatformFolder) async throws {
      let ledger = try Database(path: platform.folder.file("data/ledger.sqlite"))
      statements = try await Self.rows(
        "SELECT customer_id, version, hex(hash), total FROM manifest ORDER BY 1, 2", in: ledger)
      bills = try await Self.rows(
        "SELECT customer_id, version, channel, hex(sha256) FROM bills ORDER BY 1, 2, 3", in: ledger)
      deliveries = try await Self.rows(
        "SELECT customer_id, kind, sequence, version FROM deliveries ORDER BY 1, 2, 3", in: ledger)
    }

    private static func rows(_ sql: String, in database: Database) async throws -> [String] {
      try await database.read { connection in
        var rows: [String] = []
        try connection.query(sql) { row in
          rows.append((0..<4).map { row.text($0) }.joined(separator: ","))
        }
        return rows
      }
    }
  }
}
