package import Billing

/// Whether an attempt may be begun.
package enum IntentDecision: Hashable, Sendable {
  case begin
  /// Another fence or generation, or other content under the key.
  case stale
  /// Too little is left of the slot: to be planned again, like the next.
  case slotOver
  case leaseShort

  /// What the decision needs of the delivery.
  package struct Facts: Hashable, Sendable {
    package var state: DeliveryState
    package var generation: Int
    package var fence: Int
    package var channel: Channel?
    package var leaseUntil: Timestamp
    package var slotEnd: Timestamp
    package var frozenSHA: ContentHash?
    package var recipientHash: [UInt8]?

    package init(
      state: DeliveryState, generation: Int, fence: Int, channel: Channel?, leaseUntil: Timestamp,
      slotEnd: Timestamp, frozenSHA: ContentHash?, recipientHash: [UInt8]?
    ) {
      self.state = state
      self.generation = generation
      self.fence = fence
      self.channel = channel
      self.leaseUntil = leaseUntil
      self.slotEnd = slotEnd
      self.frozenSHA = frozenSHA
      self.recipientHash = recipientHash
    }
  }

  package static func decide(
    _ intent: Intent, _ facts: Facts, timing: DeliveryTiming, at now: Timestamp
  ) -> IntentDecision {
    guard facts.state == .claimed, facts.generation == intent.generation,
      facts.fence == intent.fence, facts.channel == intent.channel,
      // What goes under a key is what went under it first.
      facts.frozenSHA == nil || facts.frozenSHA == intent.sha256,
      facts.recipientHash == nil || facts.recipientHash == intent.recipientHash
    else { return .stale }
    if facts.slotEnd < now.adding(milliseconds: timing.slotGuard),
      !PlantedBug.ignoreSlotEnd.isPlanted
    {
      return .slotOver
    }
    return facts.leaseUntil < now.adding(milliseconds: timing.leaseGuard) ? .leaseShort : .begin
  }

  /// The state that an intent is committed in.
  package static var committedState: DeliveryState {
    PlantedBug.intentUnsaved.isPlanted ? .claimed : .sending
  }
}

extension DeliveryRecord {
  /// Begins an attempt where that may be, or plans it again where lease or slot are too short;
  /// otherwise it stays as it is.
  ///
  /// With `.intended` the ledger opens an attempt, numbered `attempt` and in this `round`, under
  /// the quiet slots and the zone that the record has.
  package mutating func intend(
    _ intent: Intent, timing: DeliveryTiming, at now: Timestamp
  ) -> IntentOutcome {
    let decision = IntentDecision.decide(
      intent,
      IntentDecision.Facts(
        state: state, generation: generation, fence: fence, channel: channel,
        leaseUntil: leaseUntil, slotEnd: slotEnd, frozenSHA: frozenSHA,
        recipientHash: recipientHash),
      timing: timing, at: now)
    switch decision {
    case .stale: return .stale
    case .slotOver, .leaseShort: return giveBack(decision, at: now)
    case .begin: break
    }
    state = IntentDecision.committedState
    isBegun = true
    attempt += 1
    channelAttempts += 1
    leaseUntil = now.adding(milliseconds: timing.callDeadline)
    keyOpenedAt = keyOpenedAt ?? now
    frozenSHA = frozenSHA ?? intent.sha256
    recipientHash = recipientHash ?? intent.recipientHash
    return .intended(attempt: attempt, channelAttempt: channelAttempts, notAfter: leaseUntil)
  }

  /// What an intent came too late for is planned again.
  package mutating func giveBack(_ decision: IntentDecision, at now: Timestamp) -> IntentOutcome {
    switch decision {
    case .begin, .stale: return .stale
    case .slotOver: planAfterSlot()
    case .leaseShort: leaseTooShort(at: now)
    }
    return .released(decision == .slotOver ? .slotOver : .leaseShort)
  }
}
