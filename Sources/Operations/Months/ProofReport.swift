package import Audit
import Billing

/// The proof of a month, with what is on no bill.
package struct ProofReport: Sendable {
  package let proof: VerificationReport
  package let unbilled: UnbilledOfMonth
  package let elsewhere: UnbilledElsewhere

  package var counts: VerificationCounts { proof.counts }

  /// - Parameters:
  ///   - unbilled: what of the month is on no bill.
  ///   - elsewhere: what is recorded for months that no settlement concerns.
  package init(_ proof: VerificationReport, unbilled: UnbilledOfMonth, elsewhere: UnbilledElsewhere)
  {
    self.proof = proof
    self.unbilled = unbilled
    self.elsewhere = elsewhere
  }

  package var json: JSON {
    [
      "month": .string(proof.month.description),
      "consistent": .bool(proof.isConsistent),
      "complete": .bool(proof.isComplete),
      "sample": .bool(proof.isSample),
      "chunks": [
        "lookedAt": .integer(Int64(proof.looked.chunks)), "of": .integer(Int64(proof.looked.of)),
      ],
      "runsComplete": .bool(proof.runsAreComplete),
      "targets": .integer(counts.targets),
      "settledCustomers": .integer(counts.settledCustomers),
      "unsettled": .integer(counts.unsettled),
      "statements": .integer(counts.statements),
      "unrendered": .integer(counts.unrendered),
      "parked": .integer(counts.parked),
      "bills": .integer(counts.bills),
      "deliveries": .object(
        DeliveryState.allCases.map {
          JSON.Member(key: $0.rawValue, value: .integer(counts.deliveries[$0] ?? 0))
        }),
      "pending": .integer(counts.pending),
      "open": .integer(counts.open),
      "acceptedMessages": .integer(counts.acceptedMessages),
      "unrecordedMessages": .integer(counts.unrecordedMessages),
      "notCompared": [
        "deliveries": .integer(counts.notCompared),
        "providers": .array(proof.notCompared.map(JSON.string)),
      ],
      "unjudged": .integer(counts.unjudged),
      "unbilled": unbilled.json,
      "unbilledElsewhere": elsewhere.json,
      "findings": .array(
        proof.findings.map { finding in
          [
            "code": .string(finding.code.rawValue), "count": .integer(finding.count),
            "examples": .array(finding.examples.map(JSON.string)),
          ]
        }),
    ]
  }
}
