import BillingTestKit
import Foundation
import Testing

@Suite("Import, settle and export, as a user types them")
struct SettlementEndToEndTests {
  @Test("run again, import and settle find nothing to do")
  func again() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 500)
    let first = try await billing("import", "sample", "--json", in: platform.folder, expecting: 0)
    #expect(try text("outcome", in: first.output) == "unchanged")
    try await platform.settle()
    let before = try await platform.export()
    let again = try await platform.settle("--json")
    #expect(try value("0.runs", in: again.output) as? [String] == [])
    #expect(try await platform.export() == before)
  }

  @Test("the report counts targets, statements and money as the export does")
  func report() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 300)
    let report = try await platform.settle("--json")
    let lines = try await platform.export().dropFirst()
    let sum = lines.compactMap { Int($0.split(separator: ",").last ?? "") }.reduce(0, +)
    #expect(try number("0.runs.0.statements", in: report.output) == lines.count)
    #expect(try number("0.runs.0.targets", in: report.output) == lines.count)
    #expect(try number("0.runs.0.total", in: report.output) == sum)
    #expect(try text("0.runs.0.currency", in: report.output) == "KRW")
  }

  @Test(
    "an unknown plan and overlapping segments are parked, and settled as a supplement once mended")
  func parkedAndMended() async throws {
    let platform = try await PlatformFolder()
    let customers = (1...300).map { SmallSet.customer($0) }.joined()
    var lines = (3...300).map { SmallSet.line($0 * 10 + 1, of: $0) }.joined()
    lines += SmallSet.line(11, of: 1, plan: "NEW") + SmallSet.line(21, of: 2)
    let overlapping = SmallSet.line(21, of: 2, from: "2026-10-05")
    _ = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + customers,
        "subscriptions.csv": SmallSet.lineHeader + lines + overlapping,
      ]), expecting: 0)
    let first = try await platform.settle("--json")
    #expect(try number("0.runs.0.parked", in: first.output) == 2)
    #expect(try number("0.parked.byCode.unknownPlan", in: first.output) == 1)
    #expect(try number("0.parked.byCode.overlappingSegments", in: first.output) == 1)
    #expect(try await platform.export().count == 1 + 298)

    let withdrawn = "21,2,P,2026-10-05,2026-10-05\n"
    _ = try await platform.importSet(
      "mended",
      files: [
        "catalog.yaml": SmallSet.catalog(version: "c2", plans: ["P", "NEW"]),
        "subscriptions.csv": SmallSet.lineHeader + withdrawn,
      ], expecting: 0)
    let second = try await platform.settle("--json")
    #expect(try text("0.runs.0.kind", in: second.output) == "supplement")
    #expect(try number("0.runs.0.statements", in: second.output) == 2)
    #expect(try number("0.parked.count", in: second.output) == 0)
    #expect(try await platform.export().count == 1 + 300)
  }

  @Test("more parked customers than settlement.maxParked fail the run and keep what is done")
  func tooManyParked() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 100, poison: 10)
    let failed = try await platform.settle(expecting: 1)
    #expect(failed.errors.contains("settlement.maxParked"))
    try await platform.settle("--set", "settlement.maxParked=20 %")
    #expect(try await platform.export().count > 80)
  }

  @Test("a correction makes new versions for the customers named, and for nobody else")
  func correction() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    #expect(
      try await platform.export()[1...] == ["1,31000,0,2818,0,31000", "2,31000,0,2818,0,31000"])
    let refund = "CH1,1,2026-10-20,refund,환불,-1000,false\n"
    _ = try await platform.importSet(
      "late", files: ["charges.csv": SmallSet.chargeHeader + refund], expecting: 0)
    let half = SmallSet.lineHeader + "11,1,P,2025-01-01,2026-10-17\n"
    _ = try await platform.importSet("change", files: ["subscriptions.csv": half], expecting: 0)

    try platform.folder.write("customer_id\n1\n", to: "ids.csv")
    let report = try await platform.settle(
      "--correct", "--customers", "ids.csv", "--reason", "moved out", "--json")
    #expect(try text("0.runs.0.kind", in: report.output) == "correction")
    #expect(try number("0.runs.0.statements", in: report.output) == 1)
    let lines = try await platform.export()
    #expect(lines[1].hasPrefix("1,16000,"))
    #expect(lines[2] == "2,31000,0,2818,0,31000")
    let life = try await billing(
      "explain", "customer", "1", "--json", in: platform.folder, expecting: 0)
    #expect(try text("statements.1.statement", in: life.output) == "2026-10:1:v2")
  }

  /// Every checkpoint takes so long that the settlement is still at it when it is met.
  private let slowCheckpoints = ["BILLING_FAIL_POINT": "settle.commit:before:every:slow100"]

  @Test("a second settle is refused with 75 while the first is at it, and both work with --join")
  func twoAtOnce() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 4000)
    let first = try BillingProcess(
      PlatformFolder.settling(["--set", "settlement.chunkSize=5", "--workers", "1"]),
      in: platform.folder, environment: slowCheckpoints)
    try await platform.waitUntilRunning()
    let refused = try await platform.settle(expecting: 75)
    #expect(refused.errors.contains("settlement:2026-10:regular:1"))
    let joined = try await platform.settle("--join")
    #expect(try await first.ending().status == 0)
    #expect(joined.errors.contains("settle"))
    let lines = try await platform.export().dropFirst()
    #expect(Set(lines.map { $0.prefix { $0 != "," } }).count == lines.count)
    #expect(lines.count > 3900)
  }

  @Test(
    "SIGINT and SIGTERM end a settlement with 130 and 143, and it goes on from there",
    arguments: [
      (SIGINT, Int32(130)), (SIGTERM, Int32(143)),
    ])
  func interrupted(signal: Int32, status: Int32) async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 2000)
    let first = try BillingProcess(
      PlatformFolder.settling(["--set", "settlement.chunkSize=10", "--workers", "1"]),
      in: platform.folder, environment: slowCheckpoints)
    try await platform.waitUntilRunning()
    first.send(signal)
    let ending = try await first.ending(withinSeconds: 60)
    #expect(ending.status == status && !ending.wasKilled, "\(ending.errors)")
    #expect(ending.errors.contains("Run the same command again"))
    try await platform.settle()
    #expect(try await platform.export().count > 1900)
  }

  @Test("settling without a catalog, or a month that is not over, is refused")
  func refusals() async throws {
    let platform = try await PlatformFolder()
    let none = try await platform.settle(expecting: 76)
    #expect(none.errors.contains("catalog"))
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let future = try await billing(
      "settle", "2026-11", "--at", "2026-11-15T00:00:00Z", in: platform.folder, expecting: 2)
    #expect(future.errors.contains("2026-11-30"))
    let export = try await billing("export", "2026-11", in: platform.folder, expecting: 76)
    #expect(export.output.isEmpty)
  }

  @Test("--due settles the month whose day has come, once")
  func due() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let early = try await billing(
      "settle", "--due", "--json", "--at", "2026-10-02T00:00:00Z", in: platform.folder,
      expecting: 0)
    #expect(try text("0.month", in: early.output) == "2026-08")
    let later = try await billing(
      "settle", "--due", "--json", "--at", "2026-11-03T00:00:00Z", in: platform.folder,
      expecting: 0)
    #expect(try text("0.month", in: later.output) == "2026-09")
    #expect(try text("1.month", in: later.output) == "2026-10")
    let again = try await billing(
      "settle", "--due", "--json", "--at", "2026-11-04T00:00:00Z", in: platform.folder,
      expecting: 0)
    #expect(again.output == "[]\n")
  }
}

extension PlatformFolder {
  /// Waits until a settlement run has begun to settle, as another terminal sees it.
  func waitUntilRunning() async throws {
    for _ in 0..<600 {
      let status = try await billing("status", "2026-10", "--json", in: folder)
      if status.status == 0,
        try text("months.0.runs.0.steps.2.status", in: status.output) == "running"
      {
        return
      }
    }
    Issue.record("the settlement never began")
  }
}
