/// A delivery as a ledger keeps it: what the protocol decides by, and changes.
///
/// Its rules are values in, values out, whichever ledger holds it: an adapter reads the row, lets it
/// change, and writes it back in the same transaction (R1, R4). What follows from attempts and from
/// operators is in the stage `Delivery`.
package struct DeliveryRecord: Hashable, Sendable {
  package let key: DeliveryKey
  package var state: DeliveryState
  /// Raised by whatever changes whether it may go.
  package var generation: Int
  /// Raised with every claim.
  package var fence: Int
  package var reason: DeliveryReason?
  /// Of the bill, with `policy` and `template`.
  package var version: Int
  package var policy: Int
  package var template: Int
  /// The customer's channels, the preferred one first.
  package var usable: [Channel]
  /// The one that the next or current attempt uses.
  package var channel: Channel?
  package var quiet: QuietSlots
  package var timeZone: String
  package var dueAt: Timestamp
  /// When it was made, an operator last let it go, or its customer last changed when it is due:
  /// lateness is counted from here, or from `dueAt`, whichever is later.
  package var madeAt: Timestamp
  /// Not before this: due, later the next attempt.
  package var nextAt: Timestamp
  /// Whether an intent was ever committed.
  package var isBegun: Bool
  /// Attempts in all.
  package var attempt: Int
  /// Attempts on `channel` that count.
  package var channelAttempts: Int
  /// Attempts under the channel's key of which nobody knows whether they were taken.
  package var unresolved: Int
  /// Given up: every attempt failed.
  package var closed: ChannelSet
  /// Frozen with the channel's first intent, like the two below.
  package var keyOpenedAt: Timestamp?
  package var frozenSHA: ContentHash?
  package var recipientHash: [UInt8]?
  /// Of the slot it is queued for; 0 when nobody has it.
  package var slotEnd: Timestamp
  package var owner: String?
  /// `claimed`: the lease's end; `sending`: the call's deadline.
  package var leaseUntil: Timestamp
  /// When it was last queued; 0: never.
  package var queuedAt: Timestamp
  package var publishedAt: Timestamp?
  /// Where its event lies, with `offset`.
  package var partition: Int64?
  package var offset: Int64?
  /// Of attempts; see `IdempotencyKey`.
  package var round: Int
  /// Of the bill, beside its version.
  package var issue: BillIssue

  package init(
    key: DeliveryKey, state: DeliveryState, generation: Int, fence: Int, reason: DeliveryReason?,
    version: Int, policy: Int, template: Int, usable: [Channel], channel: Channel?,
    quiet: QuietSlots, timeZone: String, dueAt: Timestamp, madeAt: Timestamp, nextAt: Timestamp,
    isBegun: Bool, attempt: Int, channelAttempts: Int, unresolved: Int, closed: ChannelSet,
    keyOpenedAt: Timestamp?, frozenSHA: ContentHash?, recipientHash: [UInt8]?, slotEnd: Timestamp,
    owner: String?, leaseUntil: Timestamp, queuedAt: Timestamp, publishedAt: Timestamp?,
    partition: Int64?, offset: Int64?, round: Int, issue: BillIssue
  ) {
    self.key = key
    self.state = state
    self.generation = generation
    self.fence = fence
    self.reason = reason
    self.version = version
    self.policy = policy
    self.template = template
    self.usable = usable
    self.channel = channel
    self.quiet = quiet
    self.timeZone = timeZone
    self.dueAt = dueAt
    self.madeAt = madeAt
    self.nextAt = nextAt
    self.isBegun = isBegun
    self.attempt = attempt
    self.channelAttempts = channelAttempts
    self.unresolved = unresolved
    self.closed = closed
    self.keyOpenedAt = keyOpenedAt
    self.frozenSHA = frozenSHA
    self.recipientHash = recipientHash
    self.slotEnd = slotEnd
    self.owner = owner
    self.leaseUntil = leaseUntil
    self.queuedAt = queuedAt
    self.publishedAt = publishedAt
    self.partition = partition
    self.offset = offset
    self.round = round
    self.issue = issue
  }

  /// A delivery that was made just now.
  package init(
    made key: DeliveryKey, state: DeliveryState, reason: DeliveryReason?, version: Int,
    issue: BillIssue, policy: Int, template: Int, usable: [Channel], channel: Channel?,
    quiet: QuietSlots, timeZone: String, dueAt: Timestamp, at now: Timestamp
  ) {
    let zero = Timestamp(milliseconds: 0)
    self.init(
      key: key, state: state, generation: 1, fence: 0, reason: reason, version: version,
      policy: policy, template: template, usable: usable, channel: channel, quiet: quiet,
      timeZone: timeZone, dueAt: dueAt, madeAt: now, nextAt: dueAt, isBegun: false, attempt: 0,
      channelAttempts: 0, unresolved: 0, closed: [], keyOpenedAt: nil, frozenSHA: nil,
      recipientHash: nil, slotEnd: zero, owner: nil, leaseUntil: zero, queuedAt: zero,
      publishedAt: nil, partition: nil, offset: nil, round: 1, issue: issue)
  }

  /// Whether what is counted of it is within what can be counted on from: a damaged row may say
  /// anything.
  package var countsAreInRange: Bool {
    let counts = DeliveryKey.counts
    return counts.contains(generation) && counts.contains(fence) && counts.contains(attempt)
      && counts.contains(channelAttempts) && counts.contains(unresolved) && counts.contains(round)
      && counts.contains(version) && counts.contains(policy) && counts.contains(template)
      && counts.contains(key.sequence) && counts.contains(issue.number)
  }

  /// Uncertain, and set aside for an operator: nothing else looks at it again.
  package var isParked: Bool { state == .uncertain && nextAt == .never }

  /// What `queuedAt` says of one that dispatch is to take at once, not only at its next tick.
  package static let queuedLongAgo = Timestamp(milliseconds: 1)
}
