/// The clock that a stage is given: the system's, a simulated one, or a test's.
///
/// Stages never ask the system for the time and never sleep by themselves.
package protocol WallClock: Sendable {
  func now() -> Timestamp

  /// Milliseconds of a clock that nobody sets and that goes on while the machine is suspended:
  /// only differences mean something, and only within a process.
  func steadyMilliseconds() -> Int64

  /// Returns when `now()` has reached the moment; throws `CancellationError` when cancelled.
  func sleep(until moment: Timestamp) async throws
}

extension WallClock {
  /// For clocks that are never set back: their time is steady itself.
  package func steadyMilliseconds() -> Int64 { now().milliseconds }

  package func sleep(milliseconds: Int64) async throws {
    try await sleep(until: now().adding(milliseconds: milliseconds))
  }
}

/// The machine's own clock.
package struct SystemClock: WallClock {
  package init() {}

  package func now() -> Timestamp {
    let sinceEpoch = clock_gettime_milliseconds()
    return Timestamp(milliseconds: sinceEpoch)
  }

  package func steadyMilliseconds() -> Int64 { clock_gettime_steady_milliseconds() }

  package func sleep(until moment: Timestamp) async throws {
    // A day at a time: the machine's clock may be set meanwhile, and no moment is too late to be
    // waited for.
    while true {
      let wait = now().milliseconds(until: moment)
      guard wait > 0 else { return try Task.checkCancellation() }
      try await Task.sleep(for: .milliseconds(min(wait, 86_400_000)))
    }
  }
}
