/// What becomes of a delivery where neither an attempt nor its customer says so.
extension DeliveryRecord {
  /// Lets go of whatever a dispatcher or a consumer held.
  package mutating func letGo() {
    owner = nil
    leaseUntil = Timestamp(milliseconds: 0)
    slotEnd = Timestamp(milliseconds: 0)
    publishedAt = nil
    partition = nil
    offset = nil
  }

  /// Goes over to a channel whose key was never used.
  package mutating func move(to next: Channel, closed: ChannelSet) {
    self.closed = closed
    guard next != channel else { return }
    channel = next
    channelAttempts = 0
    unresolved = 0
    forgetKey()
  }

  /// A key that nothing was ever written under is free to be used for something else.
  package mutating func forgetUnusedKey() {
    guard channelAttempts == 0, unresolved == 0 else { return }
    forgetKey()
  }

  /// Nothing is frozen any more.
  package mutating func forgetKey() {
    keyOpenedAt = nil
    frozenSHA = nil
    recipientHash = nil
  }

  /// Begins the next round: its keys were never used, so that attempts count anew. Only where every
  /// attempt of the one before is known to have failed (R3).
  package mutating func beginNextRound() {
    precondition(unresolved == 0, "no new key while an attempt may have been taken")
    round += 1
    channelAttempts = 0
    forgetKey()
  }

  /// Whether nothing went out under the channel's key, or to the contact that the customer still
  /// has.
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the channel.
  package func recipientStands(_ contactHash: [UInt8]?) -> Bool {
    recipientHash == nil || recipientHash == contactHash
  }

  // MARK: Back to an earlier state

  /// The slot has too little left, or is over: the next permitted one.
  package mutating func planAfterSlot() {
    state = .planned
    reason = .slotOver
    nextAt = max(nextAt, slotEnd)
    letGo()
  }

  /// The claim's lease would not outlast a call: to be queued again.
  package mutating func leaseTooShort(at now: Timestamp) {
    state = .planned
    reason = .leaseShort
    nextAt = max(nextAt, now)
    letGo()
  }

  /// Back to `queued` without an event, to be published at once; the generation stays, so that a
  /// late one still counts.
  package mutating func publishAgain() {
    state = .queued
    reason = .eventLost
    queuedAt = Self.queuedLongAgo
    owner = nil
    leaseUntil = Timestamp(milliseconds: 0)
    publishedAt = nil
    partition = nil
    offset = nil
  }

  /// The ledger's time is of another kind from now on: what was decided by the old one is decided
  /// anew. Only for what was never begun.
  package mutating func planUnderAnotherTime() {
    state = .planned
    reason = nil
    generation += 1
    nextAt = dueAt
    queuedAt = Timestamp(milliseconds: 0)
    letGo()
  }

  // MARK: Its bill

  /// The bills that it waited for are made, or cannot be.
  package mutating func receive(hasBills: Bool, at now: Timestamp) {
    issue.isAwaited = false
    if !hasBills, state == .planned { setAside(as: .held, reason: .billUnusable, at: now) }
  }

  // MARK: Out of the platform's hands

  /// The call's deadline passed long ago, and nobody said what became of it.
  package mutating func becomeUncertain(at now: Timestamp) {
    letGo()
    state = PlantedBug.reapToPlanned.isPlanted ? .planned : .uncertain
    reason = .noAnswer
    unresolved += PlantedBug.reapForgets.isPlanted ? 0 : 1
    nextAt = now
  }

  /// Held or suppressed; but one with an attempt of unknown outcome must not be forgotten: what
  /// became of it is asked at once, and only what was not taken is set aside.
  package mutating func setAside(
    as state: DeliveryState, reason: DeliveryReason, at now: Timestamp
  ) {
    generation += 1
    letGo()
    putAway(as: state, reason: reason, at: now)
  }

  /// As `setAside`, for whoever has it in hand.
  package mutating func putAway(
    as state: DeliveryState, reason: DeliveryReason, at now: Timestamp
  ) {
    self.reason = reason
    guard unresolved > 0, !PlantedBug.setAsideForgets.isPlanted else {
      self.state = state
      return
    }
    self.state = .uncertain
    nextAt = now
  }

  /// A later version is told instead.
  package mutating func supersede() {
    state = .superseded
    reason = .superseded
    generation += 1
    letGo()
  }

  /// Positive evidence wins wherever the delivery stands; whether it was new.
  package mutating func accept(on channel: Channel) -> Bool {
    guard state != .accepted else { return false }
    state = .accepted
    reason = nil
    self.channel = channel
    unresolved = 0
    letGo()
    return true
  }
}
