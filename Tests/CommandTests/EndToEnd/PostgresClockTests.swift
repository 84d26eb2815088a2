import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import Foundation
import LedgerTestKit
import Testing

/// Machines whose clocks are ten minutes ahead of the server's and ten minutes behind it: longer than
/// any lease, deadline or retry lasts.
@Suite("Clocks that are wrong, around one ledger on PostgreSQL", .serialized)
struct PostgresClockTests {
  private static let behind = -600
  private static let ahead = 600
  /// With `wrong-clock.so` in it.
  private let library: TestFolder

  /// Made by the compiler that the toolchain brings along. (libfaketime holds back timers too.)
  init() async throws {
    library = try TestFolder()
    let source = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().appendingPathComponent("../Fixtures/wrong-clock.c")
    let clang = try BillingProcess(
      executable: URL(fileURLWithPath: "/usr/bin/env"),
      ["clang", "-shared", "-fPIC", "-O", "-o", "wrong-clock.so", source.path], in: library,
      environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""])
    let ending = try await clang.ending()
    try #require(ending.status == 0, "\(ending.errors)")
  }

  @Test("of two consumers neither takes over what the other has, and nobody is told twice")
  func deliver() async throws {
    let own = OwnDatabase(try await TestDatabase.url())
    let due = try await DueMonth(customers: 80, ledger: own.url)
    let folder = due.platform.folder
    let provider = try BillingProcess(
      [
        "mock-provider", "--failures", "0", "--latency-ms", "3000", "--refuse-late", "--look-up",
        "60",
      ], in: folder)
    defer { provider.send(SIGKILL) }
    let port = try #require(try await provider.firstLine().flatMap { Int($0) })
    let settings = [
      "BILLING_PROVIDERS_EMAIL_URL": "http://127.0.0.1:\(port)/email",
      "BILLING_PROVIDERS_SMS_URL": "http://127.0.0.1:\(port)/sms",
      "BILLING_DELIVERY_MAX_IN_FLIGHT": "20",
    ]
    try await Self.waitForTime()
    try await billing("dispatch", in: folder, environment: settings, expecting: 0)

    let draining = ["deliver", "--drain", "--json"]
    let first = try await process(draining, wrongBy: Self.behind, in: folder, settings)
    let isSending = try await becomesTrue(withinSeconds: 180) {
      try await PlainPostgres.rows(
        "SELECT count(*) > 0 FROM deliveries WHERE state = 4", at: own.url) == [["t"]]
    }
    try #require(isSending)
    // The topic's member leases do go by the machines' clocks: this one takes the first one's
    // partitions for nobody's, and gets the events again of what the first one is sending.
    let second = try await process(draining, wrongBy: Self.ahead, in: folder, settings)
    var attempts: [Int] = []
    for process in [first, second] {
      let ending = try await process.ending()
      #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")
      attempts.append(try number("attempts", in: ending.output) ?? 0)
    }
    #expect(attempts.allSatisfy { $0 > 0 }, "\(attempts)")
    #expect(attempts.reduce(0, +) == 80, "\(attempts)")

    // Claimed once and begun once, whoever it was.
    let lives = try await PlainPostgres.rows(
      "SELECT fence, attempt, count(*) FROM deliveries GROUP BY 1, 2", at: own.url)
    #expect(lives == [["1", "1", "80"]])
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("data/providers.sqlite"), readerCount: 1))
    let taken = try await log.list(after: 0, limit: 1000).map(\.acceptance.key)
    #expect(taken.count == 80)
    #expect(Set(taken).count == 80)
    let proof = try await billing("verify", due.month, "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 80)
    #expect(try number("acceptedMessages", in: proof.output) == 80)
  }

  @Test("a settlement is refused to, and shared with, a machine to whose clock its lease is over")
  func settle() async throws {
    let own = OwnDatabase(try await TestDatabase.url())
    let platform = try await PlatformFolder(ledger: own.url)
    try await platform.importSample(customers: 400)
    let settling = PlatformFolder.settling([
      "--set", "settlement.chunkSize=4", "--workers", "1",
    ])
    let slowCheckpoints = ["BILLING_FAIL_POINT": "settle.commit:before:every:slow100"]
    let first = try await process(
      settling, wrongBy: Self.behind, in: platform.folder, slowCheckpoints)
    try await platform.waitUntilRunning()
    let refused = try await process(
      settling, wrongBy: Self.ahead, in: platform.folder
    ).ending()
    #expect(refused.status == 75, "\(refused.errors)")
    let joined = try await process(
      settling + ["--join"], wrongBy: Self.ahead, in: platform.folder, slowCheckpoints
    ).ending()
    #expect(joined.status == 0, "\(joined.errors)")
    let ending = try await first.ending()
    #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")

    // The run was never taken over, and no chunk was done by two.
    let run = try await PlainPostgres.rows(
      """
      SELECT (SELECT count(*) FROM runs WHERE fence = 1), (SELECT max(attempts) FROM chunks),
        (SELECT count(*) > 90 FROM chunks)
      """, at: own.url)
    #expect(run == [["1", "1", "t"]])
    let undisturbed = try await PlatformFolder()
    try await undisturbed.importSample(customers: 400)
    try await undisturbed.settle()
    #expect(try await undisturbed.export() == platform.export())
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test("a process's clock can be made wrong by as much as these tests say")
  func wrong() async throws {
    let folder = try TestFolder()
    for seconds in [Self.behind, Self.ahead] {
      let date = try await process(
        ["+%s"], wrongBy: seconds, in: folder, executable: URL(fileURLWithPath: "/bin/date"))
      let shown = try #require(
        Int(try await date.ending().output.trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(abs(shown - Int(SystemClock().now().milliseconds / 1000) - seconds) < 60)
    }
  }

  /// A process for which it is another time of day. Time passes for it as for everybody.
  private func process(
    _ arguments: [String], wrongBy seconds: Int, in folder: TestFolder,
    _ settings: [String: String] = [:], executable: URL = BillingProcess.executable
  ) async throws -> BillingProcess {
    let wrongClock = [
      "LD_PRELOAD": library.file("wrong-clock.so"),
      "WRONG_CLOCK_SECONDS": String(seconds),
    ]
    return try BillingProcess(
      executable: executable, arguments, in: folder,
      environment: settings.merging(wrongClock) { own, _ in own })
  }

  /// A slot that ends meanwhile would move what is to be seen to the next one.
  private static func waitForTime() async throws {
    let hasTime = try await becomesTrue(withinSeconds: 150) {
      let now = SystemClock().now()
      return seoul.slot(at: now).end > now.adding(seconds: 90)
    }
    try #require(hasTime)
  }
}

private let seoul = ZoneRules("Asia/Seoul")!  // every system knows it
