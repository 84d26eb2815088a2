import Billing
import BillingTestKit
import Foundation
import Testing

@Suite("A whole month, as a user types it")
struct MonthTests {
  @Test("a real customer base is billed, sent and proved; run again nothing is left to do")
  func telco() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    let telco = Fixture.folder("CommandTests/Fixtures/telco")
    try await billing("import", telco, in: folder, expecting: 0)
    let month = try await billing("run", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("settlement.runs.0.statements", in: month.output) == 7043)
    #expect(try number("settlement.runs.0.total", in: month.output) == 45_636_000)
    #expect(try text("settlement.runs.0.currency", in: month.output) == "USD")
    #expect(try number("rendering.runs.0.bills", in: month.output) == 14_086)

    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try value("consistent", in: proof.output) as? Bool == true)
    #expect(try number("pending", in: proof.output) == 0)
    let accepted = try number("deliveries.accepted", in: proof.output) ?? 0
    let failed = try number("deliveries.failed", in: proof.output) ?? 0
    let suppressed = try number("deliveries.suppressed", in: proof.output) ?? 0
    #expect(accepted + failed + suppressed == 7043)
    #expect(accepted > 7000)
    #expect(try number("acceptedMessages", in: proof.output) == accepted)

    let again = try await billing("run", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try value("settlement.runs", in: again.output) as? [String] == [])
    #expect(try value("rendering.runs", in: again.output) as? [String] == [])
    #expect(try number("sending.delivery.attempts", in: again.output) == 0)
  }

  @Test("retries, fallback and failures end with a reason, and the proof holds")
  func failures() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 400)
    let unlucky = [
      "--set", "providers.email.failures=60 %", "--set", "providers.sms.failures=60 %",
    ]
    let ending = try await BillingProcess(
      ["run", "2026-10", "--json"] + unlucky, in: platform.folder
    )
    .ending()
    #expect(ending.status == 0, "\(ending.errors)")
    let failed = try #require(try number("sending.deliveries.failed", in: ending.output))
    #expect(failed > 0)
    #expect(try #require(try number("sending.delivery.retried", in: ending.output)) > 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test("render before settle, and verify before settle, end with 76")
  func order() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let render = try await billing("render", "2026-10", in: platform.folder, expecting: 76)
    #expect(render.errors.contains("billing settle 2026-10"))
    try await billing("verify", "2026-10", in: platform.folder, expecting: 76)
  }

  @Test("verify finds a bill that was altered and a statement that is gone, and ends with 1")
  func altered() async throws {
    let platform = try await PlatformFolder()
    try await platform.importSample(customers: 100)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
    let bills = platform.folder.file("data/bills/2026-10")
    let paths = try #require(FileManager.default.enumerator(atPath: bills)?.allObjects as? [String])
    let bill = try #require(paths.first { $0.hasSuffix(".html.gz") })
    try Data("altered".utf8).write(to: URL(fileURLWithPath: bills + "/" + bill))
    let proof = try await billing("verify", "2026-10", "--json", in: platform.folder, expecting: 1)
    #expect(try text("findings.0.code", in: proof.output) == "billAltered")
    #expect(proof.errors.contains("is not consistent"))
  }

  @Test("a lost bill is made again, byte for byte, when it is sent")
  func lostBill() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: platform.folder, expecting: 0)
    let bills = platform.folder.file("data/bills/2026-10")
    let paths = try #require(FileManager.default.enumerator(atPath: bills)?.allObjects as? [String])
    let lost = try #require(paths.first { $0.hasSuffix("1.v1.i1.email.html.gz") })
    let before = try Data(contentsOf: URL(fileURLWithPath: bills + "/" + lost))
    try FileManager.default.removeItem(atPath: bills + "/" + lost)
    let run = try await billing("run", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("sending.delivery.remade", in: run.output) == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: bills + "/" + lost)) == before)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test(
    "a supplement and a correction after half of the month was sent: everybody ends with one right bill"
  )
  func supplementAndCorrection() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    let days = (1...300).map { SmallSet.customer($0, sendDay: String($0 % 28 + 1)) }.joined()
    let lines = (1...300).map { SmallSet.line($0 * 10, of: $0, plan: $0 == 7 ? "NEW" : "P") }
      .joined()
    _ = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + days,
        "subscriptions.csv": SmallSet.lineHeader + lines,
      ]), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    // Send days 1 to 14.
    for day in 1...14 {
      let moment = "2026-11-\(day < 10 ? "0" : "")\(day)T03:00:00Z"
      try await billing("dispatch", "--at", moment, in: folder, expecting: 0)
      try await billing("deliver", "--drain", in: folder, expecting: 0)
    }
    let half = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try #require(try number("months.0.deliveries.accepted", in: half.output)) > 100)
    #expect(try #require(try number("months.0.deliveries.planned", in: half.output)) > 100)

    let halved = (1...300).filter { $0 % 3 == 0 }
      .map { "\($0 * 10),\($0),P,2025-01-01,2026-10-16\n" }.joined()
    _ = try await platform.importSet(
      "mended",
      files: [
        "catalog.yaml": SmallSet.catalog(version: "c2", plans: ["P", "NEW"]),
        "subscriptions.csv": SmallSet.lineHeader + halved,
      ], expecting: 0)
    try folder.write((1...300).filter { $0 % 3 == 0 }.map { "\($0)\n" }.joined(), to: "ids")
    try await platform.settle()
    try await platform.settle("--correct", "--customers", "ids", "--reason", "moved out")
    try await billing("run", "2026-10", in: folder, expecting: 0)

    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("parked", in: proof.output) == 0)
    #expect(try number("statements", in: proof.output) == 400)
    #expect(try number("pending", in: proof.output) == 0)
    #expect(
      try number("acceptedMessages", in: proof.output)
        == number("deliveries.accepted", in: proof.output))
    // Customer 30 was told before the correction (send day 3), customer 24 after it (send day 25).
    let early = try await billing("explain", "customer", "30", "--json", in: folder, expecting: 0)
    #expect(try text("deliveries.0.delivery", in: early.output) == "2026-10:30:bill:1")
    #expect(try text("deliveries.1.delivery", in: early.output) == "2026-10:30:correction:1")
    #expect(try text("deliveries.1.state", in: early.output) == "accepted")
    #expect(try number("deliveries.1.version", in: early.output) == 2)
    let late = try await billing("explain", "customer", "24", "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.0.version", in: late.output) == 2)
    #expect(try value("deliveries.1", in: late.output) == nil)
  }

  @Test("four consumers at once send nothing twice")
  func fourConsumers() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    let customers = (1...2000).map { SmallSet.customer($0, sendDay: "3") }.joined()
    let lines = (1...2000).map { SmallSet.line($0, of: $0) }.joined()
    _ = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + customers,
        "subscriptions.csv": SmallSet.lineHeader + lines,
      ]), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-03T03:00:00Z", in: folder, expecting: 0)
    let consumers = try (0..<4).map { _ in
      try BillingProcess(
        ["deliver", "--drain", "--json", "--set", "delivery.maxInFlight=200"], in: folder)
    }
    var accepted = 0
    for consumer in consumers {
      let ending = try await consumer.ending()
      #expect(ending.status == 0, "\(ending.errors)")
      accepted += try number("accepted", in: ending.output) ?? 0
    }
    // Retries are left for their time, all the rest was accepted once.
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(accepted > 1900)
    #expect(
      try number("acceptedMessages", in: proof.output)
        == number("deliveries.accepted", in: proof.output))
  }

  @Test("a ledger is simulated or real for good")
  func timeKeeping() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    let real = try await billing("run", "2026-10", "--real-time", in: platform.folder, expecting: 2)
    #expect(real.errors.contains("simulated"))
    try await billing("dispatch", "--every", "2h", in: platform.folder, expecting: 2)

    let other = try await PlatformFolder()
    try await billing("dispatch", in: other.folder, expecting: 0)
    let at = try await billing(
      "dispatch", "--at", "2026-11-03T03:00:00Z", in: other.folder, expecting: 2)
    #expect(at.errors.contains("real time"))
  }

  @Test("in real time a month that is over is sent now, its providers' second and all")
  func realTime() async throws {
    let due = try await DueMonth(importing: 40)
    let certain = ["--set", "providers.email.failures=0 %"]
    let ending = try await BillingProcess(
      ["run", due.month, "--real-time", "--json"] + certain, in: due.folder
    ).ending(withinSeconds: 180)
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(try number("sending.deliveries.accepted", in: ending.output) == 40)
    #expect(try #require(try number("sending.milliseconds", in: ending.output)) >= 1000)
    try await billing("verify", due.month, in: due.folder, expecting: 0)
  }

  @Test(
    "late charges and late changes are listed by status and verify, and billed by the next month")
  func unbilled() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    let late = "CH1,1,2026-10-20,fee,늦은 요금,700,false\n"
    _ = try await platform.importSet(
      "late",
      files: [
        "charges.csv": SmallSet.chargeHeader + late,
        "subscriptions.csv": SmallSet.lineHeader + "21,2,P,2025-01-01,2026-10-16\n",
      ], expecting: 0)
    let status = try await billing("status", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("months.0.unbilled.charges", in: status.output) == 1)
    #expect(try number("months.0.unbilled.sum", in: status.output) == 700)
    #expect(try number("months.0.unbilled.changedCustomers", in: status.output) == 1)
    let proof = try await billing("verify", "2026-10", "--json", in: platform.folder, expecting: 76)
    #expect(try number("unbilled.charges", in: proof.output) == 1)

    try await billing(
      "settle", "2026-11", "--at", "2026-12-02T00:00:00Z", in: platform.folder, expecting: 0)
    #expect(try await platform.export("2026-11")[1].hasPrefix("1,31700,"))
    let after = try await billing("status", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("months.0.unbilled.charges", in: after.output) == 0)
  }

  @Test("a consumer ends with 0 on SIGTERM")
  func stoppedConsumer() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let consumer = try BillingProcess(["deliver", "--log-level", "debug"], in: platform.folder)
    for _ in 0..<600 where !platform.folder.exists("data/providers.sqlite") {
      try await billing("--version", in: platform.folder)
    }
    consumer.send(SIGTERM)
    let ending = try await consumer.ending(withinSeconds: 120)
    #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")
  }

  @Test(
    "the same month again after a template change has a path of its own, and nothing is sent again")
  func templateChange() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    try FileManager.default.createDirectory(
      atPath: folder.file("policy"), withIntermediateDirectories: true)
    try folder.write(Self.policy(version: 2, templates: 1), to: "policy/policy.yaml")
    try await billing("policy", "apply", "policy", in: folder, expecting: 0)
    let again = try await billing(
      "render", "2026-10", "--policy", "active", "--json", in: folder, expecting: 0)
    #expect(try number("runs.0.bills", in: again.output) == 4)
    #expect(folder.exists("data/bills/2026-10/p2-t1"))
    let run = try await billing("run", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("sending.delivery.attempts", in: run.output) == 0)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
  }

  @Test("a template with an unknown name is refused before anything is stored")
  func badTemplate() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try platform.folder.write("Dear {{nonsense}}", to: "draft.mustache")
    let ending = try await billing(
      "render", "preview", "1", "2026-10", "--template", "draft.mustache", in: platform.folder,
      expecting: 65)
    #expect(ending.errors.contains("nonsense"))
    let preview = try await billing(
      "render", "preview", "1", "2026-10", "--channel", "sms", in: platform.folder, expecting: 0)
    #expect(preview.output.contains("31,000"))
    #expect(!platform.folder.exists("data/bills/2026-10"))
  }

  private static func policy(version: Int, templates: Int) -> String {
    """
    version: \(version)
    templateVersion: \(templates)
    channels: [email, sms]
    attemptsPerChannel: 3
    backoffSeconds: 60
    maxBackoffSeconds: 3600
    uncertain: atMostOnce
    masksNames: true
    dueDay: 25

    """
  }
}
