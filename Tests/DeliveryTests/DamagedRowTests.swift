import Billing
import BillingTestKit
import Delivery
import Dispatching
import LedgerTestKit
import Testing

@testable import EmbeddedStore
@testable import PostgresLedger

/// A row with numbers that nobody wrote ends as an error that says so, not as the end of the process.
@Suite("A damaged row")
struct DamagedRowTests {
  private func isDamage(_ body: () async throws -> Void) async throws -> Bool {
    do {
      try await body()
      return false
    } catch let error as StoreError {
      return error.kind == .corrupt
    }
  }

  private let queueing = QueueRequest(
    zone: "UTC", slot: ZoneRules("UTC")!.slot(at: DeliveryScene.start), after: nil,
    onlyAgain: false, maxLatenessSeconds: .max, limit: 10)

  @Test(
    "on SQLite",
    arguments: [
      "attempt = 9223372036854775807", "fence = -1", "generation = 2147483647", "round = 1 << 40",
      "unresolved = -9223372036854775808", "version = 1 << 33", "kind = 17", "month = 1 << 40",
    ])
  func embedded(change: String) async throws {
    let world = try await EmbeddedDeliveryWorld(clock: TestClock(DeliveryScene.start))
    try await world.seed([SeededDelivery(SeededCustomer(1))])
    _ = try await world.database.write { try $0.run("UPDATE deliveries SET state = 7, \(change)") }
    #expect(
      try await isDamage {
        _ = try await world.ledger.takeUncertain(on: .email, leaseSeconds: 60, limit: 10)
      })
    guard change.contains("generation") else { return }
    _ = try await world.database.write { try $0.run("UPDATE deliveries SET state = 1") }
    #expect(try await isDamage { _ = try await world.ledger.queueDue(queueing) })
  }

  @Test(
    "on PostgreSQL", arguments: ["attempt = -1", "fence = 2147483647", "generation = -2147483648"])
  func postgres(change: String) async throws {
    let world = try await PostgresDeliveryWorld(clock: TestClock(DeliveryScene.start))
    try await world.seed([SeededDelivery(SeededCustomer(1))])
    _ = try await world.database.write {
      try $0.run("UPDATE deliveries SET state = 7, \(change)")
    }
    #expect(
      try await isDamage {
        _ = try await world.ledger.takeUncertain(on: .email, leaseSeconds: 60, limit: 10)
      })
    _ = try await world.database.write { try $0.run("UPDATE deliveries SET state = 1") }
    if change.contains("generation") {
      #expect(try await isDamage { _ = try await world.ledger.queueDue(queueing) })
    }
  }

  /// Moments may be anything: they only saturate.
  @Test(arguments: [Int64.min, -1, 0, .max])
  func `moments are never damage`(_ moment: Int64) async throws {
    let world = try await EmbeddedDeliveryWorld(clock: TestClock(DeliveryScene.start))
    try await world.seed([SeededDelivery(SeededCustomer(1))])
    _ = try await world.database.write {
      try $0.run(
        "UPDATE deliveries SET made_at = ?1, due_at = ?1, lease_until = ?1, key_opened_at = ?1",
        moment)
    }
    guard case .batch(let batch) = try await world.ledger.queueDue(queueing) else {
      throw Unexpected("the slot was over")
    }
    #expect(batch.events.count + batch.held == 1)
    _ = try await world.ledger.reap(timing: .standard, limit: 10)
    _ = try await world.ledger.sweep(committed: [0: .max], from: nil, limit: 10)
  }
}
