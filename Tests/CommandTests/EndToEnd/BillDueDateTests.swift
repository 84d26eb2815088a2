import Billing
import BillingTestKit
import Foundation
import Testing

/// By when bills ask to be paid, as customers are told and operators see it.
@Suite("Due dates, as a user meets them")
struct BillDueDateTests {
  private static let files = Fixture.folder("CommandTests/Fixtures/found/due-date")

  private func files() throws -> [String: String] {
    var files: [String: String] = [:]
    for name in ["catalog.yaml", "customers.csv", "subscriptions.csv"] {
      files[name] = try String(contentsOfFile: "\(Self.files)/\(name)", encoding: .utf8)
    }
    return files
  }

  /// Customers 1 and 2, of send days 31 and 25.
  private func imported() async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: try files(), expecting: 0)
    // In simulated time, from the beginning: bills are made on the day that it is then.
    try await billing(
      "dispatch", "--at", "2026-11-01T00:00:00Z", in: platform.folder, expecting: 0)
    return platform
  }

  private func sms(of customer: Int, in platform: PlatformFolder) async throws -> String {
    try await billing(
      "render", "preview", String(customer), "2026-10", "--channel", "sms", in: platform.folder,
      expecting: 0
    ).output
  }

  private func life(_ customer: Int, in platform: PlatformFolder) async throws -> String {
    try await billing(
      "explain", "delivery", "2026-10:\(customer):bill:1", "--json", in: platform.folder,
      expecting: 0
    ).output
  }

  private func apply(_ policy: String, to platform: PlatformFolder) async throws {
    try FileManager.default.createDirectory(
      atPath: platform.folder.file("policy"), withIntermediateDirectories: true)
    try platform.folder.write(policy, to: "policy/policy.yaml")
    try await billing("policy", "apply", "policy", in: platform.folder, expecting: 0)
  }

  @Test("nobody is asked to pay before they had the days to pay since they could be told")
  func daysToPay() async throws {
    let platform = try await imported()
    let run = try await billing("run", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("sending.deliveries.accepted", in: run.output) == 2)
    for (customer, told, due, said) in [
      (1, "2026-11-30", "2026-12-07", "due Dec 7"), (2, "2026-11-25", "2026-12-02", "due Dec 2"),
    ] {
      let life = try await life(customer, in: platform)
      #expect(try text("dueDate", in: life) == due)
      #expect(try number("issue", in: life) == 1)
      #expect(
        CalendarDay(due)! >= CalendarDay(told)!.advanced(by: DeliveryPolicy.first.daysToPay))
      #expect(try await sms(of: customer, in: platform).contains(said))
    }
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test("a preview before the bills are made says what they will say")
  func preview() async throws {
    let platform = try await imported()
    try await platform.settle()
    let before = try await sms(of: 1, in: platform)
    #expect(before.contains("due Dec 7"))
    try await billing("render", "2026-10", in: platform.folder, expecting: 0)
    #expect(try await sms(of: 1, in: platform) == before)
  }

  @Test("a correction made late in the month leaves the days to pay from then on")
  func correction() async throws {
    let platform = try await imported()
    let folder = platform.folder
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-27T03:00:00Z", in: folder, expecting: 0)
    try await billing("deliver", "--drain", in: folder, expecting: 0)
    _ = try await platform.importSet(
      "late",
      files: [
        "subscriptions.csv": "line_id,customer_id,plan_code,active_from,active_to\n"
          + "22,2,B,2026-10-01,\n"
      ], expecting: 0)
    try folder.write("2\n", to: "ids.txt")
    try await billing(
      "settle", "2026-10", "--correct", "--customers", "ids.txt", "--reason", "a line was missing",
      in: folder, expecting: 0)
    try await billing("render", "2026-10", in: folder, expecting: 0)
    let life = try await billing(
      "explain", "delivery", "2026-10:2:correction:1", "--json", in: folder, expecting: 0)
    #expect(try text("dueDate", in: life.output) == "2026-12-04")
  }

  @Test("a bill whose due date is over is held, dated anew, and goes with the next issue")
  func redated() async throws {
    let platform = try await imported()
    let folder = platform.folder
    try await apply(
      """
      version: 2
      templateVersion: 1
      channels: [email, sms]
      attemptsPerChannel: 3
      backoffSeconds: 60
      maxBackoffSeconds: 3600
      uncertain: atMostOnce
      masksNames: true
      dueDay: 25
      daysToPay: 0

      """, to: platform)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-27T03:00:00Z", in: folder, expecting: 0)
    let held = try await billing(
      "deliveries", "list", "--month", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("count", in: held.output) == 1)
    #expect(try text("deliveries.0.reason", in: held.output) == "dueDatePassed")
    #expect(try text("deliveries.0.dueDate", in: held.output) == "2026-11-25")
    let redate = ["deliveries", "redate", "--state", "held", "--reason", "dueDatePassed"]
    let foreseen = try await BillingProcess(redate + ["--json"], in: folder).ending()
    #expect(try number("moved.planned", in: foreseen.output) == 1)
    let done = try await BillingProcess(
      redate + ["--json", "--yes", "--why", "the outage is over", "--who", "kim"], in: folder
    ).ending()
    #expect(done.status == 0, "\(done.errors)")
    #expect(try number("done", in: done.output) == 1)
    let again = try await BillingProcess(
      ["deliveries", "redate", "--month", "2026-10", "--customer", "2", "--yes", "--why", "again"],
      in: folder
    ).ending()
    #expect(again.status == 1)
    #expect(again.errors.contains("leaves time enough"), "\(again.errors)")
    #expect(try await sms(of: 2, in: platform).contains("due Nov 27"))
    try await billing("dispatch", "--at", "2026-11-27T03:01:00Z", in: folder, expecting: 0)
    try await billing("deliver", "--drain", in: folder, expecting: 0)
    let life = try await life(2, in: platform)
    #expect(try text("state", in: life) == "accepted")
    #expect(try number("issue", in: life) == 2)
    #expect(try text("dueDate", in: life) == "2026-11-27")
    let told = try await billing(
      "explain", "delivery", "2026-10:2:bill:1", in: folder, expecting: 0)
    #expect(told.output.contains("redate: the outage is over") && told.output.contains("kim"))
    try await finish(platform)
  }

  @Test("a retry lets an overdue bill go as it is")
  func asItIs() async throws {
    let platform = try await imported()
    let folder = platform.folder
    try await apply(
      """
      version: 2
      templateVersion: 1
      channels: [sms]
      attemptsPerChannel: 3
      backoffSeconds: 60
      maxBackoffSeconds: 3600
      uncertain: atMostOnce
      masksNames: true
      dueDay: 25
      daysToPay: 0

      """, to: platform)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-27T03:00:00Z", in: folder, expecting: 0)
    try await billing(
      "deliveries", "retry", "--state", "held", "--reason", "dueDatePassed", "--yes", "--why",
      "they know", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-28T03:01:00Z", in: folder, expecting: 0)
    try await billing("deliver", "--drain", in: folder, expecting: 0)
    let life = try await life(2, in: platform)
    #expect(try text("state", in: life) == "accepted")
    #expect(try number("issue", in: life) == 1)
    try await finish(platform)
  }

  @Test("a send day that is moved past the due date makes the next issue by itself")
  func moved() async throws {
    let platform = try await imported()
    let folder = platform.folder
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    #expect(try text("dueDate", in: try await life(2, in: platform)) == "2026-12-02")
    let customers = try #require(try files()["customers.csv"])
    _ = try await platform.importSet(
      "moved",
      files: ["customers.csv": customers.replacing("010-0000-0002,25,", with: "010-0000-0002,31,")],
      expecting: 0)
    let life = try await life(2, in: platform)
    #expect(try number("issue", in: life) == 2)
    #expect(try text("dueDate", in: life) == "2026-12-07")
    try await finish(platform)
    let bills = try #require(
      FileManager.default.enumerator(atPath: folder.file("data/bills"))?.allObjects as? [String])
    #expect(bills.count { $0.hasSuffix("/2.v1.i2.sms.txt") } == 1)
    #expect(bills.count { $0.hasSuffix("/2.v1.i1.sms.txt") } == 1)
    #expect(try await sms(of: 2, in: platform).contains("due Dec 7"))
    // Lost, it is made again with the date that it was made with.
    let lost = try #require(bills.first { $0.hasSuffix("/2.v1.i2.email.html.gz") })
    let path = folder.file("data/bills/\(lost)")
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    try await billing("render", "2026-10", "--mend", in: folder, expecting: 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
  }

  /// On to the end of the month's sending: everybody is told, and the proof holds.
  private func finish(_ platform: PlatformFolder) async throws {
    let run = try await billing("run", "2026-10", "--json", in: platform.folder, expecting: 0)
    #expect(try number("sending.deliveries.accepted", in: run.output) == 2)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }
}
