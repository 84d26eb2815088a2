package import Billing

/// What really carries an e-mail or an SMS (발송사).
package protocol Provider: Sendable {
  /// What attempts are recorded under, such as `mock-email`.
  var name: String { get }

  /// What it says it can do, asked anew: one that was started again may be another. `nil` when it
  /// did not say; nothing may be concluded about an uncertain delivery then.
  func statedCapabilities() async -> ProviderCapabilities?

  /// Sends one message. Returns by the deadline at the latest: without an answer by then the
  /// outcome is `unknown`. Checks `deadline.permitsWriting` right before the first byte is written
  /// and tries nothing again by itself.
  ///
  /// - Parameters:
  ///   - key: the idempotency key, the same for every attempt on this channel.
  ///   - notAfter: goes out with the request; a provider that can refuses what arrives later.
  func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome

  /// What became of a key.
  func lookUp(_ key: String) async -> LookUpOutcome
}

/// What goes to a recipient. Holds personal data in the clear: it lives from the opening of the
/// seal to the end of the call, and is never logged.
package struct ProviderMessage: Sendable {
  package var channel: Channel
  /// An e-mail address or a phone number.
  package var recipient: String
  /// The bill's bytes as they lie in the bill store.
  package var content: [UInt8]
  /// 1, 2, … on this channel.
  package var attempt: Int

  package init(channel: Channel, recipient: String, content: [UInt8], attempt: Int) {
    self.channel = channel
    self.recipient = recipient
    self.content = content
    self.attempt = attempt
  }
}

package enum SendOutcome: Hashable, Sendable {
  case accepted(reference: String)
  /// Refused for good, such as: no such address.
  case rejected(code: String)
  /// Provably not taken: no connection, a documented refusal.
  case notAccepted(retryAfterMilliseconds: Int64?)
  /// Nothing was written: no attempt.
  case notWritten
  /// Told to come again later by somebody who need not be the provider, so that it proves nothing:
  /// a bare 429 or 503.
  case putOff(PutOff, retryAfterMilliseconds: Int64?)
  /// A time-out, a broken answer.
  case unknown
}

/// How a message is put off.
package enum PutOff: String, CaseIterable, Hashable, Sendable {
  /// 429: too many requests.
  case throttled
  /// 503: not available.
  case unavailable

  var reason: DeliveryReason {
    switch self {
    case .throttled: .throttled
    case .unavailable: .unavailable
    }
  }
}

package enum LookUpOutcome: Hashable, Sendable {
  case found(reference: String)
  case absent
  /// It did not say; ask again later.
  case unavailable
}

/// What decides about an uncertain delivery.
package struct ProviderCapabilities: Hashable, Sendable {
  /// For how long it knows a key again and sends nothing twice under it; `nil`: it does not.
  package var keepsKeySeconds: Int64?
  /// It can be asked for a key: what it finds was taken, whatever else it can do.
  package var canBeAsked: Bool
  /// What it does not find this long after everything under way has arrived was not taken; `nil`: it
  /// is never sure of that.
  package var lookUpSettlesSeconds: Int64?
  /// It refuses what reaches it after the request's `notAfter`. Without this what it does not find
  /// proves nothing: bytes in a socket can arrive late.
  package var refusesLate: Bool

  /// - Parameter canBeAsked: as a provider that says when it is sure can be in any case.
  package init(
    keepsKeySeconds: Int64? = nil, canBeAsked: Bool = false, lookUpSettlesSeconds: Int64? = nil,
    refusesLate: Bool = false
  ) {
    self.keepsKeySeconds = keepsKeySeconds
    self.canBeAsked = canBeAsked || lookUpSettlesSeconds != nil
    self.lookUpSettlesSeconds = lookUpSettlesSeconds
    self.refusesLate = refusesLate
  }
}

/// Until when a call may be written and answered, on the steady clock.
package struct CallDeadline: Sendable {
  private let clock: any WallClock
  private let writeBy: Int64
  private let answerBy: Int64

  /// - Parameter since: what the steady clock showed before the intent's statement.
  package init(clock: any WallClock, since: Int64, timing: DeliveryTiming) {
    self.clock = clock
    writeBy = since + timing.startWithin
    answerBy = since + timing.callDeadline
  }

  /// Whether the first byte may still be written.
  package var permitsWriting: Bool {
    clock.steadyMilliseconds() <= writeBy || PlantedBug.writeLate.isPlanted
  }

  /// 0 when it is over.
  package var remainingMilliseconds: Int64 { max(0, answerBy - clock.steadyMilliseconds()) }
}
