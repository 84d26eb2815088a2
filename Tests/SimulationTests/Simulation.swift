import Audit
import Billing
import Delivery
import FaultInjection
import Rendering

@testable import EmbeddedStore

/// One seed from beginning to end.
struct Simulation: Sendable {
  struct Result: Sendable {
    var seed: UInt64
    var violations: [String]
    var traceHash: UInt64
    var coverage: Coverage
    var steps: Int
    var accepted: Int
    var trace: [String]
    /// Whether the moment of the interruption came.
    var wasInterrupted: Bool
  }

  /// After the faults everything has to be done by then.
  private static let longestMilliseconds: Int64 = 36 * 3_600_000

  static func run(
    seed: UInt64, planting bug: PlantedBug? = nil, interrupting interruption: Interruption? = nil,
    keepsTrace: Bool = false
  ) -> Result {
    let loop = SimulationLoop(seed: seed, start: Scenario(seed: seed).start)
    let box = ResultBox()
    let ending = loop.run {
      await PlantedBug.$planted.withValue(bug) {
        do {
          let world = try await SimulatedWorld(seed: seed, loop: loop, keepsTrace: keepsTrace)
          box.world = world
          try await Simulation(world: world).live(interrupting: interruption)
        } catch {
          box.failure = "\(error)"
        }
      }
    }
    var violations = box.world?.invariants.violations ?? []
    if let failure = box.failure { violations.append("ended by \(failure)") }
    if ending != .finished { violations.append("the simulation is \(ending)") }
    defer { box.world?.letGo() }
    return Result(
      seed: seed, violations: violations, traceHash: box.world?.traceHash ?? 0,
      coverage: box.world?.coverage ?? Coverage(), steps: loop.steps,
      accepted: box.world?.witness.all.count ?? 0, trace: box.world?.traceLines ?? [],
      wasInterrupted: box.world?.wasInterrupted ?? false)
  }

  /// Written and read on the loop's thread alone.
  private final class ResultBox: @unchecked Sendable {
    var world: SimulatedWorld?
    var failure: String?
  }

  let world: SimulatedWorld
  private let seal: ContactSeal
  private let corrections = Corrections()
  private let desk: SimulatedOperator

  private init(world: SimulatedWorld) {
    self.world = world
    desk = SimulatedOperator(world)
    seal = world.seal
  }

