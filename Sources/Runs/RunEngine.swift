package import Billing
package import Logging
import Synchronization

/// How runs are worked on.
package struct RunSettings: Sendable {
  /// Chunks worked on at once in this process, 1…64.
  package var workers: Int
  package var leaseSeconds: Int64
  /// Tries of one chunk before the run fails.
  package var chunkAttempts: Int
  /// The wait after a chunk's first failure; doubled after each further one.
  package var backoffSeconds: Int64
  /// This process, as other processes read it.
  package var worker: String
  package var programVersion: String
  /// Whether the process that calls itself this is known to have ended.
  package var isGone: @Sendable (String) -> Bool

  package init(
    worker: String, programVersion: String, workers: Int = 2, leaseSeconds: Int64 = 60,
    chunkAttempts: Int = 4, backoffSeconds: Int64 = 1,
    isGone: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    self.worker = worker
    self.programVersion = programVersion
    self.workers = workers
    self.leaseSeconds = leaseSeconds
    self.chunkAttempts = chunkAttempts
    self.backoffSeconds = backoffSeconds
    self.isGone = isGone
  }
}

/// One step of a run.
package struct RunStep: Sendable {
  package enum Work: Sendable {
    /// Done in one go; done again from the start if interrupted. Tells items as they are done.
    case whole(@Sendable (_ advance: @Sendable (Int64) -> Void) async throws -> ControlTotals)
    /// Cut into chunks. `plan` is asked once, `work` commits each chunk's checkpoint itself.
    case chunked(
      plan: @Sendable () async throws -> (expected: ControlTotals, chunks: [ChunkRange]),
      work: @Sendable (ClaimedChunk) async throws -> CheckpointOutcome)
  }

  package var name: String
  package var work: Work

  package init(_ name: String, _ work: Work) {
    self.name = name
    self.work = work
  }
}

