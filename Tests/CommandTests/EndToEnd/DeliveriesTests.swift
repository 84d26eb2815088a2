import Billing
import BillingTestKit
import Delivery
import EmbeddedStore
import Foundation
import Testing

@Suite("The operator's side, as a user types it")
struct DeliveriesTests {
  @Test("what failed is listed, tried again by two at once, and accepted; its log says who and why")
  func retried() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    try await platform.importSample(customers: 80)
    try await billing(
      "run", "2026-10", "--set", "providers.email.failures=100 %", "--set",
      "providers.sms.failures=100 %", in: folder, expecting: 0)
    let listed = try await billing(
      "deliveries", "list", "--state", "failed", "--json", in: folder, expecting: 0)
    let failed = try #require(try number("count", in: listed.output))
    #expect(failed > 60)
    let first = try #require(try text("deliveries.0.delivery", in: listed.output))
    let status = try await billing("status", "2026-10", "--json", in: folder, expecting: 0)
    let groups = try #require(try value("months.0.setAside", in: status.output) as? [[String: Any]])
    let counts = groups.filter { $0["state"] as? String == "failed" }
      .compactMap { $0["count"] as? Int }
    #expect(counts.reduce(0, +) == failed)

    let foreseen = try await billing(
      "deliveries", "retry", "--month", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try value("dryRun", in: foreseen.output) as? Bool == true)
    #expect(try number("moved.planned", in: foreseen.output) == failed)
    let still = try await billing(
      "deliveries", "list", "--state", "failed", "--json", in: folder, expecting: 0)
    #expect(try number("count", in: still.output) == failed)

    let operators = try (0..<2).map { _ in
      try BillingProcess(
        [
          "deliveries", "retry", "--month", "2026-10", "--yes", "--why", "the provider is back",
          "--who", "kim", "--json",
        ], in: folder)
    }
    var done = 0
    for process in operators {
      let ending = try await process.ending()
      #expect(ending.status == 0, "\(ending.errors)")
      done += try number("done", in: ending.output) ?? 0
    }
    #expect(done == failed)