  private func live(interrupting interruption: Interruption?) async throws {
    let people = try SimulatedPeople(world, seal: seal)
    if let interruption {
      world.interrupt(at: interruption) { try await interrupt(interruption.change, people) }
    }
    try await people.importAll()
    _ = try await world.insisting("policy") { node in
      try await PolicyAdministration(ledger: GatedRenderingLedger(world.ledger, gate: node))
        .installFirstPolicy()
    }
    let processes = Processes(world: world, seal: seal)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let scenario = world.scenario
      for number in 0..<scenario.settlers {
        start("settler\(number)", skew: skew(number), in: &group) {
          // One operator corrects; who else settles leaves that alone.
          try await processes.settle($0, corrections: number == 0 ? corrections : Corrections())
        }
        start("renderer\(number)", skew: skew(number), in: &group) {
          try await processes.render($0)
        }
      }
      for number in 0..<scenario.dispatchers {
        start("dispatcher\(number)", skew: skew(number), in: &group) {
          try await processes.dispatch($0)
        }
      }
      for number in 0..<scenario.consumers {
        start("consumer\(number)", skew: skew(number), in: &group) {
          try await processes.consume($0)
        }
      }
      if interruption == nil {
        group.addTask { try await interfere(people) }
        group.addTask { try await SimulatedAuditor(world).work() }
      }
      group.addTask { try await desk.work() }
      try await supervise()
      world.end()
      group.cancelAll()
    }
    try await prove()
  }

  /// The clock of the first of each kind is wrong.
  private func skew(_ number: Int) -> Int64 {
    number == 0 ? world.scenario.skewMilliseconds : 0
  }

  /// Started again whenever it ends, as by a service manager.
  private func start(
    _ name: String, skew: Int64 = 0, in group: inout ThrowingTaskGroup<Void, any Error>,
    _ body: @escaping @Sendable (SimulatedNode) async throws -> Void
  ) {
    group.addTask {
      var lives = 0
      while !world.isOver, !Task.isCancelled {
        lives += 1
        let node = SimulatedNode("\(name).\(lives)", in: world, skewMilliseconds: skew)
        await node.live { try await body(node) }
        await world.loop.sleep(until: world.loop.now + 1000 + world.upTo(60_000))
      }
    }
  }

  /// What people do meanwhile: customers, operators, and those who delete files by mistake.
  private func interfere(_ people: SimulatedPeople) async throws {
    let count = 3 + world.upTo(4)
    let gap = world.scenario.faultyMilliseconds / (count + 1)
    for number in 1...count {
      await world.loop.sleep(until: world.loop.now + gap / 2 + world.upTo(Int(gap)))
      if Task.isCancelled { return }
      switch world.random.next() % 5 {
      case 0:
        let person = world.scenario.people[
          Int(world.random.next() % UInt64(world.scenario.people.count))]
        try await people.changePlan(of: CustomerID(person.id))
        corrections.ask(
          Corrections.Request(customer: CustomerID(person.id), from: world.loop.now))
      case 1:
        let picked = world.random.next()
        // While bills are made, one that is not what it should be stops the run, for a person.
        if try await openItems().allSatisfy({ !$0.contains("run") && !$0.contains("rendered") }) {
          world.bills.spoil(picked, removing: picked % 2 == 0)
        }
      default: try await people.changeSomebody(mail: Int(number) + 1)
      }
    }
  }

  // MARK: After the faults

  private func supervise() async throws {
    let latest = world.loop.now + world.scenario.faultyMilliseconds + Self.longestMilliseconds
    while world.loop.now < latest, world.invariants.violations.isEmpty {
      await world.loop.sleep(until: world.loop.now + 120_000)
      world.invariants.checkMessages()
      guard !world.isFaulty, !world.awaitsArrivals, corrections.areDone, desk.isDone else {
        continue
      }
      try await desk.resolveParked()
      try await desk.redateOverdue()
      if try await openItems().isEmpty { return }
    }
    if world.invariants.violations.isEmpty {
      world.invariants.violated("not done: \(try await openItems().joined(separator: ", "))")
    }
  }

  /// What still has to happen.
  private func openItems() async throws -> [String] {
    try await world.ledger.database.read { connection in
      var items: [String] = []
      try connection.query(
        """
        SELECT 'settlement not rendered' FROM runs s WHERE s.job = 1 AND NOT EXISTS (
          SELECT 1 FROM runs r WHERE r.job = 2 AND r.month = s.month AND r.kind = s.kind
            AND r.sequence = s.sequence AND r.status = 2)
        UNION ALL SELECT 'no run' WHERE NOT EXISTS (SELECT 1 FROM runs WHERE status = 2)
        UNION ALL
        SELECT 'run ' || run_id || ' open: job ' || job || ' kind ' || kind || ' sequence '
          || sequence || ' status ' || status || ' ' || coalesce(failure, '')
        FROM runs WHERE status <> 2
        UNION ALL
        SELECT d.month || ':' || d.customer_id || ':' || d.kind || ':' || d.sequence || ' state '
          || d.state || ' ' || coalesce(d.reason, '')
        FROM deliveries d WHERE d.state IN (1, 2, 3, 4) AND NOT (d.kind = 2 AND EXISTS (
          SELECT 1 FROM deliveries e WHERE e.month = d.month AND e.customer_id = d.customer_id
            AND e.state = 7 AND e.version < d.version))
        UNION ALL SELECT 'uncertain, not parked' FROM deliveries
          WHERE state = 7 AND next_at < 9223372036854775807
        """
      ) { items.append($0.text(0)) }
      return items
    }
  }

  private func prove() async throws {
    guard world.invariants.violations.isEmpty else { return try await tellLives() }
    try await world.invariants.check()
    world.invariants.checkMessages()
    let report = try await Verification(
      ledger: world.ledger, statements: world.statements, bills: world.bills,
      acceptances: world.witness, clock: VirtualClock(loop: world.loop)
    ).verify(SimulatedWorld.month)
    guard let report else { return world.invariants.violated("nothing was settled") }
    for finding in report.findings where !SimulatedAuditor.isSpoiled(finding) {
      world.invariants.violated(
        "verify: \(finding.code) \(finding.examples.joined(separator: " "))")
    }
    if !report.runsAreComplete { world.invariants.violated("verify: a run is open") }
    for wrong in try await EndStates(world: world).faults() { world.invariants.violated(wrong) }
    for wrong in try await outdated() { world.invariants.violated("not the latest: \(wrong)") }
    if !world.invariants.violations.isEmpty { try await tellLives() }
  }

  /// Adds the lives of the deliveries to the trace.
  private func tellLives() async throws {
    for line in try await world.ledger.database.read({ connection in
      var lines: [String] = []
      try connection.query(
        """
        SELECT at, customer_id || ':' || kind || ':' || sequence || ' state ' || state
          || ' generation ' || generation || ' fence ' || fence || ' channel ' || channel || ' '
          || coalesce(reason, '') || ' ' || coalesce(who, '') FROM delivery_log
        UNION ALL SELECT opened_at, customer_id || ' attempt ' || attempt || ' channel ' || channel
          || ' outcome ' || coalesce(outcome, 0) || ' closed '
          || coalesce(datetime(closed_at / 1000, 'unixepoch'), '') FROM attempts ORDER BY 1
        """
      ) { lines.append("\(Timestamp(milliseconds: $0.integer(0))) \($0.text(1))") }
      return lines
    }) { world.tell(line) }
    for message in world.witness.all { world.tell("taken \(message.at) \(message.key)") }
  }

  /// Customers whose latest statement nobody was, or will be, told of.
  private func outdated() async throws -> [String] {
    try await world.ledger.database.read { connection in
      var customers: [String] = []
      try connection.query(
        """
        SELECT m.customer_id, max(m.version) AS latest FROM manifest m GROUP BY m.customer_id
        HAVING latest > (SELECT coalesce(max(d.version), 0) FROM deliveries d
          WHERE d.customer_id = m.customer_id AND d.state <> 10)
        """
      ) { customers.append($0.text(0)) }
      return customers
    }
  }
}
