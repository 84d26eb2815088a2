package import Billing
package import Delivery
package import Runs

/// A call of a port: what a proof can interfere with. Every call that changes something outside the
/// process has a name of its own; those that only read share one for each port.
package enum PortCall: String, CaseIterable, Sendable {
  // Runs, for both jobs.
  case openRun = "run.open"
  case renewRun = "run.renew"
  case releaseRun = "run.release"
  case startStep = "run.startStep"
  case claimChunk = "run.claimChunk"
  case giveBackChunk = "run.giveBackChunk"
  case completeStep = "run.completeStep"
  case completeRun = "run.complete"
  case failRun = "run.fail"
  case readRuns = "run.read"

  // What people do.
  case recordInputs = "import.record"
  case operate = "operator.act"
  case readOperation = "operator.read"

  // Job 1.
  case putTargets = "settle.putTargets"
  case putStatements = "settle.putStatements"
  case commitSettlement = "settle.commit"
  case readStatements = "settle.readStatements"
  case readInputs = "settle.readInputs"

  // Job 2.
  case putBills = "render.putBills"
  case makeBillsDurable = "render.makeDurable"
  case deleteBills = "render.deleteBills"
  case commitRendering = "render.commit"
  case makeDeliveries = "render.makeDeliveries"
  case recordIssues = "render.recordIssues"
  case applyPolicy = "render.applyPolicy"
  case readBills = "render.readBills"
  case readRendering = "render.read"

  // Dispatch.
  case queueDue = "dispatch.queue"
  case takeUnpublished = "dispatch.takeUnpublished"
  case publish = "dispatch.publish"
  case markPublished = "dispatch.markPublished"
  case readDispatch = "dispatch.read"

  // Delivery.
  case claim = "deliver.claim"
  case intend = "deliver.intend"
  case record = "deliver.record"
  case recordAccepted = "deliver.recordAccepted"
  case release = "deliver.release"
  case reap = "deliver.reap"
  case sweep = "deliver.sweep"
  case takeUncertain = "deliver.takeUncertain"
  case resolve = "deliver.resolve"
  case readDelivery = "deliver.read"
  case poll = "feed.poll"
  case storeOffsets = "feed.store"
  case heartbeat = "feed.heartbeat"
  case closeFeed = "feed.close"
  case readPositions = "feed.positions"
  case send = "provider.send"
  case lookUp = "provider.lookUp"

  /// Whether something outside the process is different afterwards.
  package var commits: Bool {
    switch self {
    case .readRuns, .readStatements, .readInputs, .readBills, .readRendering, .readDispatch,
      .readDelivery, .readOperation, .readPositions, .poll, .lookUp:
      false
    default: true
    }
  }

  /// Those that settle, render, dispatch and deliver make between them.
  package static let committing = allCases.filter {
    $0.commits && $0 != .recordInputs && $0 != .operate
  }
}

/// Stands before and after every call of a port.
package protocol PortGate: Sendable {
  /// Makes the call, or does something else instead: nothing, twice, later, and may fail before or
  /// after it.
  func pass<Result: Sendable>(
    _ call: PortCall, _ body: @Sendable () async throws -> Result
  ) async throws -> Result

  /// Told what a ledger answered, before the gate can lose it: for what must hold of answers.
  func saw(_ answer: PortAnswer) async throws
}

/// Answers that promise something.
package enum PortAnswer: Sendable {
  /// What the caller has for a while, that others may have had before: names of deliveries and chunks.
  case holds([String])
  case checkpoint(ClaimedChunk, CheckpointOutcome)
  case recorded([SendResult])
  /// Left to an operator.
  case parked([DeliveryKey])
}

extension PortGate {
  package func saw(_ answer: PortAnswer) async throws {}

  /// For calls that do not throw: what the caller is told when the gate does.
  func pass<Result: Sendable>(
    _ call: PortCall, otherwise: Result, _ body: @Sendable () async -> Result
  ) async -> Result {
    do {
      return try await pass(call, body)
    } catch {
      return otherwise
    }
  }
}
