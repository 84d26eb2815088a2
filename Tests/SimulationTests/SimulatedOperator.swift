import Billing
import Delivery
import FaultInjection
import Synchronization

@testable import EmbeddedStore

/// The operator of the simulation, who knows what a provider says on the telephone: tries again what
/// waits, resolves what is uncertain, sends again what was told, and dates anew what is overdue.
final class SimulatedOperator: Sendable {
  private static let signature = OperatorSignature(who: "operator", why: "simulated")
  private let world: SimulatedWorld
  private let visits = Mutex(0)
  private let done = Mutex(false)

  init(_ world: SimulatedWorld) { self.world = world }

  /// What is done while there are faults is done.
  var isDone: Bool { done.withLock { $0 } }

  /// Comes now and then while there are faults.
  func work() async throws {
    defer { done.withLock { $0 = true } }
    while world.isFaulty, !Task.isCancelled {
      await world.loop.sleep(until: world.loop.now + 300_000 + world.upTo(1_500_000))
      guard world.isFaulty, !Task.isCancelled else { return }
      let month = SimulatedWorld.month
      switch world.random.next() % 5 {
      case 0:
        try await act(.retry, on: DeliveryQuery(states: DeliveryQuery.setAside, month: month))
      case 1:
        try await act(
          .resend(again: false),
          on: DeliveryQuery(
            states: [.accepted, .failed], month: month,
            customer: CustomerID(world.scenario.people[Int(world.upTo(6))].id)))
      case 2: try await redate(CustomerID(world.scenario.people[Int(world.upTo(6))].id))
      default: try await resolveParked()
      }
    }
  }

  /// The due date of what a customer is still to be told is over, all of a sudden; whatever comes of
  /// that meanwhile, it is dated anew.
  private func redate(_ customer: CustomerID) async throws {
    let month = SimulatedWorld.month
    let over = month.next.firstDay.advanced(by: -1)
    _ = try await world.ledger.database.write { connection in
      try connection.run(
        """
        UPDATE deliveries SET due_date = ?1 WHERE month = ?2 AND customer_id = ?3
          AND state IN (1, 2, 8) AND due_date IS NOT NULL AND awaits_bill = 0
        """, over, month, customer)
    }
    try await act(
      .redate,
      on: DeliveryQuery(states: OperatorAction.redate.states, month: month, customer: customer))
  }

  /// What came to be held in between: a visit finds only what stands as it was listed.
  func redateOverdue() async throws {
    try await act(
      .redate,
      on: DeliveryQuery(states: [.held], month: SimulatedWorld.month, reason: .dueDatePassed))
  }

  /// In half of the seeds somebody asks the provider, once nothing is on its way to it any more.
  func resolveParked() async throws {
    guard world.seed % 2 == 0, !world.awaitsArrivals else { return }
    for parked in try await parked() {
      let isTaken = world.witness.has(parked.idempotencyKey)
      try await act(
        isTaken ? .resolveAccepted(reference: parked.idempotencyKey) : .resolveAbsent,
        on: DeliveryQuery(
          states: [.uncertain], month: parked.key.month, customer: parked.key.customer,
          channel: parked.channel))
    }
  }

  private struct Parked: Sendable {
    var key: DeliveryKey
    var channel: Channel
    var round: Int

    var idempotencyKey: String { key.idempotencyKey(on: channel, round: round) }
  }

  /// One of a customer at a time: what is found out holds for that one.
  private func parked() async throws -> [Parked] {
    let all = try await world.ledger.database.read { connection in
      var rows: [Parked] = []
      try connection.query(
        """
        SELECT month, customer_id, kind, sequence, channel, round FROM deliveries d
        WHERE state = 7 AND next_at = 9223372036854775807 AND NOT EXISTS (
          SELECT 1 FROM deliveries e WHERE e.month = d.month AND e.customer_id = d.customer_id
            AND e.state = 7 AND (e.kind, e.sequence) <> (d.kind, d.sequence))
        ORDER BY customer_id
        """
      ) { row in
        rows.append(
          Parked(
            key: try DeliveryKey(row, at: 0), channel: Channel(code: row.int(4)) ?? .email,
            round: row.int(5)))
      }
      return rows
    }
    return all
  }

  private func act(_ action: OperatorAction, on query: DeliveryQuery) async throws {
    let visit = visits.withLock { visits in
      visits += 1
      return visits
    }
    let capabilities = world.scenario.capabilities
    let request = OperatorRequest(
      action,
      providers: Dictionary(uniqueKeysWithValues: Channel.allCases.map { ($0, capabilities) }),
      timing: .standard, jitter: world.random.next())
    _ = try await world.insisting("operator\(visit)") { node in
      let desk = OperatorDesk(
        ledger: GatedOperatorLedger(world.ledger, gate: node), batchSize: 3)
      _ = try await desk.run(request, on: query, limit: nil, mode: .foresee)
      return try await desk.run(request, on: query, limit: nil, mode: .act(Self.signature))
    }
  }
}
