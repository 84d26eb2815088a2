import BillingTestKit
import Foundation
import Testing

@Suite("Where results go")
struct OutputTests {
  @Test(
    "a file that cannot be written is named, and the command ends with 2",
    arguments: ["nowhere/out.csv", "."])
  func unwritable(path: String) async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    let ending = try await billing(
      "export", "2026-10", "--out", path, in: platform.folder, expecting: 2)
    #expect(ending.errors.contains("Cannot write"))
    #expect(ending.errors.contains(path))
  }

  @Test(
    "a report that standard output did not take is a failure",
    arguments: [["status"], ["export", "2026-10"], ["--help"]])
  func fullOutput(arguments: [String]) async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    let ending = try await shell(
      "\"$0\" \"$@\" >/dev/full", arguments, in: platform.folder)
    #expect(ending.status == 1)
    #expect(ending.errors.contains("Standard output"), "\(ending.errors)")
  }

  @Test("a second run through simulated time ends with 75 and changes nothing")
  func secondRun() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let held = try await shell(
      "flock data/ledger.sqlite-time \"$0\" \"$@\"", ["run", "2026-10"], in: platform.folder)
    #expect(held.status == 75)
    #expect(held.errors.contains("Another `billing run`"), "\(held.errors)")
    try await billing("export", "2026-10", in: platform.folder, expecting: 76)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
  }

  /// Runs a script with the program as `$0`.
  private func shell(
    _ script: String, _ arguments: [String], in folder: TestFolder
  ) async throws -> BillingProcess.Ending {
    try await BillingProcess(
      executable: URL(fileURLWithPath: "/bin/sh"),
      ["-c", script, BillingProcess.executable.path] + arguments, in: folder
    ).ending()
  }
}
