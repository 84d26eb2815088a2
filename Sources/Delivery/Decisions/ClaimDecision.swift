package import Billing

/// Whether an event's delivery may be claimed.
package enum ClaimDecision: Hashable, Sendable {
  case claim
  /// Another generation, or not queued: the event says nothing any more.
  case stale
  /// Another holder's lease is good.
  case heldByAnother
  /// Too little is left of the slot: to be planned again.
  case slotOver

  /// What the decision needs of the delivery.
  package struct Facts: Hashable, Sendable {
    package var state: DeliveryState
    package var generation: Int
    package var channel: Channel?
    package var leaseUntil: Timestamp
    package var slotEnd: Timestamp

    package init(
      state: DeliveryState, generation: Int, channel: Channel?, leaseUntil: Timestamp,
      slotEnd: Timestamp
    ) {
      self.state = state
      self.generation = generation
      self.channel = channel
      self.leaseUntil = leaseUntil
      self.slotEnd = slotEnd
    }
  }

  package static func decide(
    _ event: DeliveryEvent, _ facts: Facts, timing: DeliveryTiming, at now: Timestamp
  ) -> ClaimDecision {
    guard facts.generation == event.generation, facts.channel == event.channel else {
      return .stale
    }
    switch facts.state {
    case .queued: break
    case .claimed: if facts.leaseUntil > now { return .heldByAnother }
    case .sending where PlantedBug.claimOverSending.isPlanted: break
    default: return .stale
    }
    if facts.slotEnd < now.adding(milliseconds: timing.slotGuard),
      !PlantedBug.ignoreSlotEnd.isPlanted
    {
      return .slotOver
    }
    return .claim
  }

  /// The fence of a claim, after the delivery's last one.
  package static func fence(after last: Int) -> Int {
    last + (PlantedBug.keepFence.isPlanted ? 0 : 1)
  }
}

extension DeliveryRecord {
  /// Claims it where that may be, or plans it again where its slot is over; otherwise it stays as
  /// it is.
  package mutating func claim(
    _ event: DeliveryEvent, owner: String, timing: DeliveryTiming, at now: Timestamp
  ) -> ClaimDecision {
    let decision = ClaimDecision.decide(
      event,
      ClaimDecision.Facts(
        state: state, generation: generation, channel: channel, leaseUntil: leaseUntil,
        slotEnd: slotEnd),
      timing: timing, at: now)
    switch decision {
    case .stale, .heldByAnother: break
    case .slotOver: planAfterSlot()
    case .claim:
      state = .claimed
      fence = ClaimDecision.fence(after: fence)
      self.owner = owner
      leaseUntil = now.adding(milliseconds: timing.lease)
      reason = nil
    }
    return decision
  }
}

extension ClaimedDelivery {
  /// - Parameters:
  ///   - record: as it was claimed.
  ///   - sealedContact: for the event's channel; empty when there is none, like its hash.
  package init(
    _ record: DeliveryRecord, by event: DeliveryEvent, sealedContact: [UInt8],
    contactHash: [UInt8], uncertainRule: DeliveryPolicy.UncertainRule, at now: Timestamp
  ) {
    self.init(
      key: record.key, generation: record.generation, fence: record.fence, bill: event.bill,
      sha256: event.sha256, sealedContact: sealedContact, contactHash: contactHash,
      frozenRecipient: record.recipientHash, frozenSHA: record.frozenSHA,
      keyOpenedAt: record.keyOpenedAt, unresolved: record.unresolved,
      uncertainRule: uncertainRule, claimedAt: now, round: record.round)
  }
}
