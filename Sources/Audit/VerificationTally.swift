import Billing

/// Somebody to be looked at again, with what was wrong.
struct Suspicion: Sendable {
  var customer: CustomerID
  var isInCohort: Bool
  var offences: Set<Offence>
}

/// Which look at some customers it is.
struct Look {
  /// What was wrong in the look before. Nothing counts that was seen once only: while others work,
  /// each look may come upon something that is just being written.
  var earlier: [CustomerID: Set<Offence>] = [:]
  /// What is seen again counts.
  var decides = false
  /// There is no other.
  var isLast = false
}

/// Adds up customers that were judged, each once.
struct VerificationTally {
  private var judge: CustomerJudge
  private var counts = VerificationCounts()
  private var findings: [Finding.Code: Finding] = [:]
  private var notCompared: Set<String> = []

  init(readable: Set<String>) {
    judge = CustomerJudge(readable: readable)
  }

  /// Counts every customer of whom nothing is wrong, or nothing that the look before did not see too.
  /// Of those who changed again at the last look nothing is counted: half of it would not add up.
  ///
  /// - Returns: those who are to be looked at again.
  mutating func judge(_ evidence: Evidence, _ look: Look) -> [Suspicion] {
    var suspicions: [Suspicion] = []
    evidence.forEachCustomer { customer in
      let offences = judge.offences(in: customer)
      if offences.isEmpty { return count(customer) }
      let known = look.earlier[customer.customer] ?? []
      guard look.decides, offences.allSatisfy(known.contains) else {
        guard look.isLast else {
          suspicions.append(
            Suspicion(
              customer: customer.customer, isInCohort: customer.isInCohort, offences: Set(offences)
            ))
          return
        }
        counts.unjudged += 1
        for offence in offences where known.contains(offence) { add(offence) }
        return
      }
      count(customer)
      for offence in offences { add(offence) }
    }
    return suspicions
  }

  private mutating func count(_ evidence: CustomerEvidence) {
    if evidence.isTarget { counts.targets += 1 }
    if evidence.awaitsSettlement { counts.unsettled += 1 }
    if !evidence.statements.isEmpty { counts.settledCustomers += 1 }
    if evidence.isParked { counts.parked += 1 }
    counts.statements += Int64(evidence.statements.count)
    counts.unrendered += Int64(evidence.statements.count { !$0.isRendered })
    counts.bills += Int64(evidence.bills.count)
    counts.acceptedMessages += Int64(evidence.messages.count)
    evidence.forEachDelivery { delivery, messages in
      counts.deliveries[delivery.state, default: 0] += 1
      guard delivery.state == .accepted else {
        if delivery.isOpen { counts.unrecordedMessages += Int64(messages.count) }
        return
      }
      if messages.isEmpty, let provider = delivery.acceptedBy, !judge.readable.contains(provider) {
        counts.notCompared += 1
        notCompared.insert(provider)
      }
    } strays: { _ in
    }
  }

  private mutating func add(_ offence: Offence) {
    var finding = findings[offence.code] ?? Finding(code: offence.code, count: 0, examples: [])
    finding.count += 1
    if finding.examples.count < Finding.maximumExamples { finding.examples.append(offence.example) }
    findings[offence.code] = finding
  }

  func report(
    month: BillingMonth, looked: VerificationReport.Extent, runsAreComplete: Bool
  ) -> VerificationReport {
    VerificationReport(
      month: month, looked: looked, runsAreComplete: runsAreComplete, counts: counts,
      notCompared: notCompared.sorted(),
      findings: findings.values.sorted { $0.code.rawValue < $1.code.rawValue })
  }
}
