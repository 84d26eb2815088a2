package import Billing

/// What to do about an uncertain delivery, by what its provider can do.
package enum UncertainDecision: Hashable, Sendable {
  /// Under the same key.
  case sendAgain
  case lookUp
  case wait(until: Timestamp)
  case leaveToOperator

  package static func decide(
    _ delivery: UncertainDelivery, provider: ProviderCapabilities, timing: DeliveryTiming
  ) -> UncertainDecision {
    let maySendAgain =
      delivery.recipientStands && delivery.channelAttempts < delivery.policy.attemptsPerChannel
    if maySendAgain,
      KeyAge.isYoung(
        openedAt: delivery.keyOpenedAt, keptSeconds: provider.keepsKeySeconds, now: delivery.now,
        timing: timing)
    {
      return .sendAgain
    }
    if let settles = provider.lookUpSettlesSeconds,
      provider.refusesLate || PlantedBug.lookUpProvesAll.isPlanted
    {
      // Its clock is not the ledger's.
      let sure = delivery.notAfter.adding(seconds: settles).adding(milliseconds: timing.lease)
      return delivery.now >= sure || PlantedBug.lookUpTooEarly.isPlanted
        ? .lookUp : .wait(until: sure)
    }
    switch delivery.policy.uncertain {
    case .atMostOnce:
      return PlantedBug.uncertainSentAgain.isPlanted ? .sendAgain : .leaveToOperator
    case .atLeastOnce: return maySendAgain ? .sendAgain : .leaveToOperator
    }
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
    return now.adding(milliseconds: 2 * timing.lease) < openedAt.adding(seconds: keptSeconds)
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
