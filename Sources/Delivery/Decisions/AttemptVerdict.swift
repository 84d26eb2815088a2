package import Billing

/// What follows from the outcome of one attempt: by the policy, and never a new key while an
/// attempt under the old one may have been taken (R3).
package struct AttemptVerdict: Hashable, Sendable {
  package enum Next: Hashable, Sendable {
    case accepted
    /// Planned again, on the same channel.
    case retry(afterMilliseconds: Int64)
    /// Planned on the next channel.
    case move(to: Channel, closed: ChannelSet)
    /// Planned on the same channel, under a key that was never used.
    case nextRound(afterMilliseconds: Int64)
    case failed
    case uncertain
    /// Uncertain, and looked at when this time has passed.
    case askLater(afterMilliseconds: Int64)
  }

  package var next: Next
  package var reason: DeliveryReason?
  /// Attempts on the channel that count, this one included where it does.
  package var channelAttempts: Int
  package var unresolved: Int

  /// What the decision needs of the delivery, as its row is now: the customer may have changed it
  /// while the attempt was under way.
  package struct Facts: Hashable, Sendable {
    package var channel: Channel
    package var usable: [Channel]
    package var closed: ChannelSet
    /// Attempts on the channel that count, this one included.
    package var channelAttempts: Int
    /// Earlier attempts under the key of which nobody knows whether they were taken.
    package var unresolved: Int
    /// Nothing went out under the channel's key, or to the contact that the customer still has.
    package var recipientStands: Bool

    package init(
      channel: Channel, usable: [Channel], closed: ChannelSet, channelAttempts: Int,
      unresolved: Int, recipientStands: Bool
    ) {
      self.channel = channel
      self.usable = usable
      self.closed = closed
      self.channelAttempts = channelAttempts
      self.unresolved = unresolved
      self.recipientStands = recipientStands
    }
  }

  /// A call that never started is tried again after this, whatever the policy says of attempts.
  package static let unwrittenRetryMilliseconds: Int64 = 5000

  /// - Parameter jitter: any number; spreads retries over a quarter of their backoff.
  package static func decide(
    _ outcome: SendOutcome, _ facts: Facts, policy: DeliveryPolicy, jitter: UInt64
  ) -> AttemptVerdict {
    switch outcome {
    case .accepted:
      return verdict(.accepted, nil, facts)
    case .unknown where PlantedBug.unknownIsRefused.isPlanted:
      return decide(
        .notAccepted(retryAfterMilliseconds: nil), facts, policy: policy, jitter: jitter)
    case .unknown:
      var verdict = verdict(.uncertain, .noAnswer, facts)
      verdict.unresolved += PlantedBug.unknownForgotten.isPlanted ? 0 : 1
      return verdict
    case .putOff(_, let retryAfter) where PlantedBug.busyIsRefused.isPlanted:
      return decide(
        .notAccepted(retryAfterMilliseconds: retryAfter), facts, policy: policy, jitter: jitter)
    case .putOff(let how, let retryAfter):
      // Whoever said so may have passed the message on: uncertain like no answer at all, but not
      // bothered again before its time.
      let backoff = backoff(after: facts.channelAttempts, policy: policy, jitter: jitter)
      var verdict = verdict(
        .askLater(afterMilliseconds: max(backoff, retryAfter ?? 0)), how.reason, facts)
      verdict.unresolved += 1
      return verdict
    case .notWritten:
      let wait = spread(unwrittenRetryMilliseconds, by: jitter)
      var verdict = verdict(.retry(afterMilliseconds: wait), .notWritten, facts)
      verdict.channelAttempts = max(0, facts.channelAttempts - 1)
      return verdict
    case .notAccepted(let retryAfter):
      let most = PlantedBug.givenUpEarly.isPlanted ? 1 : policy.attemptsPerChannel
      guard facts.channelAttempts < most, facts.usable.contains(facts.channel)
      else { return giveUp(facts, .attemptsExhausted, retryAfterMilliseconds: retryAfter ?? 0) }
      let backoff = backoff(after: facts.channelAttempts, policy: policy, jitter: jitter)
      return verdict(
        .retry(afterMilliseconds: max(backoff, retryAfter ?? 0)), .notAccepted, facts)
    case .rejected:
      // Also where the provider keeps keys: it does not know an earlier request that is still under
      // way, and takes it when it arrives.
      return giveUp(facts, .rejected)
    }
  }

  /// What follows when every attempt under the key turned out to have failed, or none was made and
  /// none can be: on with the next channel, but for a contact that was mended meanwhile.
  ///
  /// - Parameter retryAfterMilliseconds: how long the channel's provider asked to be left alone.
  package static func giveUp(
    _ facts: Facts, _ reason: DeliveryReason, retryAfterMilliseconds: Int64 = 0
  ) -> AttemptVerdict {
    if facts.unresolved > 0, !PlantedBug.fallBackWhileUnknown.isPlanted {
      // Its provider may still say what became of them.
      return verdict(.uncertain, reason, facts)
    }
    // Opted out while it was under way: dispatch looks at it and says so.
    if facts.usable.isEmpty { return verdict(.retry(afterMilliseconds: 0), .changed, facts) }
    if !facts.recipientStands, facts.usable.contains(facts.channel) {
      return verdict(
        .nextRound(afterMilliseconds: retryAfterMilliseconds), .recipientChanged, facts)
    }
    let closed = facts.closed.adding(facts.channel)
    if let next = closed.firstOutside(facts.usable) {
      return verdict(.move(to: next, closed: closed), .fallback, facts)
    }
    return verdict(.failed, reason, facts)
  }

  /// Doubled after each attempt up to the policy's maximum, and up to a quarter more. Milliseconds.
  package static func backoff(
    after attempts: Int, policy: DeliveryPolicy, jitter: UInt64
  ) -> Int64 {
    let doublings = min(max(attempts, 1) - 1, 20)
    let doubled = Int64(max(0, policy.backoffSeconds)).saturatingMultiply(1 << Int64(doublings))
    let seconds = min(doubled, Int64(max(0, policy.maxBackoffSeconds)))
    return spread(seconds.saturatingMultiply(1000), by: jitter)
  }

  private static func spread(_ milliseconds: Int64, by jitter: UInt64) -> Int64 {
    let quarter = UInt64(milliseconds / 4)
    return milliseconds.saturatingAdd(quarter == 0 ? 0 : Int64(jitter % quarter))
  }

  private static func verdict(
    _ next: Next, _ reason: DeliveryReason?, _ facts: Facts
  ) -> AttemptVerdict {
    AttemptVerdict(
      next: next, reason: reason, channelAttempts: facts.channelAttempts,
      unresolved: facts.unresolved)
  }
}
