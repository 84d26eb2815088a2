import Billing
import BillingTestKit
import Delivery
import Dispatching
import Foundation
import LedgerTestKit
import Logging
import Synchronization
import Testing

@testable import PostgresLedger

/// The plans that the server uses, of every statement that a month's deliveries meet: it says them
/// itself (`auto_explain`).
@Suite("Plans on PostgreSQL")
struct PlanTests {
  /// Also before anything was counted, and when a month has just begun.
  @Test func `no statement of dispatch and delivery reads a table from end to end`() async throws {
    let said = SaidPlans()
    let ledger = try await ledger(said)
    let events = try await dispatch(ledger)
    #expect(events.count == 40)
    let timing = DeliveryTiming.standard
    let claimed = try await ledger.claim(events, owner: "a", timing: timing)
    let intents = claimed.compactMap { outcome -> Intent? in
      guard case .claimed(let delivery) = outcome else { return nil }
      return Intent(
        key: delivery.key, generation: delivery.generation, fence: delivery.fence,
        channel: delivery.channel, sha256: delivery.sha256, recipientHash: [1], provider: "p")
    }
    #expect(intents.count == 40)
    _ = try await ledger.intend(intents, timing: timing)
    let outcomes: [SendOutcome] = [
      .accepted(reference: "r"), .rejected(code: "no"), .notAccepted(retryAfterMilliseconds: nil),
      .unknown,
    ]
    let results = intents.enumerated().map { place, intent in
      SendResult(
        key: intent.key, fence: intent.fence, attempt: 1, channel: intent.channel,
        outcome: outcomes[place % 4], jitter: 0)
    }
    _ = try await ledger.record(results)
    try await reconcile(ledger, intents, timing)
    let plans = said.plans
    #expect(plans.count > 30)
    for table in ["deliveries", "attempts", "delivery_log", "bills", "customers", "commits"] {
      let offending = plans.filter { $0.contains("Seq Scan on \(table)") }
      #expect(offending.isEmpty, "\(offending.first ?? "")")
    }
    // What is due is read in order, not sorted: a batch would read all that is left.
    let due = plans.filter { $0.contains("LockRows") && $0.contains("next_at, month") }
    #expect(!due.isEmpty)
    #expect(!due.contains { $0.contains("->  Sort") || $0.contains("->  Incremental Sort") })
    // A row is found by its whole key, not by its month.
    let byMonth = plans.first { plan in
      plan.split(separator: "\n").contains {
        $0.contains("Join Filter") && ($0.contains("customer_id") || $0.contains("attempt_id"))
      }
    }
    #expect(byMonth == nil, "\(byMonth ?? "")")
  }

  private func dispatch(_ ledger: PostgresLedger) async throws -> [DeliveryEvent] {
    let now = try await ledger.now()
    let slot = ZoneRules("UTC")!.slot(at: now)
    var request = QueueRequest(
      zone: "UTC", slot: slot, after: nil, onlyAgain: false, skipsLocked: false,
      maxLatenessSeconds: 1 << 40, limit: 20)
    guard case .batch(let waitedFor) = try await ledger.queueDue(request) else { return [] }
    request.skipsLocked = true
    guard case .batch(let free) = try await ledger.queueDue(request) else { return [] }
    let events = waitedFor.events + free.events
    _ = try await ledger.takeUnpublished(olderThanSeconds: 0, limit: 10)
    _ = try await ledger.markPublished(
      events.enumerated().map { place, event in
        PublishedMark(
          delivery: event.delivery, generation: event.generation, partition: 0,
          offset: Int64(place))
      })
    _ = try await ledger.remaining(in: slot, of: "UTC")
    return events
  }

  private func reconcile(
    _ ledger: PostgresLedger, _ intents: [Intent], _ timing: DeliveryTiming
  ) async throws {
    _ = try await ledger.reap(timing: timing, limit: 100)
    _ = try await ledger.sweep(committed: [0: 100], limit: 100)
    let uncertain = try await ledger.uncertain(limit: 100)
    _ = try await ledger.resolve(
      uncertain.map {
        Resolution(key: $0.key, generation: $0.generation, finding: .absent(jitter: 0))
      }, who: "test")
    _ = try await ledger.recordAccepted(
      intents.map {
        AcceptanceEvidence(
          idempotencyKey: $0.key.idempotencyKey(on: .email, round: 1), reference: "r")
      })
    _ = try await ledger.underWay()
    _ = try await ledger.hasPending(DeliveryScene.month)
    _ = try await ledger.waiting(at: try await ledger.now())
    _ = try await ledger.awaitedIssues(after: nil, limit: 100)
    _ = try await ledger.find(
      DeliveryQuery(states: DeliveryQuery.setAside), after: nil, limit: 100)
  }

  /// Three months have partitions; one of them has forty deliveries.
  private func ledger(_ said: SaidPlans) async throws -> PostgresLedger {
    let options =
      "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
      + "-c auto_explain.log_level=warning"
    let url = try await TestDatabase.url()
    guard var parts = URLComponents(string: url) else { throw Unexpected("not a URL") }
    parts.queryItems = (parts.queryItems ?? []) + [URLQueryItem(name: "options", value: options)]
    let database = PostgresDatabase(
      PostgresAddress(url: parts.string ?? url),
      logger: Logger(label: "plans") { _ in SaidPlans.Handler(said: said) })
    let policy = String(decoding: try JSONEncoder().encode(DeliveryPolicy.first), as: UTF8.self)
    try await database.write { connection in
      try connection.query("SELECT prepare_month(24320 + n) FROM generate_series(0, 2) AS n") { _ in
      }
      try connection.run("INSERT INTO policies VALUES (1, 2, $1)", policy)
      try connection.run("INSERT INTO delivery_zones VALUES ('UTC')")
      try connection.run(Self.customers)
      try connection.run(Self.bills)
      try connection.run(Self.deliveries, DeliveryScene.month, DeliveryScene.start)
    }
    return PostgresLedger(database: database, clock: .given(TestClock(DeliveryScene.start)))
  }

  private static let customers = """
    INSERT INTO customers (customer_id, recorded_from, name, email_sealed, email_hash,
      phone_sealed, phone_hash, send_day, quiet_mask, time_zone, locale, channels, status,
      activated_on)
    SELECT n, 1, 'N', '\\x01', '\\x01', '\\x01', '\\x01', 1, 0, 'UTC', 'en-US', 12, 1, 0
    FROM generate_series(1, 40) AS n
    """
  private static let bills = """
    INSERT INTO bills (month, customer_id, version, policy, template, channel, issue, run_id, size,
      sha256)
    SELECT 24321, n, 1, 1, 1, c, 1, 1, 10, sha256('bill') FROM generate_series(1, 40) AS n,
      generate_series(1, 2) AS c
    """
  private static let deliveries = """
    INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
      channels, channel, quiet_mask, time_zone, due_at, made_at, next_at, changed_at)
    SELECT $1, n, 1, 1, 1, 1, 1, 1, 12, 1, 0, 'UTC', $2, $2, $2, $2
    FROM generate_series(1, 40) AS n
    """
}

/// What the server says of its plans.
private final class SaidPlans: Sendable {
  private let said = Mutex<[String]>([])

  var plans: [String] { said.withLock { $0 } }

  struct Handler: LogHandler {
    let said: SaidPlans
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(said: SaidPlans) { self.said = said }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let text = event.metadata?["message"].map { "\($0)" } ?? ""
      if text.contains("plan:") { said.said.withLock { $0.append(text) } }
    }
  }
}
