package import Billing

/// What a reconciler's finding, or an operator's, makes of an uncertain delivery.
extension DeliveryRecord {
  /// Follows the finding where it is still uncertain at this generation.
  ///
  /// `.accepted` closes the attempt that nobody knows the outcome of.
  package mutating func resolve(
    _ resolution: Resolution, policy: DeliveryPolicy, at now: Timestamp
  ) -> ResolveOutcome {
    guard state == .uncertain, generation == resolution.generation else { return .stale }
    switch resolution.finding {
    case .accepted:
      _ = accept(on: channel ?? .email)
    case .absent(let jitter):
      followAbsence(by: policy, jitter: jitter, at: now)
    case .sendAgain:
      state = .planned
      nextAt = now
    case .lookAgain(let moment):
      nextAt = max(moment, now.adding(milliseconds: 1))
    case .park:
      if reason?.isPutOff != true { reason = .awaitsOperator }
      nextAt = .never
    }
    return .resolved(state)
  }

  /// Every attempt under the key turned out to have failed: on as after a refusal.
  package mutating func followAbsence(
    by policy: DeliveryPolicy, jitter: UInt64, at now: Timestamp
  ) {
    unresolved = 0
    follow(
      AttemptVerdict.decide(
        .notAccepted(retryAfterMilliseconds: nil), attemptFacts, policy: policy, jitter: jitter),
      at: now)
  }

  /// Whether this is an attempt that nobody knows the outcome of, under the current key. The latest
  /// of several is meant, or the latest of all where there is none: a later one may have been
  /// refused.
  package func isUncertainAttempt(channel: Int, round: Int, outcome: Int?) -> Bool {
    outcome == StoredOutcome.unknown && round == self.round && channel == self.channel?.code
  }
}

extension UncertainDelivery {
  /// - Parameters:
  ///   - contactHash: of the contact that the customer has for the channel now; empty: none.
  ///   - notAfter: of its last attempt.
  /// - Returns: `nil` for one without a channel, which none that was sent is.
  package init?(
    _ record: DeliveryRecord, contactHash: [UInt8], notAfter: Timestamp, policy: DeliveryPolicy,
    now: Timestamp
  ) {
    guard let channel = record.channel else { return nil }
    self.init(
      key: record.key, generation: record.generation, channel: channel,
      keyOpenedAt: record.keyOpenedAt ?? record.madeAt, notAfter: notAfter,
      channelAttempts: record.channelAttempts,
      recipientStands: record.recipientHash == contactHash && record.usable.contains(channel),
      policy: policy, now: now, round: record.round)
  }
}
