import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import FaultInjection
import Foundation
import Testing

/// Real processes: a provider that neither keeps keys nor can be asked, and a consumer that is
/// killed between what the provider did and the record of it.
@Suite("Nobody knows whether it was sent")
struct UnansweredTests {
  private static let month = CrashMonth.month

  @Test(
    "it is on the list, never sent again by itself, and resolved either way",
    arguments: [
      true, false,
    ])
  func crashed(wasTaken: Bool) async throws {
    let platform = try await Self.rendered()
    let folder = platform.folder
    let provider = try BillingProcess(["mock-provider", "--latency-ms", "5"], in: folder)
    defer { provider.send(SIGKILL) }
    let url = try await Self.address(of: provider)
    try await Self.waitForTime()
    try await billing("dispatch", "--set", url, in: folder, expecting: 0)
    let moment = FailPointMoment(call: .send, wasMade: wasTaken)
    let consumer = try BillingProcess(
      ["deliver", "--set", url], in: folder, environment: ["BILLING_FAIL_POINT": moment.text])
    #expect(try await consumer.ending().wasKilled)

    // Whoever comes next finds the call overdue, and knows no more than that.
    var list = ""
    try await becomesTrue(withinSeconds: 120) {
      try await billing("deliver", "--drain", "--set", url, in: folder, expecting: 0)
      try await billing("dispatch", "--set", url, in: folder, expecting: 0)
      list = try await billing(
        "deliveries", "list", "--state", "uncertain", "--json", in: folder, expecting: 0
      ).output
      return try text("deliveries.0.reason", in: list) == "awaitsOperator"
    }
    #expect(try number("count", in: list) == 1)
    #expect(try text("deliveries.0.reason", in: list) == "awaitsOperator")
    let key = try #require(try text("deliveries.0.key", in: list))
    #expect(try await Self.acceptances(in: folder) == (wasTaken ? [key] : []))
    let retried = try await billing(
      "deliveries", "retry", "--state", "uncertain", "--set", url, "--yes", "--why", "impatient",
      "--json", in: folder, expecting: 1)
    #expect(try number("refused.unresolved", in: retried.output) == 1)
    #expect(retried.errors.contains("resolve it first"))
    try await Self.cannotRetry(in: folder)

    try await billing(
      "deliveries", "resolve", wasTaken ? "--accepted" : "--absent", "--state", "uncertain",
      "--yes", "--why", "asked their support", in: folder, expecting: 0)
    try await billing("run", Self.month, "--real-time", "--set", url, in: folder, expecting: 0)
    #expect(try await Self.acceptances(in: folder) == [key], "once, whichever it was")
    let proof = try await billing("verify", Self.month, "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 1)
    #expect(try number("acceptedMessages", in: proof.output) == 1)
  }

  /// With nobody there to say whether the key is kept.
  private static func cannotRetry(in folder: TestFolder) async throws {
    let retried = try await billing(
      "deliveries", "retry", "--state", "uncertain", "--set",
      "providers.email.url=http://127.0.0.1:1/email", "--json", in: folder, expecting: 69)
    #expect(try number("refused.providerSilent", in: retried.output) == 1)
    #expect(retried.errors.contains("does not answer"))
  }

  /// Right before a call is made, or right after.
  private struct FailPointMoment {
    let call: PortCall
    let wasMade: Bool

    var text: String { "\(call.rawValue):\(wasMade ? "after" : "before"):1:kill" }
  }

  /// One customer, whose day has come.
  private static func rendered() async throws -> PlatformFolder {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    try folder.write(configuration, to: "billing.yaml")
    try FileManager.default.createDirectory(
      atPath: folder.file("policy"), withIntermediateDirectories: true)
    try folder.write(policy, to: "policy/policy.yaml")
    try await billing("policy", "apply", "policy", in: folder, expecting: 0)
    _ = try await platform.importSet(
      files: [
        "catalog.yaml": SmallSet.catalog(from: "2025-01"),
        "customers.csv": SmallSet.customerHeader + SmallSet.customer(1, sendDay: "1"),
        "subscriptions.csv": SmallSet.lineHeader + SmallSet.line(11, of: 1),
      ], expecting: 0)
    try await billing("settle", month, in: folder, expecting: 0)
    try await billing("render", month, in: folder, expecting: 0)
    return platform
  }

  private static func address(of provider: BillingProcess) async throws -> String {
    let line = try await provider.firstLine()
    let port = try #require(line.flatMap { Int($0) })
    return "providers.email.url=http://127.0.0.1:\(port)/email"
  }

  /// A slot that ends meanwhile would move what is to be seen to the next one.
  private static func waitForTime() async throws {
    let seoul = ZoneRules("Asia/Seoul")!  // every system knows it
    let hasTime = try await becomesTrue(withinSeconds: 120) {
      let now = SystemClock().now()
      return seoul.slot(at: now).end > now.adding(seconds: 60)
    }
    try #require(hasTime)
  }

  /// The keys of what the provider took, by its own ledger.
  private static func acceptances(in folder: TestFolder) async throws -> [String] {
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("data/providers.sqlite")))
    return try await log.list(after: 0, limit: 100).map(\.acceptance.key)
  }

  private static let configuration = """
    delivery:
      maxInFlight: 8
      leaseSeconds: 8
      leaseGuardSeconds: 6
      slotGuardSeconds: 6
      callSeconds: 4
      reapSeconds: 1

    """

  private static let policy = """
    version: 2
    templateVersion: 1
    channels: [email]
    attemptsPerChannel: 3
    backoffSeconds: 1
    maxBackoffSeconds: 2
    uncertain: atMostOnce
    masksNames: true
    dueDay: 25

    """
}
