package import Billing
package import Runs

/// The part that both jobs' ledgers share.
package protocol GatedRuns: RunLedger {
  var runs: any RunLedger { get }
  var gate: any PortGate { get }
}

extension GatedRuns {
  package func open(_ request: RunRequest) async throws -> RunOpening {
    try await gate.pass(.openRun) { try await runs.open(request) }
  }

  package func renew(_ hold: RunHold, leaseSeconds: Int64) async throws -> CheckpointOutcome {
    try await gate.pass(.renewRun) { try await runs.renew(hold, leaseSeconds: leaseSeconds) }
  }

  package func release(_ hold: RunHold) async throws {
    try await gate.pass(.releaseRun) { try await runs.release(hold) }
  }

  package func start(
    step: Int, expected: ControlTotals?, chunks: [ChunkRange], under hold: RunHold
  ) async throws -> CheckpointOutcome {
    try await gate.pass(.startStep) {
      try await runs.start(step: step, expected: expected, chunks: chunks, under: hold)
    }
  }

  package func claimChunk(
    step: Int, under hold: RunHold, leaseSeconds: Int64
  ) async throws -> ClaimOutcome {
    try await gate.pass(.claimChunk) {
      let outcome = try await runs.claimChunk(step: step, under: hold, leaseSeconds: leaseSeconds)
      if case .claimed(let chunk) = outcome {
        try await gate.saw(.holds(["\(hold.run.key) chunk \(step).\(chunk.range.index)"]))
      }
      return outcome
    }
  }

  package func giveBack(
    _ chunk: ClaimedChunk, reason: String, retryAfterSeconds: Int64
  ) async throws -> CheckpointOutcome {
    try await gate.pass(.giveBackChunk) {
      try await runs.giveBack(chunk, reason: reason, retryAfterSeconds: retryAfterSeconds)
    }
  }

  package func complete(
    step: Int, actual: ControlTotals, under hold: RunHold
  ) async throws -> CheckpointOutcome {
    try await gate.pass(.completeStep) {
      try await runs.complete(step: step, actual: actual, under: hold)
    }
  }

  package func complete(
    _ hold: RunHold, parked: Int64, seal: ContentHash
  ) async throws -> CheckpointOutcome {
    try await gate.pass(.completeRun) {
      try await runs.complete(hold, parked: parked, seal: seal)
    }
  }

  package func fail(_ hold: RunHold, reason: String) async throws -> CheckpointOutcome {
    try await gate.pass(.failRun) { try await runs.fail(hold, reason: reason) }
  }

  package func run(_ key: RunKey) async throws -> RunRecord? {
    try await gate.pass(.readRuns) { try await runs.run(key) }
  }

  package func runs(of month: BillingMonth?) async throws -> [RunRecord] {
    try await gate.pass(.readRuns) { try await runs.runs(of: month) }
  }

  package func steps(of run: Int64) async throws -> [StepRecord] {
    try await gate.pass(.readRuns) { try await runs.steps(of: run) }
  }

  package func doneChunks(of run: Int64, step: Int) async throws -> [DoneChunk] {
    try await gate.pass(.readRuns) { try await runs.doneChunks(of: run, step: step) }
  }

  package func customers(
    of run: Int64, after: CustomerID?, limit: Int
  ) async throws -> [CustomerID] {
    try await gate.pass(.readRuns) {
      try await runs.customers(of: run, after: after, limit: limit)
    }
  }
}
