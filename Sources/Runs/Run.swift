package import Billing

/// Which of the two jobs a run belongs to.
package enum Job: String, CaseIterable, Hashable, Sendable {
  case settlement
  case rendering

  /// The number it is stored under; never reused.
  package var code: Int {
    switch self {
    case .settlement: 1
    case .rendering: 2
    }
  }

  package init?(code: Int) {
    guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}

package enum RunKind: String, CaseIterable, Hashable, Sendable {
  /// The month as a whole.
  case regular
  /// Parked customers whose data has been mended.
  case supplement
  /// New versions for named customers (재정산).
  case correction

  /// The number it is stored under; never reused.
  package var code: Int {
    switch self {
    case .regular: 1
    case .supplement: 2
    case .correction: 3
    }
  }

  package init?(code: Int) {
    guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}

/// What a run is: unique by these four.
package struct RunKey: Hashable, Sendable, CustomStringConvertible {
  package var job: Job
  package var month: BillingMonth
  package var kind: RunKind
  /// 1, 2, … within the kind.
  package var sequence: Int

  package init(job: Job, month: BillingMonth, kind: RunKind, sequence: Int) {
    self.job = job
    self.month = month
    self.kind = kind
    self.sequence = sequence
  }

  /// `settlement:2026-10:regular:1`.
  package var description: String { "\(job.rawValue):\(month):\(kind.rawValue):\(sequence)" }
}

/// Everything that could change a run's result, fixed when it is first opened.
package struct RunPins: Hashable, Sendable {
  /// The last record number whose inputs the run sees.
  package var cutoff: Int64
  package var catalogVersion: String?
  package var policyVersion: Int?
  package var templateVersion: Int?
  package var programVersion: String

  package init(
    cutoff: Int64, catalogVersion: String?, policyVersion: Int?, templateVersion: Int?,
    programVersion: String
  ) {
    self.cutoff = cutoff
    self.catalogVersion = catalogVersion
    self.policyVersion = policyVersion
    self.templateVersion = templateVersion
    self.programVersion = programVersion
  }
}

package enum RunStatus: Int, Hashable, Sendable {
  case running = 1
  case completed = 2
  case failed = 3

  /// `running`, `completed` or `failed`.
  package var name: String {
    switch self {
    case .running: "running"
    case .completed: "completed"
    case .failed: "failed"
    }
  }
}

/// A run as the ledger holds it.
package struct RunRecord: Hashable, Sendable {
  package var id: Int64
  package var key: RunKey
  package var pins: RunPins
  package var status: RunStatus
  /// Raised by every take-over.
  package var fence: Int64
  /// Who opened it or took it over last.
  package var owner: String
  package var leaseUntil: Timestamp
  /// Why a correction was made.
  package var reason: String?
  package var startedAt: Timestamp
  /// The ledger's time then, simulated where that is: whatever the run makes counts as made then, by
  /// whomever and however often.
  package var openedAt: Timestamp
  package var completedAt: Timestamp?
  /// Items that could not be processed.
  package var parked: Int64
  /// The hash over the chunk hashes, once completed.
  package var seal: ContentHash?
  /// Why it failed.
  package var failure: String?

  /// Whether it was interrupted, or failed, and somebody went on with it.
  package var wasTakenOver: Bool { fence > 1 }

  package init(
    id: Int64, key: RunKey, pins: RunPins, status: RunStatus, fence: Int64, owner: String,
    leaseUntil: Timestamp, reason: String?, startedAt: Timestamp, openedAt: Timestamp,
    completedAt: Timestamp?, parked: Int64, seal: ContentHash?, failure: String?
  ) {
    self.id = id
    self.key = key
    self.pins = pins
    self.status = status
    self.fence = fence
    self.owner = owner
    self.leaseUntil = leaseUntil
    self.reason = reason
    self.startedAt = startedAt
    self.openedAt = openedAt
    self.completedAt = completedAt
    self.parked = parked
    self.seal = seal
    self.failure = failure
  }
}

/// The right to work on a run: the run as it was when it was opened, whose fence every commit
/// compares.
package struct RunHold: Hashable, Sendable {
  package var run: RunRecord
  /// This process, as chunks name it.
  package var worker: String

  package init(run: RunRecord, worker: String) {
    self.run = run
    self.worker = worker
  }
}

/// What is asked for when a run is started.
package struct RunRequest: Sendable {
  package var key: RunKey
  /// Without the cutoff, which the ledger fixes.
  package var catalogVersion: String?
  package var policyVersion: Int?
  package var templateVersion: Int?
  package var programVersion: String
  /// This process.
  package var worker: String
  package var leaseSeconds: Int64
  /// The names of the steps, in order.
  package var steps: [String]
  /// The customers that a supplement or a correction is about, ascending.
  package var customers: [CustomerID]
  package var reason: String?
  /// Adds this process's workers to a live run instead of refusing.
  package var joins: Bool
  /// A new run is not opened, but `held`, while a run of this job and month is not completed:
  /// compared in the transaction that would open it.
  package var excludes: Job?
  /// Whether an owner is known to be gone although its lease still runs (a process of this host
  /// that has ended). A wrong answer costs nothing: the fence decides.
  package var isGone: @Sendable (String) -> Bool

  package init(
    key: RunKey, catalogVersion: String? = nil, policyVersion: Int? = nil,
    templateVersion: Int? = nil, programVersion: String, worker: String, leaseSeconds: Int64,
    steps: [String], customers: [CustomerID] = [], reason: String? = nil, joins: Bool = false,
    excludes: Job? = nil, isGone: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    self.key = key
    self.catalogVersion = catalogVersion
    self.policyVersion = policyVersion
    self.templateVersion = templateVersion
    self.programVersion = programVersion
    self.worker = worker
    self.leaseSeconds = leaseSeconds
    self.steps = steps
    self.customers = customers
    self.reason = reason
    self.joins = joins
    self.excludes = excludes
    self.isGone = isGone
  }
}

/// What came of asking.
package enum RunOpening: Sendable {
  case started(RunHold)
  /// Taken over from an owner whose lease ended, or gone on with after a failure.
  case resumed(RunHold)
  /// Its lease is alive and this process works along.
  case joined(RunHold)
  /// Nothing to do.
  case completed(RunRecord)
  /// Somebody else is at it.
  case held(RunRecord)
}
