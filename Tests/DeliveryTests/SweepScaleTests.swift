import Billing
import BillingTestKit
import Delivery
import Foundation
import LedgerTestKit
import Testing

@testable import EmbeddedStore
@testable import PostgresLedger

/// A whole slot that nobody sent, and as many events that were lost, swept in batches, alone and
/// beside a reader who still sees how it was before. `SWEEP_ROWS` says how many rows; the seconds are
/// printed, for `docs/performance.md`.
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
        try connection.run(Self.over(on: .sqlite), Self.count, DeliveryScene.start)
        try connection.run(Self.lost(on: .sqlite), Self.count, DeliveryScene.start)
      }
      let reader = try Connection(path: path, mode: .readOnly)
      if besideOldSnapshot {
        try reader.execute("BEGIN; SELECT count(*) FROM deliveries")
      }
      try await sweep(world.ledger, clock, "SQLite", besideOldSnapshot) {
        try await world.database.read { try $0.first(Self.logged) { $0.int(0) } ?? 0 }
      }
      if besideOldSnapshot { try reader.execute("COMMIT") }
    case .postgres:
      let world = try await PostgresDeliveryWorld(clock: clock)
      try await world.seed([SeededDelivery(SeededCustomer(1_000_000_000))])
      _ = try await world.database.write { connection in
        try connection.run(Self.over(on: .postgres), Self.count, DeliveryScene.start)
        try connection.run(Self.lost(on: .postgres), Self.count, DeliveryScene.start)
      }
      let reader = world.database.dedicated()
      if besideOldSnapshot {
        try await reader.run { connection in
          try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
          _ = try connection.first("SELECT count(*) FROM deliveries") { $0.int(0) }
        }
      }
      try await sweep(world.ledger, clock, "PostgreSQL", besideOldSnapshot) {
        try await world.database.read { try $0.first(Self.logged) { $0.int(0) } ?? 0 }
      }
      if besideOldSnapshot { try await reader.run { try $0.execute("COMMIT") } }
    }
  }

  private func sweep(
    _ ledger: any DeliveryLedger, _ clock: TestClock, _ name: String, _ besideOldSnapshot: Bool,
    logged: () async throws -> Int
  ) async throws {
    clock.advance(seconds: 7200)
    let before = try await logged()
    let committed = Dictionary(uniqueKeysWithValues: (0..<Self.partitions).map { ($0, Int64.max) })
    let began = ContinuousClock.now
    var stop: SweepStop?
    var (over, lost, steps) = (0, 0, 0)
    repeat {
      let step = try await ledger.sweep(committed: committed, from: stop, limit: Self.batch)
      over += step.counts.slotOver
      lost += step.counts.lostEvents
      steps += 1
      stop = step.next
    } while stop != nil
    print(
      "sweep: \(name), \(2 * Self.count) rows",
      besideOldSnapshot ? "beside an old snapshot" : "alone", ContinuousClock.now - began)
    #expect(over == Self.count && lost == Self.count)
    #expect(try await logged() - before == 2 * Self.count, "no row was handed out twice")
    // Each stop may end with a batch that is not full: two of the slot that is over, two of claims, and
    // one of each partition.
    #expect(steps <= 2 * Self.count / Self.batch + 5 + Self.partitions, "\(steps) steps")
  }

  private static let logged = "SELECT count(*) FROM delivery_log"
  private static let batch = 500
  private static let partitions = 12

  /// Nine in ten are published.
  private static func over(on kind: LedgerKind) -> String {
    rows(
      on: kind, from: 0, slotEnd: 7_200_000, state: "2",
      place: { "CASE WHEN n % 10 = 0 THEN NULL ELSE \($0) END" })
  }

  /// In a slot that goes on; one in ten was claimed by somebody who is gone.
  private static func lost(on kind: LedgerKind) -> String {
    rows(
      on: kind, from: 10_000_000, slotEnd: 21_600_000,
      state: "CASE WHEN n % 10 = 0 THEN 3 ELSE 2 END", place: { $0 })
  }

  /// Parameters: 1 how many, 2 the slot's beginning.
  private static func rows(
    on kind: LedgerKind, from first: Int, slotEnd: Int, state: String, place: (String) -> String
  ) -> String {
    let (count, start) = kind == .sqlite ? ("?1", "?2") : ("$1", "$2")
    let places = kind == .sqlite ? "partition, offset" : "topic_partition, topic_offset"
    let day = kind == .sqlite ? ("due_day, ", "20758, ") : ("", "")
    let numbers =
      kind == .sqlite
      ? "(WITH RECURSIVE s (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < \(count)) SELECT n FROM s)"
      : "(SELECT * FROM generate_series(1, \(count)::integer) AS n)"
    return """
      INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
        channels, channel, quiet_mask, time_zone, \(day.0)due_at, made_at, next_at, changed_at,
        queued_at, slot_end, \(places))
      SELECT \(DeliveryScene.month.index), n + \(first), 1, 1, \(state), 1, 1, 1, 12, 1, 0, 'UTC',
        \(day.1)\(start), \(start), \(start), \(start), \(start), \(start) + \(slotEnd),
        \(place("n % \(partitions)")), \(place("n / \(partitions)"))
      FROM \(numbers) AS numbers
      """
  }
}
