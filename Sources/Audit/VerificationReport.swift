package import Billing

/// What the proof counted and what it found wrong.
package struct VerificationReport: Hashable, Sendable {
  /// How many of the month's chunks of customers were looked at.
  package struct Extent: Hashable, Sendable {
    package var chunks: Int
    package var of: Int

    package init(chunks: Int, of: Int) {
      self.chunks = chunks
      self.of = of
    }
  }

  package var month: BillingMonth
  package var looked: Extent
  /// No run of the month is under way or failed.
  package var runsAreComplete: Bool
  package var counts: VerificationCounts
  /// Providers whose ledgers cannot be read here, by their names: what they took was not compared.
  package var notCompared: [String]
  package var findings: [Finding]

  package init(
    month: BillingMonth, looked: Extent, runsAreComplete: Bool, counts: VerificationCounts,
    notCompared: [String], findings: [Finding]
  ) {
    self.month = month
    self.looked = looked
    self.runsAreComplete = runsAreComplete
    self.counts = counts
    self.notCompared = notCompared
    self.findings = findings
  }

  /// Only some chunks of customers were looked at.
  package var isSample: Bool { looked.chunks < looked.of }

  /// What is there agrees.
  package var isConsistent: Bool {
    findings.isEmpty
      && counts.targets == counts.settledCustomers + counts.parked + counts.unsettled
  }

  /// Every customer was told, or is accounted for: failed, suppressed, parked. Nothing is said of
  /// what contradicts itself.
  package var isComplete: Bool {
    isConsistent && stagesAreComplete && counts.open == 0 && counts.unjudged == 0
  }

  /// What is there agrees, only that statements or bills are still to be made.
  package var awaitsStages: Bool { isConsistent && !stagesAreComplete }

  private var stagesAreComplete: Bool {
    runsAreComplete && counts.unrendered == 0 && counts.unsettled == 0
  }
}

package struct VerificationCounts: Hashable, Sendable {
  package var targets: Int64 = 0
  /// Customers with at least one statement.
  package var settledCustomers: Int64 = 0
  /// Targets that a settlement under way has not come to yet.
  package var unsettled: Int64 = 0
  /// All versions.
  package var statements: Int64 = 0
  /// Statements whose bills are not made yet.
  package var unrendered: Int64 = 0
  package var parked: Int64 = 0
  package var bills: Int64 = 0
  package var deliveries: [DeliveryState: Int64] = [:]
  /// By the providers' own ledgers.
  package var acceptedMessages: Int64 = 0
  /// Among them: of deliveries whose outcome the ledger does not know yet.
  package var unrecordedMessages: Int64 = 0
  /// Accepted deliveries of providers whose own ledgers cannot be read here.
  package var notCompared: Int64 = 0
  /// Customers who were changed between every two looks at them: nothing of theirs is counted.
  package var unjudged: Int64 = 0

  package init() {}

  package var allDeliveries: Int64 { deliveries.values.reduce(0, +) }

  /// Those that the platform still has something to do about.
  package var pending: Int64 {
    deliveries.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) }
  }

  package var held: Int64 { deliveries[.held] ?? 0 }
  package var uncertain: Int64 { deliveries[.uncertain] ?? 0 }

  /// Deliveries that have not come to an end.
  package var open: Int64 { pending + held + uncertain }
}

/// Something that should not be.
package struct Finding: Hashable, Sendable {
  package static let maximumExamples = 5

  package enum Code: String, CaseIterable, Hashable, Sendable {
    case targetWithoutStatement
    case notATarget
    case settledAndParked
    case statementMissing
    case statementAltered
    case statementNotListed
    case statementWithoutBill
    case billMissing
    case billAltered
    case statementWithoutDelivery
    /// No bill is listed of the issue that it tells of.
    case deliveryWithoutBill
    case acceptedTwice
    case acceptedUnknownToProvider
    case acceptedButNotRecorded
    case acceptedWithoutDelivery
    case sentInQuietSlot
    /// What a provider took is not the bill that the delivery tells of, in that issue.
    case sentOtherContent
    /// What a provider took is not what any attempt was opened for, or for somebody else.
    case sentOtherwise
  }

  package var code: Code
  package var count: Int64
  /// The first few: customers, statements, bills or deliveries by their keys.
  package var examples: [String]

  package init(code: Code, count: Int64, examples: [String]) {
    self.code = code
    self.count = count
    self.examples = examples
  }
}
