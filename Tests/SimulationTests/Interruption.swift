import Billing
import FaultInjection
import Rendering
import Runs
import Settlement

@testable import EmbeddedStore

/// Something changes for every customer right before or right after a call: between two transitions
/// of their deliveries.
struct Interruption: Hashable, Sendable {
  enum Change: String, CaseIterable, Sendable {
    /// The present slot of each becomes quiet.
    case quietSlots
    case optOut
    /// Another plan from the beginning on, settled and rendered again at once.
    case correction
  }

  enum Side: String, CaseIterable, Sendable {
    case before
    case after
  }

  var change: Change
  var side: Side
  var call: PortCall
  /// The how-many-th such call.
  var occurrence: Int

  /// Calls between which a delivery goes on.
  static let calls: [PortCall] = [
    .makeDeliveries, .queueDue, .takeUnpublished, .publish, .markPublished, .claim, .readBills,
    .intend, .send, .record, .reap, .sweep, .resolve, .storeOffsets,
  ]
}

extension Simulation {
  func interrupt(_ change: Interruption.Change, _ people: SimulatedPeople) async throws {
    switch change {
    case .quietSlots: try await people.quietenAll()
    case .optOut: try await people.optOutAll()
    case .correction: try await correctAll(people)
    }
  }

  /// By somebody whom nothing disturbs.
  private func correctAll(_ people: SimulatedPeople) async throws {
    let customers = world.scenario.people.map { CustomerID($0.id) }
    for customer in customers { try await people.changePlan(of: customer) }
    let settings = RunSettings(
      worker: "interrupting", programVersion: "simulated", workers: 1, leaseSeconds: 60,
      backoffSeconds: 1)
    let clock = VirtualClock(loop: world.loop)
    _ = try await SettlementJob(
      ledger: world.ledger, store: world.statements, clock: clock,
      settings: SettlementSettings(run: settings, chunkSize: 10), progress: SilentProgress(),
      logger: world.logger
    ).correct(SimulatedWorld.month, customers: customers, reason: "simulated", joining: true)
    // Who is rendering goes on with it afterwards.
    let isRendering = try await world.ledger.runs(of: SimulatedWorld.month).contains {
      $0.key.job == .rendering && $0.status == .running
    }
    guard !isRendering else { return }
    _ = try await RenderingJob(
      ledger: world.ledger, statements: world.statements, store: world.bills, clock: clock,
      settings: RenderingSettings(run: settings, chunkSize: 10, batchSize: 10),
      progress: SilentProgress(), logger: world.logger
    ).render(SimulatedWorld.month, joining: true)
  }
}
