import Billing
import BillingTestKit
import Dispatching
import LedgerTestKit
import Testing

@testable import PostgresLedger

@Suite("Dispatch beside others on PostgreSQL", .timeLimit(.minutes(10)))
struct DispatchRaceTests {
  private static let count = 3000

  private let database: PostgresDatabase
  private let ledger: PostgresLedger
  private let watch: SessionWatch

  init() async throws {
    let url = try await TestDatabase.url()
    database = TestDatabase.open(url)
    watch = SessionWatch(url)
    ledger = PostgresLedger(database: database, clock: .given(TestClock(DeliveryScene.start)))
    try await database.write { connection in
      try connection.query("SELECT prepare_month(24321)") { _ in }
      try connection.run("INSERT INTO delivery_zones VALUES ('UTC')")
      try connection.run(
        """
        INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy,
          template, channels, channel, quiet_mask, time_zone, due_at, made_at, next_at, changed_at)
        SELECT 24321, n, 1, 1, 1, 0, 1, 1, 12, 1, 0, 'UTC', $1, $1, $1, $1
        FROM generate_series(1, $2::integer) AS n
        """, DeliveryScene.start, Self.count)
      try Self.makeBills(1...Int64(Self.count), version: 0, in: connection)
    }
  }

  /// What is read was so before the lock was had, and a bill that came in between is in none of it:
  /// it is looked for again before a delivery is said to have none.
  @Test func `deliveries that move to a bill made at the same moment are queued with it`()
    async throws
  {
    let database = database
    let mover = Task {
      var version: Int64 = 0
      while !Task.isCancelled {
        version += 1
        for first in stride(from: Int64(1), to: Int64(Self.count), by: 50) {
          try await database.write { [version] connection in
            try Self.makeBills(first...first + 49, version: version, in: connection)
            try connection.run(
              """
              UPDATE deliveries SET version = $1, generation = generation + 1
              WHERE month = 24321 AND customer_id BETWEEN $2 AND $3
              """, version, first, first + 49)
          }
        }
      }
    }
    var versions: Set<Int> = []
    for _ in 0..<10 {
      let batch = try await queueDue()
      #expect(!batch.events.isEmpty)
      #expect(batch.held == 0)
      versions.formUnion(batch.events.map(\.bill.statement.version))
      #expect(batch.events.allSatisfy { $0.sha256 == Self.hash(of: $0.bill.statement.version) })
      try await putBack()
    }
    mover.cancel()
    try await mover.value
    #expect(versions.count > 1)
  }

  @Test func `what another has in hand is passed over, and found by who waits for it`()
    async throws
  {
    try await watch.hold()
    let database = database
    async let holder: Void = database.write { connection in
      try connection.run(
        "UPDATE deliveries SET attempt = attempt WHERE month = 24321 AND customer_id <= 10")
      try SessionWatch.waitForIt(connection)
    }
    try await watch.waitingForLocks()
    let free = try await queueDue()
    #expect(free.events.count == Self.count - 10)
    #expect(free.next == nil)
    async let rest = queueDue(skipsLocked: false)
    try await watch.waitingForLocks(times: 2)
    try await watch.letGo()
    try await holder
    #expect(try await rest.events.map(\.delivery.customer.number).sorted() == Array(1...10))
  }

  private func queueDue(skipsLocked: Bool = true) async throws -> QueuedBatch {
    let slot = ZoneRules("UTC")!.slot(at: DeliveryScene.start)
    let request = QueueRequest(
      zone: "UTC", slot: slot, after: nil, onlyAgain: false, skipsLocked: skipsLocked,
      maxLatenessSeconds: 1 << 40, limit: Self.count + 1)
    guard case .batch(let batch) = try await ledger.queueDue(request) else {
      throw Unexpected("the slot was over")
    }
    return batch
  }

  private func putBack() async throws {
    _ = try await database.write { connection in
      try connection.run("UPDATE deliveries SET state = 1, queued_at = 0 WHERE month = 24321")
    }
  }

  /// A bill's hash says of which version it is.
  private static func makeBills(
    _ customers: ClosedRange<Int64>, version: Int64, in connection: PostgresConnection
  ) throws {
    try connection.run(
      """
      INSERT INTO bills
        (month, customer_id, version, policy, template, channel, issue, run_id, size, sha256)
      SELECT 24321, n, $3::bigint, 1, 1, 1, 1, 1, 10, sha256($3::bigint::text::bytea)
      FROM generate_series($1::bigint, $2::bigint) AS n
      """, customers.lowerBound, customers.upperBound, version)
  }

  private static func hash(of version: Int) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("\(version)".utf8)
    return hasher.finish()
  }
}
