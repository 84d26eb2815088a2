package import Billing

/// What a reconciler's finding, or an operator's, makes of an uncertain delivery.
extension DeliveryRecord {
  /// Follows the finding where it is still uncertain at this generation.
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the channel; asked for only
  ///   where none of its messages was taken.
  package mutating func resolve(
    _ resolution: Resolution, policy: DeliveryPolicy, at now: Timestamp,
    contactHash: () throws -> [UInt8]?
  ) rethrows -> ResolveOutcome {
    guard state == .uncertain, generation == resolution.generation else { return .stale }
    switch resolution.finding {
    case .absent(let jitter):
      followAbsence(by: policy, jitter: jitter, contactHash: try contactHash(), at: now)
    case .sendAgain:
      state = .planned
      nextAt = now
    case .lookAgain(let moment):
      nextAt = max(moment, now.adding(milliseconds: 1))
    case .park:
      if reason?.staysWhenParked != true { reason = .awaitsOperator }
      nextAt = .never
    }
    return .resolved(state)
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
      isSetAside: record.reason?.setsAside == true,
      policy: policy, now: now, round: record.round)
  }
}
