/// What becomes of an unfinished delivery when its customer's data changed (R4).
package enum DeliveryChange {
  /// What the decision needs of the delivery.
  package struct Facts: Hashable, Sendable {
    package var state: DeliveryState
    package var isBegun: Bool
    /// Suppressed: the month in which it was to be sent is not over.
    package var isCurrent: Bool
    /// The one that the next or current attempt uses.
    package var channel: Channel?
    /// Attempts on `channel` that count.
    package var channelAttempts: Int
    /// Attempts under the channel's key of which nobody knows whether they were taken.
    package var unresolved: Int
    package var closed: ChannelSet
    /// Nothing went out under the channel's key, or to the contact that the customer still has.
    package var recipientStands: Bool

    package init(
      state: DeliveryState, isBegun: Bool, isCurrent: Bool, channel: Channel?,
      channelAttempts: Int, unresolved: Int, closed: ChannelSet, recipientStands: Bool
    ) {
      self.state = state
      self.isBegun = isBegun
      self.isCurrent = isCurrent
      self.recipientStands = recipientStands
      self.channel = channel
      self.channelAttempts = channelAttempts
      self.unresolved = unresolved
      self.closed = closed
    }
  }

  package enum Decision: Hashable, Sendable {
    /// Nothing but the copied values changes: it is finished with, in flight, or an operator's.
    case staysAsItIs
    /// Back to `planned`, to be looked at by dispatch, on this channel.
    case plan(on: Channel, closed: ChannelSet)
    /// Back to `planned`, on its channel under keys that were never used: attempts count anew.
    case planNextRound
    case suppress(DeliveryReason)
    /// No channel is left that was not given up.
    case fail
    /// An attempt under the old key may have been taken, and the key cannot be used any more.
    case leaveUncertain(because: DeliveryReason)
  }

  /// - Parameters:
  ///   - usable: the customer's channels as they are now, in order of preference.
  ///   - suppression: why the customer cannot be told at all; `nil` when they can.
  package static func decide(
    _ facts: Facts, usable: [Channel], suppression: DeliveryReason?
  ) -> Decision {
    switch facts.state {
    case .claimed where PlantedBug.changeSparesClaimed.isPlanted: return .staysAsItIs
    case .planned, .queued, .claimed:
      return replan(facts, usable: usable, suppression: suppression)
    case .suppressed:
      if let suppression { return .suppress(suppression) }
      // Those begun stay, and so do old bills: an operator decides.
      guard !facts.isBegun, facts.isCurrent, let first = usable.first else { return .staysAsItIs }
      return .plan(on: first, closed: [])
    case .held:
      return suppression.map { .suppress($0) } ?? .staysAsItIs
    case .sending, .uncertain, .accepted, .failed, .superseded:
      return .staysAsItIs
    }
  }

  private static func replan(
    _ facts: Facts, usable: [Channel], suppression: DeliveryReason?
  ) -> Decision {
    if facts.unresolved > 0 {
      guard suppression == nil, let channel = facts.channel, usable.contains(channel) else {
        return .leaveUncertain(because: suppression ?? .changed)
      }
      return .plan(on: channel, closed: facts.closed)
    }
    if let suppression { return .suppress(suppression) }
    guard facts.isBegun, let channel = facts.channel else {
      return usable.first.map { .plan(on: $0, closed: []) } ?? .suppress(.noContact)
    }
    if usable.contains(channel), !facts.closed.contains(channel), facts.channelAttempts > 0 {
      // Every attempt is known to have failed, so a new key is safe; the old one is the old
      // contact's (R3).
      guard facts.recipientStands else { return .planNextRound }
      return .plan(on: channel, closed: facts.closed)
    }
    // Every attempt on a channel that is left is known to have failed: its key is given up.
    let closed = facts.channelAttempts > 0 ? facts.closed.adding(channel) : facts.closed
    guard let next = closed.firstOutside(usable) else { return .fail }
    return .plan(on: next, closed: closed)
  }
}
