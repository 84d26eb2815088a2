import Billing
import BillingTestKit
import LedgerTestKit
import Logging
import Runs
import Synchronization
import Testing

@Suite("The run engine")
struct RunEngineTests {
  private static let settings = RunSettings(
    worker: "a", programVersion: "test", backoffSeconds: 0)
  private let clock = TestClock()
  private let key = RunKey(
    job: .settlement, month: BillingMonth(year: 2026, month: 10)!, kind: .regular, sequence: 1)

  private func hold(_ ledger: TestLedger) async throws -> RunHold {
    let opening = try await ledger.ports.open(
      RunRequest(
        key: key, programVersion: "test", worker: "a", leaseSeconds: 60, steps: ["whole"]))
    switch opening {
    case .started(let hold), .resumed(let hold): return hold
    default: throw Unexpected("the run was not opened")
    }
  }

  private func engine(_ ledger: TestLedger) -> RunEngine {
    RunEngine(
      ledger: ledger.ports, clock: clock, settings: Self.settings,
      progress: SilentProgress(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test(arguments: LedgerKind.allCases)
  func `a completed step is not done again`(on kind: LedgerKind) async throws {
    let ledger = try await kind.open(clock: clock)
    let times = Mutex(0)
    let step = RunStep(
      "whole",
      .whole { _ in
        times.withLock { $0 += 1 }
        return ControlTotals(count: 1, sum: 2)
      })
    let hold = try await hold(ledger)
    try await engine(ledger).perform([step], under: hold)
    try await engine(ledger).perform([step], under: hold)
    #expect(times.withLock { $0 } == 1)
    #expect(
      try await ledger.ports.steps(of: hold.run.id)[0].actual == ControlTotals(count: 1, sum: 2))
  }

  @Test(arguments: LedgerKind.allCases)
  func `a chunk that keeps failing ends the run and names the chunk`(on kind: LedgerKind)
    async throws
  {
    let ledger = try await kind.open(clock: clock)
    let tries = Mutex(0)
    let range = ChunkRange(index: 0, lower: CustomerID(1), upper: CustomerID(2), items: 2)
    let step = RunStep(
      "chunked",
      .chunked(
        plan: { (ControlTotals(count: 2, sum: 0), [range]) },
        work: { _ in
          tries.withLock { $0 += 1 }
          throw StoreError(.unreachable, operation: "read", detail: "no answer")
        }))
    let hold = try await hold(ledger)
    await #expect(throws: RunError.self) {
      try await engine(ledger).perform([step], under: hold)
    }
    #expect(tries.withLock { $0 } == Self.settings.chunkAttempts)
    let run = try #require(try await ledger.ports.run(key))
    #expect(run.status == .failed)
    #expect(run.failure?.contains("chunk 0") == true)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a cancelled run is let go, to be gone on with at once`(on kind: LedgerKind) async throws {
    let ledger = try await kind.open(clock: clock)
    let hold = try await hold(ledger)
    let engine = engine(ledger)
    let task = Task {
      try await engine.perform(
        [
          RunStep(
            "whole",
            .whole { _ in
              try await clock.sleep(until: Timestamp(milliseconds: .max))
              return ControlTotals(count: 0, sum: 0)
            })
        ], under: hold)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    guard
      case .resumed = try await ledger.ports.open(
        RunRequest(key: key, programVersion: "test", worker: "b", leaseSeconds: 60, steps: []))
    else { throw Unexpected("the run was not let go") }
  }

  @Test(arguments: LedgerKind.allCases)
  func `work ends when the run is taken over`(on kind: LedgerKind) async throws {
    let ledger = try await kind.open(clock: clock)
    let hold = try await hold(ledger)
    let (started, begin) = AsyncStream.makeStream(of: Void.self)
    let engine = engine(ledger)
    let task = Task {
      try await engine.perform(
        [
          RunStep(
            "whole",
            .whole { _ in
              begin.yield()
              try await clock.sleep(until: Timestamp(milliseconds: .max))
              return ControlTotals(count: 0, sum: 0)
            })
        ], under: hold)
    }
    for await _ in started { break }
    _ = try await ledger.ports.open(
      RunRequest(
        key: key, programVersion: "test", worker: "b", leaseSeconds: 60, steps: [],
        isGone: { _ in true }))
    // The keeper of the lease finds out at its next renewal.
    let keepMoving = Task {
      while !Task.isCancelled {
        clock.advance(seconds: 20)
        await Task.yield()
      }
    }
    let error = await #expect(throws: RunError.self) { try await task.value }
    keepMoving.cancel()
    guard case .takenOver = error?.code else { throw Unexpected("not told of the take-over") }
  }
}
