import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Testing

/// Real processes: thousands of uncertain e-mails whose provider never says what became of them,
/// and customers who are told by SMS meanwhile.
@Suite("A provider whose look-ups hang holds up nobody else", .serialized)
struct HangingLookUpTests {
  /// Fifty questions at once, of 5 s each: whoever asked about all of them before going on would be
  /// away for two and a half minutes.
  private static let emails = 1500
  private static let texts = 20

  @Test("the dispatcher makes its ticks, and another channel's messages go within one")
  func anotherChannelGoesOn() async throws {
    let due = try await DueMonth(customers: Self.emails)
    let folder = due.folder
    let email = try BillingProcess(
      Self.server("email") + [
        "--look-up", "unsure", "--fault", "drop-before=100%", "--fault", "hang-look-up=100%",
      ], in: folder)
    let sms = try BillingProcess(Self.server("sms"), in: folder)
    defer { for server in [email, sms] { server.send(SIGKILL) } }
    let settings = try await Self.settings(email: email, sms: sms)
    try await Self.waitForTime()
    try await billing("dispatch", in: folder, environment: settings, expecting: 0)
    // The connections of so many come about one after the other.
    var uncertain = 0
    try await becomesTrue(withinSeconds: 240) {
      let drained = try await billing(
        "deliver", "--drain", "--json", in: folder, environment: settings, expecting: 0)
      uncertain += try number("uncertain", in: drained.output) ?? 0
      return uncertain >= Self.emails
    }
    #expect(uncertain >= Self.emails)

    let dispatcher = try BillingProcess(
      ["dispatch", "--every", "10s", "--json"], in: folder, environment: settings)
    let consumer = try BillingProcess(["deliver"], in: folder, environment: settings)
    defer { for process in [dispatcher, consumer] { process.send(SIGKILL) } }
    // Made after the dispatcher's first tick, or before: only a tick queues them.
    try await Self.addTexts(to: due)
    // A tick is 10 s away at the most; the rest is for a busy machine.
    let isTold = try await becomesTrue(withinSeconds: 30) {
      try await Self.accepted(in: folder) == Self.texts
    }
    let told = try await Self.accepted(in: folder)
    #expect(isTold, "\(told) of \(Self.texts) were told")
    #expect(!dispatcher.hasEnded && !consumer.hasEnded)

    dispatcher.send(SIGTERM)
    consumer.send(SIGTERM)
    let endings = [try await dispatcher.ending(), try await consumer.ending()]
    for ending in endings { #expect(!ending.wasKilled, "\(ending.errors)") }
    #expect(endings[0].output.contains("\"queued\": \(Self.texts)"), "\(endings[0].output)")
    #expect(
      endings.contains { $0.errors.contains("does not say what became of messages") },
      "nobody was asked at all: \(endings.map(\.errors))")
    let list = try await billing(
      "deliveries", "list", "--state", "uncertain", "--json", in: folder, expecting: 0)
    #expect(try number("count", in: list.output) == Self.emails, "nothing was concluded of them")
  }

  private static func server(_ channel: String) -> [String] {
    [
      "mock-provider", "--channel", channel, "--failures", "0", "--latency-ms", "5", "--ledger",
      "\(channel).sqlite",
    ]
  }

  private static func settings(
    email: BillingProcess, sms: BillingProcess
  ) async throws -> [String: String] {
    func port(_ server: BillingProcess) async throws -> Int {
      try #require(try await server.firstLine().flatMap { Int($0) })
    }
    return [
      "BILLING_PROVIDERS_EMAIL_URL": "http://127.0.0.1:\(try await port(email))/email",
      "BILLING_PROVIDERS_SMS_URL": "http://127.0.0.1:\(try await port(sms))/sms",
      "BILLING_LOG_LEVEL": "warning",
    ]
  }

  /// Customers who are recorded late: a supplement makes their statements, and a tick queues them.
  private static func addTexts(to due: DueMonth) async throws {
    let numbers = (1...texts).map { 10_000 + $0 }
    let customers = numbers.map {
      SmallSet.customer($0, sendDay: "1").replacing("email;sms", with: "sms")
        .replacing("2025-01-01", with: "2020-01-01")
        .replacing("010-0000-\(1000 + $0)", with: "010-1234-\(1000 + $0 - 10_000)")
    }
    let lines = numbers.map { SmallSet.line($0, of: $0, from: "2020-01-01") }
    _ = try await due.platform.importSet(
      "late",
      files: [
        "customers.csv": SmallSet.customerHeader + customers.joined(),
        "subscriptions.csv": SmallSet.lineHeader + lines.joined(),
      ], expecting: 0)
    try await billing("settle", due.month, in: due.folder, expecting: 0)
    try await billing("render", due.month, in: due.folder, expecting: 0)
  }

  /// A slot that ends meanwhile would move what is to be seen to the next one.
  private static func waitForTime() async throws {
    let seoul = ZoneRules("Asia/Seoul")!  // every system knows it
    let hasTime = try await becomesTrue(withinSeconds: 420) {
      let now = SystemClock().now()
      return seoul.slot(at: now).end > now.adding(seconds: 300)
    }
    try #require(hasTime)
  }

  /// How many messages the SMS provider took.
  private static func accepted(in folder: TestFolder) async throws -> Int {
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("sms.sqlite"), readerCount: 1))
    return try await log.list(after: 0, limit: 100).count
  }
}
