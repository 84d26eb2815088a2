import Billing
import Delivery
import Dispatching
import FaultInjection
import Operations
import Rendering
import Runs
import Settlement

@testable import EmbeddedStore

/// The processes of the simulation: the product's own jobs, dispatchers, consumers and reconcilers,
/// each behind its node's gate.
struct Processes: Sendable {
  private static let group = "delivery"
  let world: SimulatedWorld
  let seal: ContactSeal
  let month = SimulatedWorld.month

  // MARK: Job 1 and Job 2

  func settle(_ node: SimulatedNode, corrections: Corrections) async throws {
    let job = SettlementJob(
      ledger: GatedSettlementLedger(world.ledger, gate: node),
      store: GatedStatementStore(world.statements, gate: node), clock: node.clock,
      settings: SettlementSettings(run: runSettings(node), chunkSize: 2),
      progress: SilentProgress(), logger: world.logger)
    while !world.isOver {
      _ = try await job.settle(month, joining: true, asOf: SimulatedWorld.start)
      for correction in corrections.due(at: node.clock.loop.now) {
        _ = try await job.correct(
          month, customers: [correction.customer], reason: "simulated", joining: true)
        corrections.finish(correction)
      }
      try await node.clock.sleep(milliseconds: 500_000)
    }
  }

  func render(_ node: SimulatedNode) async throws {
    let job = RenderingJob(
      ledger: GatedRenderingLedger(world.ledger, gate: node), statements: statements(node),
      store: GatedBillStore(world.bills, gate: node), clock: node.clock,
      settings: RenderingSettings(run: runSettings(node), chunkSize: 2, batchSize: 2),
      progress: SilentProgress(), logger: world.logger)
    while !world.isOver {
      do {
        _ = try await job.render(month, joining: true)
      } catch let error as RenderingError {
        // Not settled yet, or a correction is under way.
        guard case .notSettled = error else {
          guard case .settlementOpen = error else { throw error }
          try await node.clock.sleep(milliseconds: 60_000)
          continue
        }
      }
      try await node.clock.sleep(milliseconds: 500_000)
    }
  }

  private func runSettings(_ node: SimulatedNode) -> RunSettings {
    RunSettings(
      worker: node.name, programVersion: "simulated", workers: 2, leaseSeconds: 60,
      backoffSeconds: 1)
  }

  private func statements(_ node: SimulatedNode) -> any SettledStatements {
    SimulatedStatements(store: GatedStatementStore(world.statements, gate: node))
  }

  // MARK: Dispatch and delivery

  func dispatch(_ node: SimulatedNode) async throws {
    var settings = DispatchConfiguration()
    settings.batchSize = 3
    settings.lanes = 2
    let dispatcher = Dispatcher(
      ledger: GatedDispatchLedger(world.ledger, gate: node),
      topic: GatedTopic(world.events, gate: node), configuration: settings, logger: world.logger)
    let reconciler = reconciler(node)
    let ledger = GatedRenderingLedger(world.ledger, gate: node)
    let reissuing = Reissuing(
      ledger: ledger, store: GatedBillStore(world.bills, gate: node),
      pinned: PinnedBills(ledger: ledger, statements: statements(node)), logger: world.logger)
    var nextTick = world.loop.now
    while !world.isOver {
      do {
        // As the command does: the tick before everything else.
        if world.loop.now >= nextTick {
          _ = try await dispatcher.tick()
          nextTick = world.loop.now + 1_200_000
        }
        _ = try await reconciler.pass()
        _ = try await reissuing.pass()
        _ = try await dispatcher.passRetries()
      } catch let error as StoreError where error.isRetryable {
        // As the command does: the next pass does what this one could not.
      }
      if let late = justBeforeSlotEnd() {
        nextTick = 0
        await world.loop.sleep(until: late)
      } else {
        try await node.clock.sleep(milliseconds: 120_000 + world.upTo(100_000))
      }
    }
  }

  /// Now and then a tick comes so late in a slot that what it queues is too late for it.
  private func justBeforeSlotEnd() -> Int64? {
    guard world.isFaulty, world.random.next() % 2 == 0,
      let zone = ZoneRules("Asia/Seoul")
    else { return nil }
    let now = Timestamp(milliseconds: world.loop.now)
    let late = zone.slot(at: now).end.milliseconds - 1000 - world.upTo(80_000)
    return late > world.loop.now && late < world.loop.now + 900_000 ? late : nil
  }

  func consume(_ node: SimulatedNode) async throws {
    var settings = ConsumerConfiguration()
    settings.timing = .standard
    settings.batchSize = 3
    settings.maxInFlight = 8
    settings.idleMilliseconds = 90_000
    settings.maxRetries = 5
    let feed = world.events.feed(
      group: Self.group, member: node.name, leaseMilliseconds: 240_000)
    let pinned = PinnedBills(
      ledger: GatedRenderingLedger(world.ledger, gate: node), statements: statements(node))
    let store = GatedBillStore(world.bills, gate: node)
    let consumer = Consumer(
      ConsumerParts(
        ledger: GatedDeliveryLedger(world.ledger, gate: node), feed: GatedFeed(feed, gate: node),
        bills: StoredBills(store: store), remaker: RemadeBills(bills: pinned, store: store),
        providers: providers(node), seal: seal, clock: node.clock, random: world.random),
      owner: node.name, configuration: settings, logger: world.logger)
    let reconciler = reconciler(node)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try await consumer.run(until: .stopped) }
      group.addTask {
        while !world.isOver {
          do {
            _ = try await reconciler.pass()
          } catch let error as StoreError where error.isRetryable {
            // The next pass does what this one could not.
          }
          try await node.clock.sleep(milliseconds: 300_000)
        }
      }
      group.addTask {
        // As by a deployment: told to stop, and started again when it has ended.
        await world.loop.sleep(until: world.loop.now + 900_000 + world.upTo(5_400_000))
        guard world.isFaulty else { return try await node.clock.sleep(milliseconds: 200_000_000) }
        consumer.stop()
        try await node.clock.sleep(milliseconds: 200_000_000)
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private func reconciler(_ node: SimulatedNode) -> Reconciler {
    Reconciler(
      ledger: GatedDeliveryLedger(world.ledger, gate: node),
      positions: GatedPositions(world.events.positions(of: Self.group), gate: node),
      providers: providers(node), random: world.random, timing: .standard, clock: node.clock,
      who: node.name, logger: world.logger)
  }

  private func providers(_ node: SimulatedNode) -> [Channel: any Provider] {
    Dictionary(
      uniqueKeysWithValues: Channel.allCases.map { channel in
        (
          channel,
          GatedProvider(
            SimulatedProvider(
              name: SimulatedProvider.name(of: channel), capabilities: world.scenario.capabilities,
              world: world), gate: node)
        )
      })
  }
}

/// Statements as Job 2 reads them, from a gated store.
private struct SimulatedStatements: SettledStatements {
  let store: GatedStatementStore

  func statements(_ keys: [StatementKey]) async throws -> [StoredStatement] {
    try await store.statements(keys)
  }
}
