import Billing
import BillingTestKit
import EmbeddedStore
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
    #expect(try value("consistent", in: proof.output) as? Bool == true)
    #expect(try value("complete", in: proof.output) as? Bool == false)
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

  @Test("held and uncertain deliveries are open: consistent, not complete, and no failure")
  func open() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let closed = try await billing("verify", "2026-10", in: folder, expecting: 0)
    #expect(closed.output.contains("The proof of 2026-10 is consistent: what is there agrees."))
    #expect(closed.output.contains("It is complete: everybody was told, or is accounted for."))
    // The ledger does not know of one what became of it; the provider does.
    try await platform.execute(
      "UPDATE deliveries SET state = 7, unresolved = 1, next_at = 9223372036854775807 "
        + "WHERE customer_id = 1")
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try value("consistent", in: proof.output) as? Bool == true)
    #expect(try value("complete", in: proof.output) as? Bool == false)
    #expect(try number("open", in: proof.output) == 1)
    #expect(try number("deliveries.uncertain", in: proof.output) == 1)
    #expect(try number("unrecordedMessages", in: proof.output) == 1)
    let said = try await billing("verify", "2026-10", in: folder, expecting: 0)
    #expect(said.output.contains("It is not complete: open are 0 pending, 0 held and 1 uncertain."))
    let korean = try await billing(
      "verify", "2026-10", "--locale", "ko", in: folder, expecting: 0)
    #expect(korean.output.contains("아직 완결되지 않았습니다. 진행 중 0건, 대기 0건, 불확실 1건"))
  }

  @Test("a provider whose ledger does not lie here is not compared; one whose ledger does, is")
  func notCompared() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let log = folder.file("data/providers.sqlite")
    let away = folder.file("away.sqlite")
    try FileManager.default.moveItem(atPath: log, toPath: away)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try value("consistent", in: proof.output) as? Bool == true)
    #expect(try number("notCompared.deliveries", in: proof.output) == 2)
    #expect(try number("acceptedMessages", in: proof.output) == 0)
    #expect(!FileManager.default.fileExists(atPath: log), "the proof makes none")
    let said = try await billing("verify", "2026-10", in: folder, expecting: 0)
    #expect(said.output.contains("Not compared: 2 accepted deliveries"))
    #expect(said.output.contains("mock-"))
    // Another one, of the same providers, that knows nothing of these messages.
    _ = try await EmbeddedAcceptanceLog(
      database: try Database(path: log), of: ["mock-email", "mock-sms"])
    let broken = try await billing("verify", "2026-10", "--json", in: folder, expecting: 1)
    #expect(try text("findings.0.code", in: broken.output) == "acceptedUnknownToProvider")
    #expect(try value("complete", in: broken.output) as? Bool == false)
  }

  @Test("a sample says that it is one, and of how much")
  func sampled() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 60)
    let folder = platform.folder
    try await billing(
      "run", "2026-10", "--set", "settlement.chunkSize=10", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--sample", "2", in: folder, expecting: 0)
    #expect(proof.output.contains("Only a sample was looked at: 2 of 6 chunks of customers."))
    let json = try await billing(
      "verify", "2026-10", "--sample", "2", "--json", in: folder, expecting: 0)
    #expect(try value("sample", in: json.output) as? Bool == true)
    #expect(try number("chunks.lookedAt", in: json.output) == 2)
    #expect(try number("chunks.of", in: json.output) == 6)
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
