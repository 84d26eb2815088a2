import Billing
import BillingTestKit
import Foundation
import Testing

@Suite("The proof of a month, as a user types it")
struct ProofTests {
  /// Moves customer 1's line out in the middle of the month and corrects the statement.
  private func correct(_ platform: PlatformFolder) async throws {
    let half = SmallSet.lineHeader + "11,1,P,2025-01-01,2026-10-17\n"
    _ = try await platform.importSet("change", files: ["subscriptions.csv": half], expecting: 0)
    try platform.folder.write("1\n", to: "ids")
    try await platform.settle("--correct", "--customers", "ids", "--reason", "moved out")
  }

  @Test("a settled month whose bills are not made has no proof yet: verify ends with 76")
  func notRendered() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 76)
    #expect(try value("holds", in: proof.output) as? Bool == false)
    #expect(try number("unrendered", in: proof.output) == 2)
    #expect(proof.errors.contains("billing render 2026-10"))
    let status = try await billing("status", "2026-10", in: folder, expecting: 0)
    #expect(status.output.contains("billing render 2026-10"))
    try await billing("render", "2026-10", in: folder, expecting: 0)
    let rendered = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("unrendered", in: rendered.output) == 0)
  }

  @Test("a correction whose bills are not made is told by verify and by status")
  func correctionNotRendered() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let before = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.unrendered", in: before.output) == 0)
    try await correct(platform)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 76)
    #expect(try number("unrendered", in: proof.output) == 1)
    let status = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.unrendered", in: status.output) == 1)
  }

  @Test("missing and altered bills are put again by render --mend, and then the proof holds")
  func mended() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let whole = try await billing("render", "2026-10", "--mend", "--json", in: folder, expecting: 0)
    #expect(try number("checked", in: whole.output) == 4)
    #expect(try number("mended", in: whole.output) == 0)
    let bills = folder.file("data/bills/2026-10")
    let names = try #require(FileManager.default.enumerator(atPath: bills)?.allObjects as? [String])
    let mail = try #require(names.first { $0.hasSuffix(".html.gz") })
    let text = try #require(names.first { $0.hasSuffix(".txt") })
    try Data("altered".utf8).write(to: URL(fileURLWithPath: bills + "/" + mail))
    try FileManager.default.removeItem(atPath: bills + "/" + text)
    let proof = try await billing("verify", "2026-10", in: folder, expecting: 1)
    #expect(proof.errors.contains("billing render 2026-10 --mend"))
    let mended = try await billing(
      "render", "2026-10", "--mend", "--json", in: folder, expecting: 0)
    #expect(try number("mended", in: mended.output) == 2)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
  }

  @Test("states are said in Korean wherever they are said to a person")
  func korean() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let life = try await billing(
      "explain", "delivery", "2026-10:1:bill:1", "--locale", "ko", in: folder, expecting: 0)
    #expect(life.output.contains("발송 2026-10:1:bill:1: 접수"))
    #expect(life.output.contains("대기열"))
    for raw in ["planned", "queued", "claimed", "sending"] { #expect(!life.output.contains(raw)) }
    let status = try await billing("status", "--locale", "ko", in: folder, expecting: 0)
    #expect(status.output.contains("완료"))
    #expect(!status.output.contains("completed"))
  }

  @Test("a customer recorded after the settlement is billed by a supplement, and proved")
  func lateCustomer() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    _ = try await platform.importSet(
      "late",
      files: [
        "customers.csv": SmallSet.customerHeader + SmallSet.customer(3),
        "subscriptions.csv": SmallSet.lineHeader + SmallSet.line(31, of: 3),
      ], expecting: 0)
    let status = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("months.0.unbilled.lateCustomers", in: status.output) == 1)
    let run = try await billing("run", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try text("settlement.runs.0.kind", in: run.output) == "supplement")
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("targets", in: proof.output) == 3)
    #expect(try number("acceptedMessages", in: proof.output) == 3)
  }

  @Test("a correction's delivery that is gone from the ledger is found")
  func lostCorrection() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    try await correct(platform)
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
    try await platform.execute("DELETE FROM deliveries WHERE customer_id = 1 AND kind = 2")
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 1)
    #expect(try text("findings.0.code", in: proof.output) == "statementWithoutDelivery")
    #expect(try text("findings.0.examples.0", in: proof.output) == "1")
  }
}
