package import Billing

/// What is counted twice, by two ways, and has to agree.
package struct ControlTotals: Hashable, Sendable {
  package var count: Int64
  /// Minor units; 0 where the step has no amounts.
  package var sum: Int64
  package var hash: ContentHash?

  package init(count: Int64, sum: Int64, hash: ContentHash? = nil) {
    self.count = count
    self.sum = sum
    self.hash = hash
  }
}

package enum StepStatus: Int, Hashable, Sendable {
  case pending = 1
  case running = 2
  case completed = 3

  package var name: String {
    switch self {
    case .pending: "pending"
    case .running: "running"
    case .completed: "completed"
    }
  }
}

/// A step as the ledger holds it.
package struct StepRecord: Hashable, Sendable {
  /// 0, 1, … in the run.
  package var position: Int
  package var name: String
  package var status: StepStatus
  package var startedAt: Timestamp?
  package var completedAt: Timestamp?
  package var expected: ControlTotals?
  package var actual: ControlTotals?
  /// Chunks done and in all; 0 for a step that has none.
  package var chunksDone: Int
  package var chunks: Int
  /// Items of the chunks that are done, and of all.
  package var itemsDone: Int64
  package var items: Int64

  package init(
    position: Int, name: String, status: StepStatus, startedAt: Timestamp?,
    completedAt: Timestamp?, expected: ControlTotals?, actual: ControlTotals?, chunksDone: Int,
    chunks: Int, itemsDone: Int64, items: Int64
  ) {
    self.position = position
    self.name = name
    self.status = status
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.expected = expected
    self.actual = actual
    self.chunksDone = chunksDone
    self.chunks = chunks
    self.itemsDone = itemsDone
    self.items = items
  }
}

/// An immutable range of customers, both ends included, with the number of items in it.
package struct ChunkRange: Hashable, Sendable {
  /// 0, 1, … in the step.
  package var index: Int
  package var lower: CustomerID
  package var upper: CustomerID
  package var items: Int

  package init(index: Int, lower: CustomerID, upper: CustomerID, items: Int) {
    self.index = index
    self.lower = lower
    self.upper = upper
    self.items = items
  }
}

/// A chunk that this worker may work on until its lease ends, and commit if nobody else has taken
/// it by then.
package struct ClaimedChunk: Hashable, Sendable {
  package var hold: RunHold
  package var step: Int
  package var range: ChunkRange
  /// Raised by every claim.
  package var fence: Int64
  /// 1 for the first try.
  package var attempt: Int

  package init(hold: RunHold, step: Int, range: ChunkRange, fence: Int64, attempt: Int) {
    self.hold = hold
    self.step = step
    self.range = range
    self.fence = fence
    self.attempt = attempt
  }
}

package enum ClaimOutcome: Sendable {
  case claimed(ClaimedChunk)
  /// Others hold all that is left; the earliest moment at which one may become free.
  case wait(until: Timestamp)
  /// Every chunk of the step is done.
  case allDone
  /// The run was taken over, or has ended.
  case lost
}

/// What a chunk's checkpoint says was done.
package struct ChunkTotals: Hashable, Sendable {
  /// Items that have a result.
  package var count: Int64
  package var sum: Int64
  package var hash: ContentHash
  package var parked: Int64

  package init(count: Int64, sum: Int64, hash: ContentHash, parked: Int64) {
    self.count = count
    self.sum = sum
    self.hash = hash
    self.parked = parked
  }
}

/// A done chunk with its totals.
package struct DoneChunk: Hashable, Sendable {
  package var range: ChunkRange
  package var totals: ChunkTotals

  package init(range: ChunkRange, totals: ChunkTotals) {
    self.range = range
    self.totals = totals
  }
}

package enum CheckpointOutcome: Hashable, Sendable {
  case committed
  /// The fence has moved on: somebody else has the chunk; nothing was written.
  case lost
}

extension StepRecord {
  /// From its start to its end; `nil` while it is not completed.
  package var milliseconds: Int64? {
    guard let startedAt, let completedAt else { return nil }
    return startedAt.milliseconds(until: completedAt)
  }
}
