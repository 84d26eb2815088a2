import Billing
import FaultInjection
import Synchronization

/// A process of the simulation: everything it does outside itself goes through this gate, where it
/// is met by faults until the world heals. Dead, it reaches nothing any more.
final class SimulatedNode: PortGate {
  private struct State {
    var isDead = false
    /// What it held at some time, and may believe to hold still.
    var held: Set<String> = []
    var pausedSince: Int64 = 0
    var pausedUntil: Int64 = 0
    var mourner: CheckedContinuation<Void, Never>?
  }

  let name: String
  let clock: VirtualClock
  private let world: SimulatedWorld
  private let state = Mutex(State())

  init(_ name: String, in world: SimulatedWorld, skewMilliseconds: Int64) {
    self.name = name
    self.world = world
    clock = VirtualClock(loop: world.loop, skewMilliseconds: skewMilliseconds)
  }

  func pass<Result: Sendable>(
    _ call: PortCall, _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    try await enter()
    let fault = world.pickFault(at: call)
    world.note(call, fault, by: name)
    switch fault {
    case .failBefore: throw unreachable(call)
    case .delay: await world.loop.sleep(until: world.loop.now + world.upTo(8000))
    case .crashBefore: throw crash()
    case .pauseBefore: pause()
    default: break
    }
    try await enter()
    try await world.reach(call, .before)
    var result = try await body()
    if fault == .duplicate { result = try await body() }
    if call.commits {
      try await SimulatedWorld.$fault.withValue(fault) { try await world.invariants.check() }
    }
    try await world.reach(call, .after)
    switch fault {
    case .loseReply: throw unreachable(call)
    case .crashAfter: throw crash()
    case .pauseAfter: pause()
    default: break
    }
    try await enter()
    return result
  }

  /// Waits while the process stands still.
  private func enter() async throws {
    while true {
      let (isDead, until) = state.withLock { ($0.isDead, $0.pausedUntil) }
      if isDead { throw Crash() }
      guard until > world.loop.now else { return }
      await world.loop.sleep(until: until, for: self)
      // The dead are cancelled, and what the failure of its neighbour ended; a sleep that ended early
      // is not slept again for ever.
      if Task.isCancelled { throw Crash() }
    }
  }

  /// Longer than a lease, and now and then longer than everything.
  private func pause() {
    let length =
      Self.leaseMilliseconds
      + world.upTo(
        world.random.next() % 3 == 0 ? 1_800_000 : 60_000)
    state.withLock { state in
      state.pausedSince = world.loop.now
      state.pausedUntil = world.loop.now + length
    }
    world.stands(self)
  }

  /// Goes on shortly after another process took hold of what this one believes to hold: when it can
  /// do most harm.
  ///
  /// - Returns: whether it stands still no longer.
  func rouse(by names: [String]) -> Bool {
    let now = world.loop.now
    let (since, until, isTouched) = state.withLock {
      ($0.pausedSince, $0.pausedUntil, !$0.held.isDisjoint(with: names))
    }
    if until <= now { return true }
    guard isTouched, since + Self.leaseMilliseconds <= now, world.random.next() % 4 > 0 else {
      return false
    }
    let soon = min(until, now + world.upTo(1500))
    state.withLock { $0.pausedUntil = soon }
    world.loop.hasten(self, to: soon)
    return true
  }

  /// Longer than any lease that is good for one call.
  private static let leaseMilliseconds: Int64 = 61_000

  func saw(_ answer: PortAnswer) async throws {
    if case .holds(let names) = answer {
      state.withLock { $0.held.formUnion(names) }
      world.rouse(but: self, by: names)
    }
    try await world.invariants.check(answer)
  }

  private func crash() -> Crash {
    let mourner = state.withLock { state in
      state.isDead = true
      defer { state.mourner = nil }
      return state.mourner
    }
    mourner?.resume()
    return Crash()
  }

  private func unreachable(_ call: PortCall) -> StoreError {
    StoreError(.unreachable, operation: call.rawValue, detail: "simulated")
  }

  /// Runs the process until it ends, or dies.
  func live(_ body: @escaping @Sendable () async throws -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Whatever it throws, a process that ended is started again.
        try? await body()
      }
      group.addTask { await self.mourn() }
      await group.next()
      group.cancelAll()
    }
  }

  private func mourn() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { mourner in
        let isOver = state.withLock { state in
          if state.isDead || Task.isCancelled { return true }
          state.mourner = mourner
          return false
        }
        if isOver { mourner.resume() }
      }
    } onCancel: {
      let mourner = state.withLock { state in
        defer { state.mourner = nil }
        return state.mourner
      }
      mourner?.resume()
    }
  }
}
