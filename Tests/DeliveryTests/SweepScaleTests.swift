import Billing
import BillingTestKit
import Delivery
import Foundation
import LedgerTestKit
import Testing

@testable import EmbeddedStore
@testable import PostgresLedger

/// A whole slot that nobody sent, swept in batches, alone and beside a reader who still sees how it
/// was before. `SWEEP_ROWS` says how many rows; the seconds are printed, for `docs/performance.md`.
@Suite("A sweep of a whole slot", .serialized)
struct SweepScaleTests {
  private static let count =
    ProcessInfo.processInfo.environment["SWEEP_ROWS"].flatMap { Int($0) } ?? 2000

  @Test(arguments: LedgerKind.allCases, [false, true])
  func `looks at each row once`(on kind: LedgerKind, besideOldSnapshot: Bool) async throws {
    let folder = try TestFolder()
    let clock = TestClock(DeliveryScene.start)
    switch kind {
    case .sqlite:
      let path = folder.file("ledger.sqlite")
      let world = try await EmbeddedDeliveryWorld(clock: clock, path: path)
      try await world.seed([SeededDelivery(SeededCustomer(1_000_000_000))])
      _ = try await world.database.write { connection in
        try connection.run(Self.rows(of: .sqlite), Self.count, DeliveryScene.start)
      }
      let reader = try Connection(path: path, mode: .readOnly)
      if besideOldSnapshot {
        try reader.execute("BEGIN; SELECT count(*) FROM deliveries")
      }
      try await sweep(world.ledger, clock, "SQLite", besideOldSnapshot)
      if besideOldSnapshot { try reader.execute("COMMIT") }
    case .postgres:
      let world = try await PostgresDeliveryWorld(clock: clock)
      try await world.seed([SeededDelivery(SeededCustomer(1_000_000_000))])
      _ = try await world.database.write { connection in
        try connection.run(Self.rows(of: .postgres), Self.count, DeliveryScene.start)
      }
      let reader = world.database.dedicated()
      if besideOldSnapshot {
        try await reader.run { connection in
          try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
          _ = try connection.first("SELECT count(*) FROM deliveries") { $0.int(0) }
        }
      }
      try await sweep(world.ledger, clock, "PostgreSQL", besideOldSnapshot)
      if besideOldSnapshot { try await reader.run { try $0.execute("COMMIT") } }
    }
  }

  private func sweep(
    _ ledger: any DeliveryLedger, _ clock: TestClock, _ name: String, _ besideOldSnapshot: Bool
  ) async throws {
    clock.advance(seconds: 7200)
    let began = ContinuousClock.now
    var stop: SweepStop?
    var swept = 0
    repeat {
      let step = try await ledger.sweep(committed: [0: 0], from: stop, limit: 500)
      swept += step.counts.slotOver
      stop = step.next
    } while stop != nil
    print(
      "sweep: \(name), \(Self.count) rows", besideOldSnapshot ? "beside an old snapshot" : "alone",
      ContinuousClock.now - began)
    #expect(swept == Self.count)
  }

  /// Nine in ten are published.
  private static func rows(of kind: LedgerKind) -> String {
    let (first, second) = kind == .sqlite ? ("?1", "?2") : ("$1", "$2")
    let places = kind == .sqlite ? "partition, offset" : "topic_partition, topic_offset"
    let day = kind == .sqlite ? ("due_day, ", "20758, ") : ("", "")
    let numbers =
      kind == .sqlite
      ? "(WITH RECURSIVE s (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < \(first)) SELECT n FROM s)"
      : "(SELECT * FROM generate_series(1, \(first)::integer) AS n)"
    return """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
        channels, channel, quiet_mask, time_zone, \(day.0)due_at, made_at, next_at, changed_at,
        queued_at, slot_end, \(places))
      SELECT \(DeliveryScene.month.index), n, 1, 1, 2, 1, 1, 1, 12, 1, 0, 'UTC', \(day.1)\(second),
        \(second), \(second), \(second), \(second), \(second) + 7200000,
        CASE WHEN n % 10 = 0 THEN NULL ELSE n % 12 END, CASE WHEN n % 10 = 0 THEN NULL ELSE n / 12 END
      FROM \(numbers) AS numbers
      """
  }
}
