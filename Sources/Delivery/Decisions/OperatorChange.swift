package import Billing

/// A delivery's customer as they can be told now, for an operator.
package struct CustomerReach: Sendable {
  package let customer: CurrentCustomer
  package let zone: ZoneRules
  /// The customer's channels, in order of preference.
  package let usable: [Channel]
  /// Why the customer cannot be told at all; `nil` when they can.
  package let suppression: DeliveryReason?
  /// Of the contact for the delivery's channel; `nil` where that has none.
  package let contactHash: [UInt8]?

  package init(
    _ customer: CurrentCustomer, zone: ZoneRules, policy: DeliveryPolicy, contactHash: [UInt8]?
  ) {
    self.customer = customer
    self.zone = zone
    self.contactHash = contactHash
    usable = customer.usable(under: policy)
    suppression = customer.suppression(usable: usable)
  }
}

/// What an operator's action makes of a delivery.
extension DeliveryRecord {
  /// Whether it is as it was when it was found; otherwise nothing is done.
  package func stands(as found: FoundDelivery) -> Bool {
    state == found.state && generation == found.generation
  }

  /// - Parameters:
  ///   - notAfter: until when its latest call could reach the provider; `nil` before the first.
  ///   - others: the customer's other deliveries of the month.
  package func operatorFacts(
    _ reach: CustomerReach, policy: DeliveryPolicy, notAfter: Timestamp?,
    others: [OperatorDecision.Other], at now: Timestamp
  ) -> OperatorDecision.Facts {
    OperatorDecision.Facts(
      key: key, state: state, version: version, isBegun: isBegun, round: round, channel: channel,
      unresolved: unresolved, isParked: isParked, keyOpenedAt: keyOpenedAt, notAfter: notAfter,
      recipientStands: recipientHash == reach.contactHash, uncertainRule: policy.uncertain,
      others: others, usable: reach.usable, suppression: reach.suppression, issue: issue,
      redatedTo: DueDate.decide(
        of: key.month, sendDay: reach.customer.sendDay, zone: reach.zone, madeAt: now,
        policy: policy))
  }

  /// Does what was decided. Of `.resend` that is what becomes of the original; the new delivery is
  /// `resend(on:sequence:to:at:)` of it. `.accept` closes the attempt that nobody knows the outcome
  /// of.
  package mutating func follow(
    _ decision: OperatorDecision, _ reach: CustomerReach, policy: DeliveryPolicy, jitter: UInt64,
    at now: Timestamp
  ) -> OperatorOutcome {
    switch decision {
    case .refuse(let refusal): return .refused(refusal)
    case .plan(let channel, let round):
      beginAnew(on: channel, round: round, at: now)
      copy(reach.customer, usable: reach.usable, zone: reach.zone)
      issue.goesPastDue = true
    case .redate(let channel, let round, let dueDate):
      beginAnew(on: channel, round: round, at: now)
      copy(reach.customer, usable: reach.usable, zone: reach.zone)
      issue = issue.next(dueDate: dueDate)
      // It may still be early.
      nextAt = max(now, dueAt)
    case .planUnderSameKey:
      state = .planned
      reason = .operatorDecision
      letGo(byOperatorAt: now)
      issue.goesPastDue = true
    case .followAbsence:
      followAbsence(
        by: policy, jitter: jitter &+ key.customer.spread, contactHash: reach.contactHash, at: now)
      letGo(byOperatorAt: now, keepingTime: true)
    case .accept:
      _ = accept(on: channel ?? .email)
    case .resend(_, let sequence):
      giveWay()
      return .made(resendKey(sequence))
    }
    return .moved(state)
  }

  /// From the beginning, under keys that were never used where it had any.
  package mutating func beginAnew(on channel: Channel, round: Int, at now: Timestamp) {
    precondition(unresolved == 0, "no new key while an attempt may have been taken")
    state = .planned
    reason = .operatorDecision
    self.round = round
    self.channel = channel
    closed = []
    channelAttempts = 0
    forgetKey()
    letGo(byOperatorAt: now)
  }

  /// Goes on by an operator's decision: it is not late again at once, and where it is planned it is
  /// dispatched at once, not only at the next tick.
  ///
  /// - Parameter keepingTime: it has to wait for its next attempt.
  package mutating func letGo(byOperatorAt now: Timestamp, keepingTime: Bool = false) {
    letGo()
    generation += 1
    madeAt = now
    if !keepingTime { nextAt = now }
    if state == .planned { queuedAt = Self.queuedLongAgo }
  }

  // MARK: Sending again

  /// A new delivery of the same bill, with what the customer's data are now.
  package func resend(
    on channel: Channel, sequence: Int, to reach: CustomerReach, at now: Timestamp
  ) -> DeliveryRecord {
    var record = DeliveryRecord(
      made: resendKey(sequence), state: .planned, reason: .operatorDecision, version: version,
      // What was told once is told again, whenever that is.
      issue: BillIssue(number: issue.number, dueDate: nil), policy: policy, template: template,
      usable: reach.usable, channel: channel,
      quiet: reach.customer.quiet, timeZone: reach.customer.timeZone, dueAt: now, at: now)
    record.queuedAt = Self.queuedLongAgo
    return record
  }

  private func resendKey(_ sequence: Int) -> DeliveryKey {
    DeliveryKey(month: key.month, customer: key.customer, kind: .resend, sequence: sequence)
  }

  /// A failed one gives way, so that nobody tries it again beside the resend; so does a suppressed
  /// one, which the customer's next change could bring back.
  private mutating func giveWay() {
    guard state == .failed || state == .suppressed else { return }
    state = .superseded
    reason = .superseded
    generation += 1
  }
}
