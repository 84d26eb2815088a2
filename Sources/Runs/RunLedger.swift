package import Billing

/// Where runs are kept. Each call is one transaction; all times are the ledger's own clock.
///
/// Every call that changes something compares the run's fence first, so that who was taken over can
/// do no harm. Who works along on a run that another has meanwhile completed under the same fence
/// has lost nothing: steps answer `committed`, chunks `allDone`.
package protocol RunLedger: Sendable {
  /// Opens, resumes, joins or refuses a run. A new one gets its cutoff under the same lock as every
  /// write of inputs, and its steps and customers with it.
  func open(_ request: RunRequest) async throws -> RunOpening

  /// Extends the run's lease and those of the chunks that this worker holds.
  func renew(_ hold: RunHold, leaseSeconds: Int64) async throws -> CheckpointOutcome

  /// Ends the run's lease and gives back this worker's chunks: the next start need not wait.
  func release(_ hold: RunHold) async throws

  /// Makes a step `running`, with everything it expects and all its chunks at once. A step that is
  /// running already keeps what it has.
  func start(
    step: Int, expected: ControlTotals?, chunks: [ChunkRange], under hold: RunHold
  ) async throws -> CheckpointOutcome

  /// Never repeated by an adapter whose first try may have been done: the worker would hold a chunk
  /// that it knows nothing of, and renew it.
  func claimChunk(
    step: Int, under hold: RunHold, leaseSeconds: Int64
  ) async throws -> ClaimOutcome

  /// Gives a chunk back that failed as a whole, with the reason and the moment before which it is
  /// not tried again.
  func giveBack(
    _ chunk: ClaimedChunk, reason: String, retryAfterSeconds: Int64
  ) async throws -> CheckpointOutcome

  func complete(step: Int, actual: ControlTotals, under hold: RunHold) async throws
    -> CheckpointOutcome

  /// Seals the run. A seal is never rewritten.
  func complete(_ hold: RunHold, parked: Int64, seal: ContentHash) async throws
    -> CheckpointOutcome

  /// Ends the run as failed; what is checkpointed stays.
  func fail(_ hold: RunHold, reason: String) async throws -> CheckpointOutcome

  func run(_ key: RunKey) async throws -> RunRecord?

  /// All runs of a month, or of all months, in the order in which they were opened.
  func runs(of month: BillingMonth?) async throws -> [RunRecord]

  func steps(of run: Int64) async throws -> [StepRecord]

  /// Done chunks in order.
  func doneChunks(of run: Int64, step: Int) async throws -> [DoneChunk]

  /// The customers fixed when a supplement or a correction was opened, ascending, after one.
  func customers(of run: Int64, after: CustomerID?, limit: Int) async throws -> [CustomerID]
}
