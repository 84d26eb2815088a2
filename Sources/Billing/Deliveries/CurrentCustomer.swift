/// A customer's current data, as far as deliveries copy it.
package struct CurrentCustomer: Hashable, Sendable {
  /// In order of preference; empty for one who opted out.
  package var preferred: [Channel]
  package var hasEmail: Bool
  package var hasPhone: Bool
  package var quiet: QuietSlots
  package var timeZone: String
  /// 1…31.
  package var sendDay: Int

  package init(
    preferred: [Channel], hasEmail: Bool, hasPhone: Bool, quiet: QuietSlots, timeZone: String,
    sendDay: Int
  ) {
    self.preferred = preferred
    self.hasEmail = hasEmail
    self.hasPhone = hasPhone
    self.quiet = quiet
    self.timeZone = timeZone
    self.sendDay = sendDay
  }

  /// The channels that the customer can be told on.
  package func usable(under policy: DeliveryPolicy) -> [Channel] {
    DeliverySchedule.usableChannels(
      preferred: preferred, hasEmail: hasEmail, hasPhone: hasPhone, policy: policy.billChannels)
  }

  /// Why the customer cannot be told; `nil` when they can.
  package func suppression(usable: [Channel]) -> DeliveryReason? {
    DeliverySchedule.suppression(preferred: preferred, usable: usable, quiet: quiet)
  }
}

/// What a change of its customer's data does to a delivery (R4).
extension DeliveryRecord {
  /// Copies the customer's current data and decides anew: the generation is raised, and what is not
  /// in flight is planned again or suppressed.
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the delivery's channel.
  /// - Returns: `false` where it is finished and stays as it is.
  package mutating func refresh(
    to customer: CurrentCustomer, policy: DeliveryPolicy, zone: ZoneRules, contactHash: [UInt8]?,
    at now: Timestamp
  ) -> Bool {
    let usable = customer.usable(under: policy)
    let before = state
    if PlantedBug.changeForgetsQueued.isPlanted, state == .queued { return false }
    guard state != .accepted, state != .failed, state != .superseded else { return false }
    generation += 1
    let dueBefore = dueAt
    copy(customer, usable: usable, zone: zone)
    if dueAt != dueBefore { countLateness(from: now) }
    let isCurrent =
      state == .suppressed && !DeliverySchedule.isOver(key.month, zone: zone, at: now)
    let decision = DeliveryChange.decide(
      DeliveryChange.Facts(
        state: state, isBegun: isBegun, isCurrent: isCurrent, channel: channel,
        channelAttempts: channelAttempts, unresolved: unresolved, closed: closed,
        recipientStands: recipientStands(contactHash) || PlantedBug.keyGoesToAnother.isPlanted),
      usable: usable, suppression: customer.suppression(usable: usable))
    follow(decision, at: now)
    // What kept it may be over; where it is not, dispatch says so again.
    if before == .uncertain, !isParked, reason?.setsAside == true {
      reason = customer.suppression(usable: usable) ?? .changed
    }
    if state == .planned, !isBegun,
      let next = issue.next(
        for: key.month, sendDay: customer.sendDay, zone: zone, policy: policy,
        couldNotBeTold: before == .suppressed, at: now)
    {
      issue = next
    }
    return true
  }

  /// Takes over what a send must check. A resend is due when an operator asked for it, whatever the
  /// send day.
  package mutating func copy(_ customer: CurrentCustomer, usable: [Channel], zone: ZoneRules) {
    if !PlantedBug.changeForgetsQuiet.isPlanted { quiet = customer.quiet }
    timeZone = customer.timeZone
    self.usable = usable
    guard key.kind != .resend else { return }
    dueAt = DeliverySchedule.due(month: key.month, sendDay: customer.sendDay, zone: zone)
  }

  private mutating func countLateness(from now: Timestamp) {
    madeAt = max(madeAt, now)
  }

  private mutating func follow(_ decision: DeliveryChange.Decision, at now: Timestamp) {
    switch decision {
    case .staysAsItIs:
      return
    case .plan(let channel, let closed):
      if state == .suppressed { countLateness(from: now) }
      move(to: channel, closed: closed)
      state = .planned
      reason = .changed
      // A retry keeps its time; what never began goes when it is due now.
      nextAt = isBegun ? max(nextAt, now) : dueAt
    case .planNextRound:
      beginNextRound()
      state = .planned
      reason = .recipientChanged
      nextAt = max(nextAt, now)
    case .suppress(let why):
      state = .suppressed
      reason = why
    case .fail:
      state = .failed
      reason = .attemptsExhausted
    case .leaveUncertain(let why):
      // Its provider may still say what became of it.
      state = .uncertain
      reason = why
      nextAt = now
    }
    letGo()
  }

  /// What of the copied values is new, for the log; `nil` when it is only the address.
  package func changes(since before: DeliveryRecord) -> String? {
    func slots(_ quiet: QuietSlots) -> String {
      "[\(quiet.slots.map(String.init).joined(separator: ","))]"
    }
    func names(_ channels: [Channel]) -> String {
      "[\(channels.map(\.rawValue).joined(separator: ","))]"
    }
    var changes: [String] = []
    if quiet != before.quiet {
      changes.append("quiet slots \(slots(before.quiet)) → \(slots(quiet))")
    }
    if timeZone != before.timeZone { changes.append("\(before.timeZone) → \(timeZone)") }
    if usable != before.usable {
      changes.append("channels \(names(before.usable)) → \(names(usable))")
    }
    if dueAt != before.dueAt { changes.append("due \(before.dueAt) → \(dueAt)") }
    if let change = issue.change(since: before.issue) { changes.append(change) }
    return changes.isEmpty ? nil : changes.joined(separator: "; ")
  }
}
