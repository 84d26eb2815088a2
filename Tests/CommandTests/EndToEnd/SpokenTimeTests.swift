import BillingTestKit
import Foundation
import Testing

@Suite("Times in what the command says")
struct SpokenTimeTests {
  private static let seoul = ["TZ": "Asia/Seoul"]

  @Test("are in the reader's zone with its name, with --utc in the other, and in JSON never")
  func zones() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let folder = platform.folder
    try await billing("run", "2026-10", in: folder, expecting: 0)
    // Local time without an offset: in Seoul, nine hours before UTC.
    let dispatched = try await billing(
      "dispatch", "--at", "2026-12-25T14:30", in: folder, environment: Self.seoul, expecting: 0)
    #expect(dispatched.output.contains("Dispatched at 2026-12-25 14:30:00 KST"))
    let utc = try await billing("dispatch", "--utc", in: folder, environment: Self.seoul)
    #expect(utc.output.contains("Dispatched at 2026-12-25 05:30:00 UTC"), "\(utc.output)")

    let commands = [
      ["status"], ["explain", "customer", "1"], ["explain", "delivery", "2026-10:1:bill:1"],
      ["deliveries", "list", "--month", "2026-10", "--state", "accepted"],
    ]
    for command in commands {
      let local = try await Self.output(of: command, in: folder)
      #expect(local.contains(#/\d\d:\d\d:\d\d KST/#), "\(command): \(local)")
      let utc = try await Self.output(of: command + ["--utc"], in: folder)
      #expect(utc.contains(#/\d\d:\d\d:\d\d UTC/#), "\(command): \(utc)")
      for text in [local, utc] {
        #expect(!text.contains(#/\d\dT\d\d:\d\d/#), "\(command): \(text)")
      }
      let json = try await Self.output(of: command + ["--json"], in: folder)
      #expect(json.contains(#/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"/#), "\(command): \(json)")
      #expect(!json.contains("KST"))
    }
    // A slot is the customer's, wherever the reader is.
    let life = try await Self.output(of: commands[2] + ["--utc"], in: folder)
    #expect(life.contains(#/until 2026-11-10 \d\d:00 Asia\/Seoul/#), "\(life)")
  }

  private static func output(of command: [String], in folder: TestFolder) async throws -> String {
    let ending = try await BillingProcess(command, in: folder, environment: seoul).ending()
    #expect(ending.status == 0, "\(command): \(ending.errors)")
    return ending.output
  }
}
