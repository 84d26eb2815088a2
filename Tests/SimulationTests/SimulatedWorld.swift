import Audit
import Billing
import BillingTestKit
import Delivery
import Dispatching
import FaultInjection
import Foundation
import Importing
import Logging
import Rendering
import Runs
import Settlement
import Synchronization

@testable import EmbeddedStore

/// One month, from imported customers to the last message, with several of every process, in
/// memory and in virtual time, everything decided by one seed.
final class SimulatedWorld: Sendable {
  /// The fault that the present call meets.
  @TaskLocal static var fault: Fault?

  static let month = BillingMonth(year: 2026, month: 10)!
  /// The sending month's first moment in the catalog's zone.
  static let start = Timestamp(iso8601: "2026-11-01T00:00:00+09:00")!

  private struct State {
    var coverage = Coverage()
    var trace = TraceHash()
    var lateArrivals = 0
    var isOver = false
    var interruption: (Interruption, @Sendable () async throws -> Void)?
    var interruptibleCalls = 0
    var standing: [SimulatedNode] = []
    var lines: [String] = []
  }

  let seed: UInt64
  let loop: SimulationLoop
  let random: SeededRandom
  let ledger: EmbeddedLedger
  let statements: EmbeddedStatementStore
  let events: EventStore
  let bills = SimulatedBillStore()
  let witness = Witness()
  let invariants: Invariants
  let scenario: Scenario
  let seal = ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32))!  // 32 bytes: valid
  let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
  private let state: Mutex<State>
  private let keepsTrace: Bool

  /// - Parameter keepsTrace: whether what happened is kept as text, to be printed.
  init(seed: UInt64, loop: SimulationLoop, keepsTrace: Bool) async throws {
    self.seed = seed
    self.loop = loop
    self.keepsTrace = keepsTrace
    random = SeededRandom(seed: seed ^ 0xFA17)
    scenario = Scenario(seed: seed)
    let state = Mutex(State())
    let clock = VirtualClock(loop: loop)
    let executor: () -> any SerialExecutor = { loop.actors }
    let database = try Database(path: ":memory:", executor: executor)
    ledger = EmbeddedLedger(database: database, clock: clock)
    statements = EmbeddedStatementStore(
      database: try Database(path: ":memory:", executor: executor))
    try await ledger.migrate()
    try await statements.migrate()
    events = try await EventStore(
      database: try Database(path: ":memory:", executor: executor), clock: clock,
      partitionCount: 4)
    self.state = state
    let counted = Counted()
    invariants = Invariants(
      database, witness: witness, canBeAsked: scenario.capabilities.canBeAsked,
      now: { clock.now() }, count: { counted.count($0) })
    counted.world = self
  }

  /// What is told of a transition before the world is there to count it.
  private final class Counted: @unchecked Sendable {
    weak var world: SimulatedWorld?

    func count(_ transition: String) {
      let fault = SimulatedWorld.fault
      world?.state.withLock { $0.coverage.count(transition: transition, fault) }
    }
  }

  var coverage: Coverage { state.withLock { $0.coverage } }
  var traceHash: UInt64 { state.withLock { $0.trace.value } }
  var traceLines: [String] { state.withLock { $0.lines } }
  var isOver: Bool { state.withLock { $0.isOver } }
  func end() { state.withLock { $0.isOver = true } }

  /// Lets go of what holds on to this world: it would stay, and the folder of its people with it.
  func letGo() {
    state.withLock { state in
      state.standing = []
      state.interruption = nil
    }
  }

  /// Faults come until then; afterwards everything has to come right by itself.
  var isFaulty: Bool {
    !isInterrupted && loop.now < scenario.start.milliseconds + scenario.faultyMilliseconds
  }

  private var isInterrupted: Bool { state.withLock { $0.interruption != nil } }

  /// Whether the moment of the change has come.
  var wasInterrupted: Bool {
    state.withLock { state in
      state.interruption.map { $0.0.occurrence <= state.interruptibleCalls } ?? false
    }
  }

  /// Providers are unreliable for as long, in any case.
  var hasFaultyProviders: Bool {
    loop.now < scenario.start.milliseconds + scenario.faultyMilliseconds
  }

  func upTo(_ limit: Int) -> Int64 { Int64(random.next() % UInt64(max(1, limit))) }

  func pickFault(at call: PortCall) -> Fault? {
    // What happens seldom and matters most is met oftener than what is asked all the time.
    let rate =
      switch call {
      case .readRuns, .readDispatch, .readDelivery, .readPositions, .readInputs, .heartbeat, .poll,
        .reap, .sweep, .queueDue, .takeUnpublished:
        scenario.faultsPerThousand
      case .claim, .readBills, .intend, .send, .lookUp, .record, .release, .resolve, .takeUncertain,
        .recordInputs,
        .operate:
        scenario.faultsPerThousand * 10
      default: scenario.faultsPerThousand * 4
      }
    guard isFaulty, random.next() % 1000 < rate else { return nil }
    let possible = Fault.possible(at: call)
    return possible[Int(random.next() % UInt64(possible.count))]
  }

  func note(_ call: PortCall, _ fault: Fault?, by node: String) {
    let moment = loop.now
    state.withLock { state in
      state.coverage.count(call, fault)
      state.trace.add("\(moment) \(node) \(call.rawValue) \(fault?.rawValue ?? "")")
      if keepsTrace {
        state.lines.append(
          "\(Timestamp(milliseconds: moment)) \(node) \(call.rawValue) \(fault?.rawValue ?? "")")
      }
    }
  }

  func tell(_ line: String) {
    if keepsTrace { state.withLock { $0.lines.append(line) } }
  }

  /// Instead of faults one change comes between two transitions.
  func interrupt(at interruption: Interruption, _ body: @escaping @Sendable () async throws -> Void)
  {
    state.withLock { $0.interruption = (interruption, body) }
  }

  /// Makes the change, if its moment is now.
  func reach(_ call: PortCall, _ side: Interruption.Side) async throws {
    let body = state.withLock { state -> (@Sendable () async throws -> Void)? in
      guard let (interruption, body) = state.interruption, interruption.call == call,
        interruption.side == side
      else { return nil }
      state.interruptibleCalls += 1
      return state.interruptibleCalls == interruption.occurrence ? body : nil
    }
    try await body?()
  }

  /// Done again by a new process for as long as it fails by a fault; `nil` when it is over before.
  func insisting<Value>(
    _ name: String, _ body: (SimulatedNode) async throws -> Value
  ) async throws -> Value? {
    var lives = 0
    while !isOver, !Task.isCancelled {
      lives += 1
      do {
        return try await body(
          SimulatedNode("\(name).\(lives)", in: self, skewMilliseconds: 0))
      } catch is Crash {
      } catch let error as StoreError where error.isRetryable {
      }
      await loop.sleep(until: loop.now + 1000 + upTo(60_000))
    }
    return nil
  }

  /// A process stands still.
  func stands(_ node: SimulatedNode) { state.withLock { $0.standing.append(node) } }

  /// Those who stand still, and held what another has taken, go on now.
  func rouse(but node: SimulatedNode, by names: [String]) {
    let standing = state.withLock { $0.standing }
    let left = standing.filter { $0 === node || !$0.rouse(by: names) }
    state.withLock { $0.standing = left }
  }

  /// What happens at a moment, whoever has ended by then.
  func later(_ moment: Int64, _ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.lateArrivals += 1 }
    Task(executorPreference: loop) {
      await self.loop.sleep(until: moment)
      body()
      self.state.withLock { $0.lateArrivals -= 1 }
    }
  }

  /// The provider tells what it took, and again until somebody hears it.
  func report(_ idempotencyKey: String) {
    let moment = loop.now + upTo(1_200_000)
    state.withLock { $0.lateArrivals += 1 }
    Task(executorPreference: loop) {
      await self.loop.sleep(until: moment)
      let outcomes = try? await self.insisting("webhook \(idempotencyKey)") { node in
        try await GatedDeliveryLedger(self.ledger, gate: node).recordAccepted([
          AcceptanceEvidence(idempotencyKey: idempotencyKey, reference: idempotencyKey)
        ])
      }
      if let outcomes, outcomes.first == .unknownDelivery {
        self.invariants.violated("\(idempotencyKey): evidence for a delivery that nobody knows")
      }
      self.state.withLock { $0.lateArrivals -= 1 }
    }
  }

  var awaitsArrivals: Bool { state.withLock { $0.lateArrivals > 0 } }
}

/// A number that two runs share exactly when the same things happened in the same order (FNV-1a).
struct TraceHash: Sendable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ text: String) {
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }
}
