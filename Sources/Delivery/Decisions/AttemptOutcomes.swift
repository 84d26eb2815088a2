package import Billing

/// What the outcomes of attempts make of a delivery.
extension DeliveryRecord {
  private func attemptFacts(_ contactHash: [UInt8]?) -> AttemptVerdict.Facts {
    AttemptVerdict.Facts(
      // A delivery that was claimed or sent has a channel; the check is where it was made.
      channel: channel ?? .email, usable: usable, closed: closed,
      channelAttempts: channelAttempts, unresolved: unresolved,
      recipientStands: recipientStands(contactHash))
  }

  /// Whether such an outcome may be the channel's last, so that the customer's current contact
  /// matters.
  package func mayEndChannel(by outcome: SendOutcome, policy: DeliveryPolicy) -> Bool {
    guard unresolved == 0, recipientHash != nil else { return false }
    return switch outcome {
    case .rejected: true
    case .notAccepted: channelAttempts >= policy.attemptsPerChannel
    case .accepted, .unknown, .putOff, .notWritten: false
    }
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
    case .nextRound(let after):
      state = .planned
      nextAt = now.adding(milliseconds: after)
      beginNextRound()
    case .failed:
      state = .failed
    case .uncertain:
      state = .uncertain
      nextAt = now
    case .askLater(let after):
      state = .uncertain
      nextAt = now.adding(milliseconds: after)
    }
  }

  /// What follows is decided from the record as it is now: the customer may have changed it while
  /// the call was under way (R4).
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the channel; asked for
  ///   only where the outcome may end the channel.
  /// - Returns: `.recorded` and, where it was accepted, `.alreadyRecorded` close an attempt, see
  ///   `SendResult.closes(as:)`.
  package mutating func record(
    _ result: SendResult, policy: DeliveryPolicy, at now: Timestamp,
    contactHash: () throws -> [UInt8]?
  ) rethrows -> RecordOutcome {
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
    let contact =
      mayEndChannel(by: result.outcome, policy: policy) ? try contactHash() : recipientHash
    let verdict = AttemptVerdict.decide(
      result.outcome, attemptFacts(contact), policy: policy, jitter: result.jitter)
    letGo()
    follow(verdict, at: now)
    return .recorded(state)
  }

  /// Gives it back, for the holder of this fence.
  ///
  /// One that was `sending` had its intent committed and the answer lost: the holder says that
  /// nothing was written, so its latest attempt is to be closed as `notWritten`.
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the channel; asked for
  ///   only where the channel is given up.
  package mutating func release(
    _ release: Release, at now: Timestamp, contactHash: () throws -> [UInt8]?
  ) rethrows -> ReleaseOutcome {
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
      putAway(as: .held, reason: release.reason, at: now)
    case .closeChannel, .planNextRound:
      let contact = unresolved == 0 ? try contactHash() : recipientHash
      follow(AttemptVerdict.giveUp(attemptFacts(contact), release.reason), at: now)
    }
    return .released(state)
  }
}

extension DeliveryRecord {
  /// Every attempt under the key turned out to have failed: on as after a refusal.
  ///
  /// - Parameter contactHash: of the contact that the customer has now for the channel.
  package mutating func followAbsence(
    by policy: DeliveryPolicy, jitter: UInt64, contactHash: [UInt8]?, at now: Timestamp
  ) {
    unresolved = 0
    follow(
      AttemptVerdict.decide(
        .notAccepted(retryAfterMilliseconds: nil), attemptFacts(contactHash), policy: policy,
        jitter: jitter),
      at: now)
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

  /// Evidence of acceptance is of the latest attempt under its key that nobody knows the outcome of;
  /// else of one that is open, or else of the latest: the provider that refused it may have been wrong.
  package static let evidenced: [@Sendable (_ outcome: Int?) -> Bool] = [
    { $0 == unknown }, { $0 == nil }, { _ in true },
  ]

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
