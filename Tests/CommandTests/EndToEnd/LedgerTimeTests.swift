import BillingTestKit
import EmbeddedStore
import Foundation
import Testing

@Suite("Which time a ledger keeps")
struct LedgerTimeTests {
  private static let at = ["--at", "2026-11-02T00:00:00Z"]

  @Test("settle --at decides nothing: the first dispatch does")
  func settleDecidesNothing() async throws {
    let platform = try await imported()
    try await platform.settle()
    try await billing("render", "2026-10", in: platform.folder, expecting: 0)
    try await billing("dispatch", in: platform.folder, expecting: 0)
    // Real from now on: nothing is done that was asked for another moment.
    let late = try await BillingProcess(
      ["settle", "2026-11", "--at", "2026-12-02T00:00:00Z"], in: platform.folder
    ).ending()
    #expect(late.status == 2)
    #expect(late.errors.contains("real time"), "\(late.errors)")
    #expect(late.errors.contains("billing init --time simulated"), "\(late.errors)")
    let status = try await billing("status", "--json", in: platform.folder, expecting: 0)
    #expect(try value("months.1", in: status.output) == nil)
  }

  @Test("while nothing was sent a ledger is turned back to real time")
  func turnedBack() async throws {
    let platform = try await imported()
    let folder = platform.folder
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    // In the slot before midnight of the tenth in Seoul.
    try await billing("dispatch", "--at", "2026-11-10T14:00:00Z", in: folder, expecting: 0)
    let before = try await billing("status", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.deliveries.queued", in: before.output) == 2)
    let refused = try await billing("dispatch", "--every", "2h", in: folder, expecting: 2)
    #expect(refused.errors.contains("billing init --time real"), "\(refused.errors)")

    let turned = try await billing("init", "--time", "real", in: folder, expecting: 0)
    #expect(turned.output.contains("time is real now"), "\(turned.output)")
    let after = try await billing("status", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.deliveries.queued", in: after.output) == 0)
    #expect(try number("months.0.deliveries.planned", in: after.output) == 2)
    let again = try await billing("init", "--time", "real", in: folder, expecting: 0)
    #expect(again.output.contains("nothing was changed"), "\(again.output)")
    try await billing("dispatch", in: folder, expecting: 0)

    try await billing("init", "--time", "simulated", in: folder, expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
  }

  @Test("once something was sent it is not turned, and is told how much")
  func sent() async throws {
    let platform = try await imported()
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    let ending = try await billing("init", "--time", "real", in: platform.folder, expecting: 2)
    #expect(ending.errors.contains("2 deliveries"), "\(ending.errors)")
  }

  @Test("beside a consumer at work nothing is turned")
  func consumer() async throws {
    let platform = try await imported()
    let consumer = try BillingProcess(["deliver"], in: platform.folder)
    defer { consumer.send(SIGKILL) }
    let events = platform.folder.file("data/events.sqlite")
    let isAtWork = try await becomesTrue(withinSeconds: 180) {
      guard FileManager.default.fileExists(atPath: events) else { return false }
      let members = try? await Database(path: events, readerCount: 1).read { connection in
        try connection.first("SELECT count(*) FROM members") { $0.int(0) }
      }
      return (members ?? 0) > 0
    }
    try #require(isAtWork)
    let refused = try await billing(
      "init", "--time", "simulated", in: platform.folder, expecting: 75)
    #expect(refused.errors.contains("at work"), "\(refused.errors)")
    consumer.send(SIGTERM)
    #expect(try await consumer.ending().status == 0)
    try await billing("init", "--time", "simulated", in: platform.folder, expecting: 0)
  }

  private func imported() async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    return platform
  }
}
