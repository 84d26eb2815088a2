package import Billing

/// What to do about an uncertain delivery, by what its provider can do.
package enum UncertainDecision: Hashable, Sendable {
  /// Under the same key.
  case sendAgain
  /// What is found was taken; what is not found is as said here.
  case lookUp(absent: Absence)
  case leaveToOperator

  /// What it means that a provider does not find a key.
  package enum Absence: Hashable, Sendable {
    /// It was not taken, and never will be.
    case proven
    /// Nothing yet: it may still arrive, or be found.
    case lookAgain(at: Timestamp)
    /// Nothing, and looking again would help no more: as the policy says.
    case sendAgain
    case leaveToOperator
  }

  package static func decide(
    _ delivery: UncertainDelivery, provider: ProviderCapabilities, timing: DeliveryTiming
  ) -> UncertainDecision {
    let maySendAgain =
      delivery.recipientStands && !delivery.isSetAside
      && delivery.channelAttempts < delivery.policy.attemptsPerChannel
    if maySendAgain,
      KeyAge.isYoung(
        openedAt: delivery.keyOpenedAt, keptSeconds: provider.keepsKeySeconds, now: delivery.now,
        timing: timing)
    {
      return .sendAgain
    }
    let sendsAgain =
      maySendAgain && delivery.policy.uncertain == .atLeastOnce
      || PlantedBug.uncertainSentAgain.isPlanted
    guard
      PlantedBug.lookUpOnlyWhereSure.isPlanted
        ? provider.lookUpSettlesSeconds != nil && provider.refusesLate : provider.canBeAsked
    else { return sendsAgain ? .sendAgain : .leaveToOperator }
    return .lookUp(
      absent: absence(of: delivery, sendsAgain: sendsAgain, provider: provider, timing: timing))
  }

  /// By the ledger's time before the provider is asked.
  private static func absence(
    of delivery: UncertainDelivery, sendsAgain: Bool, provider: ProviderCapabilities,
    timing: DeliveryTiming
  ) -> Absence {
    // Its clock is not the ledger's.
    let settled = delivery.notAfter.adding(seconds: provider.lookUpSettlesSeconds ?? 0)
      .adding(milliseconds: timing.lease)
    let next = LookUpSchedule.next(after: delivery.now, notAfter: delivery.notAfter)
    if provider.lookUpSettlesSeconds != nil,
      provider.refusesLate || PlantedBug.lookUpProvesAll.isPlanted
    {
      return delivery.now >= settled || PlantedBug.lookUpTooEarly.isPlanted
        ? .proven : .lookAgain(at: min(next, settled))
    }
    // A message sent again could be the second; one that waits for an operator is found the better
    // the longer it is looked for.
    let last = sendsAgain ? settled : settled.adding(seconds: LookUpSchedule.unsureSeconds)
    if delivery.now < last { return .lookAgain(at: min(next, last)) }
    return sendsAgain ? .sendAgain : .leaveToOperator
  }
}

/// When a provider is asked again about a message: soon, then with growing pauses.
package enum LookUpSchedule {
  /// 15 s.
  private static let shortest: Int64 = 15_000
  /// 10 min.
  private static let longest: Int64 = 600_000
  /// A message that a provider does not find, without being sure of it, is looked for this much
  /// longer than it takes to be sure, before an operator has to: an hour.
  package static let unsureSeconds: Int64 = 3600

  /// As much later as its call is over already, within bounds: so the pauses double.
  ///
  /// - Parameter notAfter: until when its last call could reach the provider.
  package static func next(after now: Timestamp, notAfter: Timestamp) -> Timestamp {
    let elapsed = notAfter.milliseconds(until: now)
    return now.adding(milliseconds: min(max(elapsed, shortest), longest))
  }
}

/// Whether a provider is sure to know a key again.
package enum KeyAge {
  /// What one more call may take, and as much again for clocks that differ.
  package static func isYoung(
    openedAt: Timestamp, keptSeconds: Int64?, now: Timestamp, timing: DeliveryTiming
  ) -> Bool {
    guard let keptSeconds else { return PlantedBug.allKeepKeys.isPlanted }
    if PlantedBug.keysNeverAge.isPlanted { return true }
    return now.adding(milliseconds: timing.lease.saturatingMultiply(2))
      < openedAt.adding(seconds: keptSeconds)
  }
}

/// Whether a claimed delivery may be begun under its channel's key.
package enum BeginDecision: Hashable, Sendable {
  case begin
  case release(Release.Then, DeliveryReason)

  package static func decide(
    _ claimed: ClaimedDelivery, provider: ProviderCapabilities, timing: DeliveryTiming
  ) -> BeginDecision {
    if claimed.sealedContact.isEmpty { return .release(.closeChannel, .noContact) }
    if let frozen = claimed.frozenRecipient, frozen != claimed.contactHash,
      !PlantedBug.keyGoesToAnother.isPlanted
    {
      // Mended while the attempt was under way. Its key stays the old contact's for good.
      return .release(
        claimed.unresolved == 0 ? .planNextRound : .closeChannel, .recipientChanged)
    }
    if let frozen = claimed.frozenSHA, frozen != claimed.sha256 {
      return .release(.closeChannel, .billUnusable)
    }
    guard claimed.unresolved > 0 else { return .begin }
    let isYoung = claimed.keyOpenedAt.map {
      KeyAge.isYoung(
        openedAt: $0, keptSeconds: provider.keepsKeySeconds, now: claimed.claimedAt, timing: timing)
    }
    if isYoung == true || claimed.uncertainRule == .atLeastOnce { return .begin }
    return .release(.closeChannel, .keyTooOld)
  }
}
