package import Billing

/// What the proof counted and what it found wrong.
package struct VerificationReport: Hashable, Sendable {
  package var month: BillingMonth
  /// Only some chunks of customers were looked at.
  package var isSample: Bool
  /// No run of the month is under way or failed.
  package var runsAreComplete: Bool
  package var counts: VerificationCounts
  package var findings: [Finding]

  package init(
    month: BillingMonth, isSample: Bool, runsAreComplete: Bool, counts: VerificationCounts,
    findings: [Finding]
  ) {
    self.month = month
    self.isSample = isSample
    self.runsAreComplete = runsAreComplete
    self.counts = counts
    self.findings = findings
  }

  /// Whether the equation holds, of a month whose bills are all made.
  package var holds: Bool { runsAreComplete && nothingIsWrong && counts.unrendered == 0 }

  /// Nothing is wrong, only that bills and deliveries are still to be made: there is no proof yet.
  package var awaitsRendering: Bool { nothingIsWrong && counts.unrendered > 0 }

  private var nothingIsWrong: Bool {
    findings.isEmpty && counts.targets == counts.settledCustomers + counts.parked
  }
}

package struct VerificationCounts: Hashable, Sendable {
  package var targets: Int64 = 0
  /// Customers with at least one statement.
  package var settledCustomers: Int64 = 0
  /// All versions.
  package var statements: Int64 = 0
  /// Statements whose bills are not made yet.
  package var unrendered: Int64 = 0
  package var parked: Int64 = 0
  package var bills: Int64 = 0
  package var deliveries: [DeliveryState: Int64] = [:]
  /// By the providers' own ledgers.
  package var acceptedMessages: Int64 = 0

  package init() {}

  package var allDeliveries: Int64 { deliveries.values.reduce(0, +) }

  /// Those that the platform still has something to do about.
  package var pending: Int64 {
    deliveries.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) }
  }
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
    case acceptedTwice
    case acceptedUnknownToProvider
    case acceptedButNotRecorded
    case acceptedWithoutDelivery
    case sentInQuietSlot
    /// What a provider took is not the bill of the delivery's statement.
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
