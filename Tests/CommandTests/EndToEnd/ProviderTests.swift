import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import Foundation
import Testing

/// The mock server as a process, and consumers that speak to it.
@Suite("Providers over HTTP", .serialized)
struct ProviderTests {
  /// Runs the body with a mock server on the folder's own ledger; ends it with SIGTERM.
  private func withServer(
    _ arguments: String..., in folder: TestFolder,
    _ body: (_ settings: [String: String]) async throws -> Void
  ) async throws {
    let server = try BillingProcess(
      ["mock-provider", "--failures", "0", "--latency-ms", "20"] + arguments, in: folder)
    let port = try #require(try await server.firstLine().flatMap { Int($0) })
    do {
      try await body([
        "BILLING_PROVIDERS_EMAIL_URL": "http://127.0.0.1:\(port)/email",
        "BILLING_PROVIDERS_SMS_URL": "http://127.0.0.1:\(port)/sms",
      ])
    } catch {
      server.send(SIGKILL)
      throw error
    }
    server.send(SIGTERM)
    let ending = try await server.ending(withinSeconds: 120)
    #expect(ending.status == 0 && !ending.wasKilled, "\(ending.errors)")
  }

  /// How often the witness accepted each key.
  private func accepted(in folder: TestFolder) async throws -> [String: Int] {
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("data/providers.sqlite"), readerCount: 1))
    return try await log.list(after: 0, limit: 100_000)
      .reduce(into: [:]) { $0[$1.acceptance.key, default: 0] += 1 }
  }

  @Test("a month is delivered to the mock server, and the proof reads the server's ledger")
  func month() async throws {
    let due = try await DueMonth(customers: 300)
    try await withServer(in: due.folder) { settings in
      // A machine that starts hundreds of connections late tries again later.
      var accepted = 0
      try await becomesTrue(withinSeconds: 180) {
        let output = try await due.deliver(settings)
        accepted += try number("accepted", in: output) ?? 0
        return accepted == 300
      }
      #expect(accepted == 300)
    }
    let taken = try await accepted(in: due.folder)
    #expect(taken.values.allSatisfy { $0 == 1 })
    let proof = try await billing("verify", due.month, "--json", in: due.folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 300)
    #expect(try number("acceptedMessages", in: proof.output) == 300)
  }

  @Test("retries and the next channel carry on where the server refuses and rejects")
  func refusals() async throws {
    let due = try await DueMonth(customers: 40)
    try await withServer("--fault", "429=1-5", "--failures", "40%", in: due.folder) { settings in
      let output = try await due.deliver(settings)
      #expect(try #require(try number("retried", in: output)) > 0)
      // Rejected for good by e-mail, they go to the next channel at once or are retried later.
      #expect(try number("uncertain", in: output) == 0)
    }
    let taken = try await accepted(in: due.folder)
    #expect(taken.values.allSatisfy { $0 == 1 })
    try await billing("verify", due.month, in: due.folder, expecting: 0)
  }

  @Test("taken, and the connection dropped: on the uncertain list, and never sent again by itself")
  func dropped() async throws {
    let due = try await DueMonth(customers: 40)
    // It keeps no keys and cannot be asked.
    try await withServer("--fault", "drop-after=1-10", in: due.folder) { settings in
      let output = try await due.deliver(settings)
      #expect(try number("accepted", in: output) == 30)
      #expect(try number("uncertain", in: output) == 10)
      let again = try await due.deliver(settings)
      #expect(try number("attempts", in: again) == 0)
    }
    let accepted = try await accepted(in: due.folder)
    #expect(accepted.count == 40)
    #expect(accepted.values.allSatisfy { $0 == 1 })
    let proof = try await billing("verify", due.month, "--json", in: due.folder, expecting: 0)
    #expect(try number("deliveries.uncertain", in: proof.output) == 10)
    #expect(try number("acceptedMessages", in: proof.output) == 40)
  }

  @Test("a provider that can be asked tells what became of what was dropped")
  func askedAfterwards() async throws {
    let due = try await DueMonth(customers: 20)
    let quick = [
      "BILLING_DELIVERY_CALL_SECONDS": "2", "BILLING_DELIVERY_LEASE_GUARD_SECONDS": "3",
      "BILLING_DELIVERY_SLOT_GUARD_SECONDS": "3", "BILLING_DELIVERY_LEASE_SECONDS": "6",
    ]
    try await withServer(
      "--look-up", "0", "--refuse-late", "--fault", "drop-after=1-5", "--fault",
      "drop-before=6-10", in: due.folder
    ) { settings in
      let settings = settings.merging(quick) { first, _ in first }
      var output = try await due.deliver(settings)
      #expect(try number("uncertain", in: output) == 10)
      // The reconciler asks when the call's deadline is over; what was never taken goes again.
      let end = ContinuousClock.now + .seconds(150)
      while try await accepted(in: due.folder).count < 20, ContinuousClock.now < end {
        output = try await due.deliver(settings)
      }
    }
    let taken = try await accepted(in: due.folder)
    #expect(taken.count == 20)
    #expect(taken.values.allSatisfy { $0 == 1 })
    let proof = try await billing("verify", due.month, "--json", in: due.folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 20)
  }

  @Test("a provider that is down: tried again later, with nothing lost")
  func down() async throws {
    let due = try await DueMonth(customers: 10)
    let nobody = [
      "BILLING_PROVIDERS_EMAIL_URL": "http://127.0.0.1:1/email",
      "BILLING_PROVIDERS_SMS_URL": "http://127.0.0.1:1/sms",
    ]
    let output = try await due.deliver(nobody)
    #expect(try number("retried", in: output) == 10)
    #expect(try number("accepted", in: output) == 0)
    try await billing("verify", due.month, in: due.folder, expecting: 0)
  }

  @Test("simulated time is refused with 2, before anything is done")
  func simulated() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let provider = ["BILLING_PROVIDERS_EMAIL_URL": "http://127.0.0.1:1/email"]
    let run = try await billing(
      "run", "2026-10", in: platform.folder, environment: provider, expecting: 2)
    #expect(run.errors.contains("providers.email.url"))
    try await billing(
      "dispatch", "--at", "2026-11-03T03:00:00Z", in: platform.folder, environment: provider,
      expecting: 2)
    // Nothing was settled, and the ledger's time is still undecided.
    try await billing("render", "2026-10", in: platform.folder, expecting: 76)
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    let deliver = try await billing(
      "deliver", "--drain", "--locale", "ko", in: platform.folder, environment: provider,
      expecting: 2)
    #expect(deliver.errors.contains("모의"))
  }

  @Test("too few open files for what may be in flight is said, with 2")
  func fewFiles() async throws {
    let platform = try await PlatformFolder()
    let shell = try BillingProcess(
      executable: URL(fileURLWithPath: "/bin/sh"),
      ["-c", "ulimit -n 900 && exec \"$0\" deliver --drain", BillingProcess.executable.path],
      in: platform.folder, environment: ["BILLING_PROVIDERS_SMS_URL": "http://127.0.0.1:1/sms"])
    let ending = try await shell.ending()
    #expect(ending.status == 2)
    #expect(ending.errors.contains("10,500"))
    #expect(ending.errors.contains("delivery.maxInFlight"))
  }

  @Test(
    "a wrong address, fault, percentage or number is refused with 2",
    arguments: [
      ["dispatch", "--set", "providers.email.url=mail.example.com"],
      ["dispatch", "--set", "providers.sms.url=https://user:hunter2@h/"],
      ["mock-provider", "--fault", "explode=1"], ["mock-provider", "--failures", "120%"],
      ["mock-provider", "--port", "70000"], ["mock-provider", "--keep-keys", "long"],
    ])
  func wrongUsage(arguments: [String]) async throws {
    let platform = try await PlatformFolder()
    let ending = try await BillingProcess(arguments, in: platform.folder).ending()
    #expect(ending.status == 2)
    #expect(!ending.errors.contains("hunter2"))
  }

  @Test("an address in the clear on another machine is refused with 2, by the setting's name")
  func clearText() async throws {
    let platform = try await PlatformFolder()
    for (setting, locale) in [("providers.email.url", "en"), ("providers.sms.url", "ko")] {
      let ending = try await billing(
        "dispatch", "--set", "\(setting)=http://mail.example.com/x", "--locale", locale,
        in: platform.folder, expecting: 2)
      #expect(ending.errors.contains(setting))
      #expect(ending.errors.contains("https://"))
    }
  }

  @Test("a port that is taken is said, with 2")
  func portTaken() async throws {
    let platform = try await PlatformFolder()
    try await withServer(in: platform.folder) { settings in
      let address = try #require(settings["BILLING_PROVIDERS_EMAIL_URL"])
      let port = try #require(URL(string: address)?.port)
      let second = try await billing(
        "mock-provider", "--port", "\(port)", in: platform.folder, expecting: 2)
      #expect(second.errors.contains("--port"))
      #expect(second.output.isEmpty)
    }
  }
}

extension DueMonth {
  fileprivate func deliver(_ provider: [String: String]) async throws -> String {
    try await billing("dispatch", in: folder, environment: provider, expecting: 0)
    return try await billing(
      "deliver", "--drain", "--json", in: folder, environment: provider, expecting: 0
    ).output
  }
}