/// Takes an opened run through its steps: claims chunks, keeps leases alive, tries again, and lets
/// go cleanly when cancelled. Any number of engines may work on one run.
package struct RunEngine: Sendable {
  private let ledger: any RunLedger
  private let clock: any WallClock
  private let settings: RunSettings
  private let progress: any RunProgress
  private let logger: Logger

  package init(
    ledger: any RunLedger, clock: any WallClock, settings: RunSettings,
    progress: any RunProgress, logger: Logger
  ) {
    self.ledger = ledger
    self.clock = clock
    self.settings = settings
    self.progress = progress
    self.logger = logger
  }

  /// Does every step that is not completed. When it returns, all are.
  ///
  /// A run that fails for good is recorded as failed; one that was cancelled is let go, to be gone
  /// on with by anybody.
  package func perform(_ steps: [RunStep], under hold: RunHold) async throws {
    do {
      try await withKeptLease(hold) {
        for position in steps.indices {
          try Task.checkCancellation()
          try await perform(steps[position], at: position, under: hold)
        }
      }
    } catch {
      try await settleFailure(error, under: hold)
      throw error
    }
  }

  /// Seals a run whose steps are all completed.
  package func complete(_ hold: RunHold, parked: Int64, seal: ContentHash) async throws {
    guard try await ledger.complete(hold, parked: parked, seal: seal) == .committed else {
      // Whoever worked along may have sealed it first: the same seal, since it is worked out from
      // the same checkpoints.
      if let run = try await ledger.run(hold.run.key), run.status == .completed { return }
      throw takenOver(hold)
    }
  }

  /// Records a run as failed, with what the operator has to know.
  package func fail(_ hold: RunHold, _ error: RunError) async throws {
    _ = try await ledger.fail(hold, reason: error.detail)
  }

  // MARK: Steps

  private func perform(_ step: RunStep, at position: Int, under hold: RunHold) async throws {
    let records = try await ledger.steps(of: hold.run.id)
    let record = records[position]
    guard record.status != .completed else { return }
    switch step.work {
    case .whole(let work):
      try keep(
        await ledger.start(step: position, expected: nil, chunks: [], under: hold), hold)
      progress.stepBegan(step.name, done: 0, total: record.items)
      let totals = try await work { progress.stepAdvanced(step.name, by: $0) }
      try keep(await ledger.complete(step: position, actual: totals, under: hold), hold)
    case .chunked(let plan, let work):
      try await performChunks(
        of: step.name, at: position, record: record, plan: plan, work: work, under: hold)
    }
    progress.stepEnded(step.name)
  }

  private func performChunks(
    of name: String, at position: Int, record: StepRecord,
    plan: @Sendable () async throws -> (expected: ControlTotals, chunks: [ChunkRange]),
    work: @escaping @Sendable (ClaimedChunk) async throws -> CheckpointOutcome,
    under hold: RunHold
  ) async throws {
    if record.status == .pending {
      let (expected, chunks) = try await plan()
      try keep(
        await ledger.start(step: position, expected: expected, chunks: chunks, under: hold), hold)
    }
    let started = try await ledger.steps(of: hold.run.id)[position]
    progress.stepBegan(name, done: started.itemsDone, total: started.items)
    let workers = min(settings.workers, max(1, started.chunks - started.chunksDone))
    let active = ActiveWorkers(workers)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<workers {
        group.addTask { try await workThrough(name, position, work, active, under: hold) }
      }
      try await group.waitForAll()
    }
    let done = try await ledger.doneChunks(of: hold.run.id, step: position)
    try keep(
      await ledger.complete(step: position, actual: Self.totals(of: done), under: hold), hold)
  }

  /// One worker: claims and works on chunks until none is free. The last one of the process waits
  /// until all are done, in case another process is gone, or a chunk is to be tried again.
  private func workThrough(
    _ name: String, _ position: Int,
    _ work: @Sendable (ClaimedChunk) async throws -> CheckpointOutcome, _ active: ActiveWorkers,
    under hold: RunHold
  ) async throws {
    while true {
      try Task.checkCancellation()
      switch try await ledger.claimChunk(
        step: position, under: hold, leaseSeconds: settings.leaseSeconds)
      {
      case .claimed(let chunk):
        try await attempt(chunk, of: name, work)
      case .wait:
        guard active.isLastOne() else { return }
        // Another process may be done, or gone, before its lease ends. By no moment of the ledger's
        // time: this machine's clock may be wrong, and would not wait at all.
        try await clock.sleep(milliseconds: 200)
      case .allDone:
        return
      case .lost:
        throw takenOver(hold)
      }
    }
  }

  private func attempt(
    _ chunk: ClaimedChunk, of name: String,
    _ work: @Sendable (ClaimedChunk) async throws -> CheckpointOutcome
  ) async throws {
    do {
      // `lost` is no failure: somebody else has the chunk, and this worker claims another.
      if try await work(chunk) == .committed {
        progress.stepAdvanced(name, by: Int64(chunk.range.items))
      }
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      let isFinal = (error as? StoreError).map { !$0.isRetryable } ?? false
      logger.warning(
        "chunk failed",
        metadata: [
          "run": "\(chunk.hold.run.key)", "step": "\(name)", "chunk": "\(chunk.range.index)",
          "attempt": "\(chunk.attempt)", "error": "\(error)",
        ])
      guard !isFinal, chunk.attempt < settings.chunkAttempts else {
        throw RunError(
          .chunkFailed(step: name, chunk: chunk.range.index), run: chunk.hold.run.key,
          detail:
            "chunk \(chunk.range.index) of step \(name) failed \(chunk.attempt) times: \(error)",
          cause: error)
      }
      _ = try await ledger.giveBack(
        chunk, reason: "\(error)",
        retryAfterSeconds: settings.backoffSeconds << Int64(chunk.attempt - 1))
    }
  }

  private static func totals(of chunks: [DoneChunk]) -> ControlTotals {
    var hasher = ContentHasher()
    var totals = ControlTotals(count: 0, sum: 0)
    for chunk in chunks {
      totals.count += chunk.totals.count
      totals.sum += chunk.totals.sum
      hasher.update(chunk.totals.hash)
    }
    totals.hash = hasher.finish()
    return totals
  }

  // MARK: Leases and endings

  /// Renews the lease beside the work; ends the work when the run was taken over.
  private func withKeptLease(
    _ hold: RunHold, _ work: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while true {
          try await clock.sleep(milliseconds: settings.leaseSeconds * 1000 / 3)
          try keep(await ledger.renew(hold, leaseSeconds: settings.leaseSeconds), hold)
        }
      }
      // The lease's keeper never returns: the first to end is the work, or a failure of either.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func settleFailure(_ error: any Error, under hold: RunHold) async throws {
    switch error {
    case let error as RunError:
      if case .takenOver = error.code { return }
      _ = try await ledger.fail(hold, reason: error.detail)
    case is CancellationError:
      try await ledger.release(hold)
    default:
      // Something out of reach: the run stays open, to be gone on with.
      try? await ledger.release(hold)
    }
  }

  private func keep(_ outcome: CheckpointOutcome, _ hold: RunHold) throws {
    guard outcome == .committed else { throw takenOver(hold) }
  }

  private func takenOver(_ hold: RunHold) -> RunError {
    RunError(
      .takenOver, run: hold.run.key,
      detail: "another process has taken this run over; what it had not checkpointed was dropped")
  }
}

/// How many of a process's workers still claim chunks.
private final class ActiveWorkers: Sendable {
  private let count: Mutex<Int>

  init(_ count: Int) {
    self.count = Mutex(count)
  }

  /// Whether the worker that asks is the last; if it is not, it no longer counts.
  func isLastOne() -> Bool {
    count.withLock { count in
      guard count > 1 else { return true }
      count -= 1
      return false
    }
  }
}