    let certain = ["--set", "providers.email.failures=0 %"]
    let run = try await BillingProcess(["run", "2026-10", "--json"] + certain, in: folder).ending()
    #expect(run.status == 0, "\(run.errors)")
    #expect(try number("sending.deliveries.accepted", in: run.output) == failed)
    try await billing("verify", "2026-10", in: folder, expecting: 0)
    let life = try await billing("explain", "delivery", first, in: folder, expecting: 0)
    #expect(life.output.contains("operatorDecision; retry: the provider is back"))
    #expect(life.output.contains("kim"))
    #expect(life.output.contains("for the slot until"))
    #expect(life.output.contains("attempt 1: "))
    #expect(life.output.contains(":2  "), "the key of the second round")
  }

  @Test("nothing chosen, too much to look through, or no reason given, ends with 2")
  func refused() async throws {
    let platform = try await PlatformFolder()
    let refusals: [[String]] = [
      ["list"], ["list", "--limit", "5"], ["retry"],
      ["resend", "--yes", "--why", "all of them"],
      ["list", "--state", "accepted"], ["resend", "--channel", "email"],
      ["retry", "--state", "accepted", "--month", "2026-10"],
      ["resolve", "--absent", "--state", "failed"],
      ["resolve", "--state", "uncertain"],
      ["resolve", "--accepted", "--absent", "--state", "uncertain"],
      ["resolve", "--accepted", "--reference", "m-1", "--state", "uncertain"],
      ["retry", "--state", "failed", "--yes"],
      ["retry", "--state", "failed", "--yes", "--why", " "],
      ["retry", "--state", "failed", "--expect", "1-0"],
      ["list", "--state", "nonsense"], ["list", "--older-than", "2"],
    ]
    for arguments in refusals {
      let ending = try await BillingProcess(["deliveries"] + arguments, in: platform.folder)
        .ending()
      #expect(ending.status == 2, "\(arguments): \(ending.errors)")
      #expect(!ending.errors.isEmpty)
    }
    let korean = try await billing(
      "deliveries", "list", "--locale", "ko", in: platform.folder, expecting: 2)
    #expect(korean.errors.contains("조건이 없습니다"))
    try await billing("deliveries", "list", "--state", "failed", in: platform.folder, expecting: 0)
  }

  @Test("a contact is not taken into a log, and not repeated", arguments: ["en", "ko"])
  func contacts(locale: String) async throws {
    let platform = try await PlatformFolder()
    let contacts = ["kim@example.com asked", "call 010-1234-5678", "전화:01012345678"]
    let chosen = ["--state", "failed", "--locale", locale]
    for contact in contacts {
      let commands = [
        ["retry", "--why", contact], ["resend", "--yes", "--why", "ok", "--who", contact],
        [
          "resolve", "--accepted", "--month", "2026-10", "--customer", "1", "--reference", contact,
        ],
      ]
      for command in commands {
        let ending = try await BillingProcess(
          ["deliveries"] + command + (command[0] == "resolve" ? ["--locale", locale] : chosen),
          in: platform.folder
        ).ending()
        #expect(ending.status == 2, "\(command): \(ending.errors)")
        #expect(!ending.errors.contains(contact))
        #expect(ending.errors.contains(locale == "en" ? "e-mail address" : "이메일 주소"))
      }
    }
  }

  @Test("only what was foreseen is done, where that is asked for")
  func expected() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let resend = ["deliveries", "resend", "--month", "2026-10", "--json"]
    let certain = resend + ["--yes", "--why", "lost", "--expect"]
    let foreseen = try await BillingProcess(resend, in: folder).ending()
    let confirmation = try #require(try text("confirmation", in: foreseen.output))
    let other = try await BillingProcess(certain + ["2-000000000000"], in: folder).ending()
    #expect(other.status == 75)
    #expect(other.errors.contains(confirmation))
    let one = ["--customer", "1"]
    let fewer = try await BillingProcess(certain + [confirmation] + one, in: folder).ending()
    #expect(fewer.status == 75)
    let done = try await BillingProcess(certain + [confirmation], in: folder).ending()
    #expect(done.status == 0, "\(done.errors)")
    #expect(try number("resent", in: done.output) == 2)
    let again = try await BillingProcess(certain + [confirmation], in: folder).ending()
    #expect(again.status == 75)
  }

  @Test("a resend goes out once however often it is asked for, and the proof counts it as its own")
  func resent() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let command = [
      "deliveries", "resend", "--month", "2026-10", "--customer", "1", "--yes", "--why",
      "asked for it", "--json",
    ]
    let first = try await BillingProcess(command, in: folder).ending()
    #expect(try number("resent", in: first.output) == 1)
    for _ in 0..<2 {
      let again = try await BillingProcess(command, in: folder).ending()
      #expect(again.status == 1, "nothing was done")
      #expect(again.errors.contains("sent again before"))
      #expect(try number("resent", in: again.output) == 0)
      #expect(try #require(try number("refused.alreadyResent", in: again.output)) > 0)
      try await billing("run", "2026-10", in: folder, expecting: 0)
    }
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 3)
    #expect(try number("acceptedMessages", in: proof.output) == 3)
    let life = try await billing(
      "explain", "delivery", "2026-10:1:resend:1", in: folder, expecting: 0)
    #expect(life.output.contains("resend of 2026-10:1:bill:1: asked for it"))

    // A message of a delivery that nobody knows is found, by name.
    let key = "2026-10:77:resend:1:email"
    try await Self.log(key, in: folder)
    let broken = try await billing("verify", "2026-10", "--json", in: folder, expecting: 1)
    #expect(try text("findings.0.code", in: broken.output) == "acceptedWithoutDelivery")
    #expect(try text("findings.0.examples.0", in: broken.output) == "2026-10:77:resend:1")
  }

  @Test("what was too late waits on the list, and goes when an operator says so")
  func held() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-20T03:00:00Z", in: folder, expecting: 0)
    let list = try await billing("deliveries", "list", "--state", "held", in: folder, expecting: 0)
    #expect(list.output.contains("tooLate"))
    #expect(!list.output.contains("@example.com"))
    let done = try await billing(
      "deliveries", "retry", "--state", "held", "--reason", "tooLate", "--limit", "1", "--yes",
      "--why", "better late", "--json", in: folder, expecting: 0)
    #expect(try number("moved.planned", in: done.output) == 1)
    try await billing("run", "2026-10", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 1)
    #expect(try number("deliveries.held", in: proof.output) == 1)
  }

  @Test("calls of a consumer that died are resolved both ways, and the providers' ledger agrees")
  func resolved() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    try await billing("dispatch", "--at", "2026-11-10T03:00:00Z", in: folder, expecting: 0)
    let keys = try await Self.beginCalls(in: folder)
    try await billing("dispatch", "--at", "2026-11-10T03:00:31Z", in: folder, expecting: 0)
    let list = try await billing(
      "deliveries", "list", "--state", "uncertain", "--json", in: folder, expecting: 0)
    #expect(try number("count", in: list.output) == 2)
    #expect(try text("deliveries.0.key", in: list.output) == keys[0])
    let status = try await billing("status", "2026-10", in: folder, expecting: 0)
    #expect(status.output.contains("Uncertain whether they were sent: 2"))

    // The platform still asks the provider about both: nothing for an operator yet.
    for answer in ["--accepted", "--absent"] {
      let early = try await billing(
        "deliveries", "resolve", answer, "--state", "uncertain", "--yes", "--why", "impatient",
        "--json", in: folder, expecting: 1)
      #expect(try number("refused.notParked", in: early.output) == 2)
      #expect(early.errors.contains("still asks the provider"))
    }
    try await Self.park(in: folder)
    // The provider took the first, which its ledger shows only now that nobody asks any more; the
    // second never reached it.
    try await Self.log(keys[0], in: folder)
    let parked = try await billing(
      "explain", "delivery", "2026-10:1:bill:1", "--json", in: folder, expecting: 0)
    #expect(try value("nextAt", in: parked.output) is NSNull)
    try await billing(
      "deliveries", "resolve", "--accepted", "--month", "2026-10", "--customer", "1",
      "--reference", "m-1", "--yes", "--why", "their support found it", in: folder, expecting: 0)
    try await billing(
      "deliveries", "resolve", "--absent", "--month", "2026-10", "--customer", "2", "--yes",
      "--why", "their support did not", in: folder, expecting: 0)
    try await billing(
      "run", "2026-10", "--set", "providers.email.failures=0 %", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("deliveries.accepted", in: proof.output) == 2)
    #expect(try number("acceptedMessages", in: proof.output) == 2)
    let life = try await billing(
      "explain", "delivery", "2026-10:1:bill:1", "--json", in: folder, expecting: 0)
    #expect(try text("attempts.0.reference", in: life.output) == "m-1")
    #expect(life.output.contains("resolve --accepted: their support found it"))
  }

  // MARK: What stands in for a consumer that dies, and for its provider

  /// Commits the intents to send both customers' e-mails, and sends nothing; their keys.
  private static func beginCalls(in folder: TestFolder) async throws -> [String] {
    let ledger = EmbeddedLedger(
      database: try Database(path: folder.file("data/ledger.sqlite")), clock: SystemClock())
    let month = BillingMonth(year: 2026, month: 10)!  // as written
    var keys: [String] = []
    for number in Int64(1)...2 {
      let delivery = DeliveryKey(
        month: month, customer: CustomerID(number), kind: .bill, sequence: 1)
      let bill = BillKey(
        statement: StatementKey(month: month, customer: CustomerID(number), version: 1),
        policy: 1, template: 1, channel: .email)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("data/\(bill.path)")))
      let event = DeliveryEvent(
        delivery: delivery, generation: 2, bill: bill, sha256: ContentHash(of: Array(bytes)),
        slotEnd: Timestamp(iso8601: "2026-11-10T05:00:00Z")!)  // as written
      let outcome = try await ledger.claim([event], owner: "gone", timing: .standard).first
      guard case .claimed(let claimed)? = outcome else { throw Unexpected("not claimed") }
      let intent = Intent(
        key: delivery, generation: 2, fence: claimed.fence, channel: .email,
        sha256: event.sha256, recipientHash: claimed.contactHash, provider: "mock-email")
      guard case .intended? = try await ledger.intend([intent], timing: .standard).first else {
        throw Unexpected("not intended")
      }
      keys.append(claimed.idempotencyKey)
    }
    return keys
  }

  /// The reconciler gives up asking.
  private static func park(in folder: TestFolder) async throws {
    let ledger = EmbeddedLedger(
      database: try Database(path: folder.file("data/ledger.sqlite")), clock: SystemClock())
    let found = try await OperatorDesk(ledger: ledger).list(
      DeliveryQuery(states: [.uncertain]), showing: 10)
    _ = try await ledger.resolve(
      found.shown.map { Resolution(key: $0.key, generation: $0.generation, finding: .park) },
      who: "reconciler")
  }

  /// The e-mail provider took what the attempt was opened for, or what nobody ever meant to send.
  private static func log(_ key: String, in folder: TestFolder) async throws {
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(path: folder.file("data/providers.sqlite")))
    let delivery = try #require(IdempotencyKey(key)?.delivery)
    let attempt = try await Database(path: folder.file("data/ledger.sqlite"), readerCount: 1).read {
      try $0.first(
        "SELECT recipient_hash, bill_sha256 FROM attempts WHERE customer_id = ?", delivery.customer
      ) { (recipient: $0.bytes(0), content: try $0.hash(1)) }
    }
    let (recipient, content) = attempt ?? ([1], ContentHash(of: [1]))
    _ = try await log.append(
      Acceptance(
        key: key, provider: "mock-email", recipientHash: recipient, content: content,
        at: Timestamp(iso8601: "2026-11-10T03:00:01Z")!),  // as written
      knownSince: nil, isLate: { false })
  }
}
