import Billing
import BillingTestKit
import Foundation
import Testing

/// `kill -9` at random moments: started again each time, everything ends as if nothing had been.
@Suite("Killed at any moment")
struct CrashTests {
  /// What a month came to, to be compared with an undisturbed one.
  private struct Result: Equatable {
    var export: [String]
    var seals: [String]
    var bills: [String]
  }

  private static let seed: UInt64 = 20_261_023
  private static let kills = 20
  private static let customers = 1500
  private static let small = ["--set", "settlement.chunkSize=100"]

  @Test(
    "settle, render and run, killed twenty times, end with the hashes and totals of an undisturbed month"
  )
  func killed() async throws {
    let undisturbed = try await PlatformFolder()
    try await undisturbed.importSample(customers: Self.customers)
    try await Self.toTheEnd(Self.commands[2], in: undisturbed.folder)
    let expected = try await Self.result(of: undisturbed)

    let platform = try await PlatformFolder()
    try await platform.importSample(customers: Self.customers)
    let random = SeededRandom(seed: Self.seed)
    var killed = 0
    for command in Self.commands {
      // Wherever it stops short of an end by itself, it is killed: at growing distances from its
      // start, so that late moments are met too.
      for round in 0..<(Self.kills / Self.commands.count + 1) where killed < Self.kills {
        let process = try BillingProcess(command + Self.small, in: platform.folder)
        let milliseconds = Int(random.next() % UInt64(200 + round * 200)) + 20
        process.end(afterMilliseconds: milliseconds)
        let ending = try await process.ending()
        if ending.wasKilled { killed += 1 }
        #expect(
          ending.wasKilled || ending.status == 0,
          "seed \(Self.seed), \(command[0]) after \(milliseconds) ms: \(ending.errors)")
      }
      if command[0] != "run" { try await Self.toTheEnd(command, in: platform.folder) }
    }
    try await Self.toTheEnd(Self.commands[2], in: platform.folder)
    #expect(killed > 5)
    #expect(try await Self.result(of: platform) == expected)
  }

  private static let commands = [
    PlatformFolder.settling(), ["render", "2026-10"], ["run", "2026-10"],
  ]

  private static func toTheEnd(_ command: [String], in folder: TestFolder) async throws {
    let ending = try await BillingProcess(command + small, in: folder).ending()
    #expect(ending.status == 0, "\(command): \(ending.errors)")
  }

  private static func result(of platform: PlatformFolder) async throws -> Result {
    let status = try await billing(
      "status", "2026-10", "--json", in: platform.folder, expecting: 0)
    let proof = try await billing(
      "verify", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("pending", in: proof.output) == 0, "\(proof.output)")
    let bills = platform.folder.file("data/bills")
    let paths = FileManager.default.enumerator(atPath: bills)?.allObjects as? [String] ?? []
    let contents = try paths.filter { $0.hasSuffix(".gz") || $0.hasSuffix(".txt") }.sorted().map {
      "\($0) \(ContentHash(of: try Data(contentsOf: URL(fileURLWithPath: bills + "/" + $0))))"
    }
    let runs = try value("months.0.runs", in: status.output) as? [[String: Any]] ?? []
    return Result(
      export: try await platform.export(),
      seals: runs.map { "\($0["run"] ?? "") \($0["seal"] ?? "")" }, bills: contents)
  }
}
