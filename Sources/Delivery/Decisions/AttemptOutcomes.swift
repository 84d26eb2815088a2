package import Billing

/// What the outcomes of attempts make of a delivery.
extension DeliveryRecord {
  package var attemptFacts: AttemptVerdict.Facts {
    AttemptVerdict.Facts(
      // A delivery that was claimed or sent has a channel; the check is where it was made.
      channel: channel ?? .email, usable: usable, closed: closed,
      channelAttempts: channelAttempts, unresolved: unresolved)
  }

  /// Takes over what a verdict says.
  package mutating func follow(_ verdict: AttemptVerdict, at now: Timestamp) {
    channelAttempts = verdict.channelAttempts
    unresolved = verdict.unresolved
    reason = verdict.reason
    switch verdict.next {
    case .accepted:
      state = .accepted
    case .retry(let after):
      state = .planned
      nextAt = now.adding(milliseconds: after)
      forgetUnusedKey()
    case .move(let channel, let closed):
      state = .planned
      nextAt = now
      move(to: channel, closed: closed)
    case .failed:
      state = .failed
    case .uncertain(let byOperator):
      state = .uncertain
      nextAt = byOperator ? .never : now
    case .askLater(let after):
      state = .uncertain
      nextAt = now.adding(milliseconds: after)
    }
  }

  /// What follows is decided from the record as it is now: the customer may have changed it while
  /// the call was under way (R4).
  ///
  /// - Returns: `.recorded` and, where it was accepted, `.alreadyRecorded` close an attempt, see
  ///   `SendResult.closes(as:)`.
  package mutating func record(
    _ result: SendResult, policy: DeliveryPolicy, at now: Timestamp
  ) -> RecordOutcome {
    if case .accepted = result.outcome,
      !PlantedBug.acceptanceNeedsFence.isPlanted || fence == result.fence
    {
      return accept(on: result.channel) ? .recorded(.accepted) : .alreadyRecorded
    }
    guard state != .accepted else { return .alreadyRecorded }
    guard
      PlantedBug.recordWithoutFence.isPlanted
        || (state == .sending && fence == result.fence && attempt == result.attempt
          && channel == result.channel)
    else { return .stale }
    let verdict = AttemptVerdict.decide(
      result.outcome, attemptFacts, policy: policy, jitter: result.jitter)
    letGo()
    follow(verdict, at: now)
    return .recorded(state)
  }

  /// Gives it back, for the holder of this fence.
  ///
  /// One that was `sending` had its intent committed and the answer lost: the holder says that
  /// nothing was written, so its latest attempt is to be closed as `notWritten`.
  package mutating func release(_ release: Release, at now: Timestamp) -> ReleaseOutcome {
    guard fence == release.fence || PlantedBug.releaseWithoutFence.isPlanted,
      state == .claimed || state == .sending
    else { return .stale }
    if state == .sending {
      channelAttempts -= 1
      forgetUnusedKey()
    }
    reason = release.reason
    letGo()
    switch release.then {
    case .plan(let after):
      state = .planned
      nextAt = now.adding(milliseconds: after)
    case .planNextRound where unresolved == 0:
      beginNextRound()
      state = .planned
      nextAt = max(nextAt, now)
    case .hold:
      state = unresolved > 0 ? .uncertain : .held
      if unresolved > 0 { nextAt = .never }
    case .closeChannel, .planNextRound:
      follow(AttemptVerdict.giveUp(attemptFacts, release.reason), at: now)
    }
    return .released(state)
  }
}

/// Which of a delivery's attempts is closed.
package enum ClosedAttempt: Hashable, Sendable {
  case none
  case latest
  case numbered(Int)
}

extension SendResult {
  /// The attempt that it closes, where recording it came to this.
  ///
  /// Evidence of acceptance closes the attempt that it is about, wherever the delivery stands.
  package func closes(as recorded: RecordOutcome) -> ClosedAttempt {
    switch (recorded, outcome) {
    case (.stale, _): .none
    case (_, .accepted): .numbered(attempt)
    case (.recorded, _): .latest
    case (.alreadyRecorded, _): .none
    }
  }
}

/// An outcome as ledgers keep it with the attempt: evidence of acceptance overwrites any other, and
/// nothing overwrites it.
package struct StoredOutcome: Hashable, Sendable {
  /// 1 accepted, 2 rejected, 3 not accepted, 4 unknown; never reused.
  package let code: Int
  package let reference: String?
  package let reason: String?

  package static let unknown = 4

  package init(_ outcome: SendOutcome) {
    switch outcome {
    case .accepted(let reference): (code, self.reference, reason) = (1, reference, nil)
    case .rejected(let code): (self.code, reference, reason) = (2, nil, code)
    case .notAccepted:
      (code, reference, reason) = (3, nil, DeliveryReason.notAccepted.rawValue)
    case .notWritten: (code, reference, reason) = (3, nil, DeliveryReason.notWritten.rawValue)
    case .unknown:
      (code, reference, reason) = (Self.unknown, nil, DeliveryReason.noAnswer.rawValue)
    case .putOff(let how, _):
      (code, reference, reason) = (Self.unknown, nil, how.reason.rawValue)
    }
  }
}
