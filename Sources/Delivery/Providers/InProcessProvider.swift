package import Billing

/// A stand-in for a real provider, in this process: takes its time, fails now and then, and writes
/// what it accepts durably before it says so.
package struct InProcessProvider: Provider {
  package let name: String
  package let capabilities: ProviderCapabilities
  private let channel: Channel
  private let seed: UInt64
  private let latencyMilliseconds: Int64
  private let rates: MockFailureRates
  private let clock: any WallClock
  private let log: any AcceptanceLog
  private let seal: ContactSeal

  package static func name(of channel: Channel) -> String { "mock-\(channel.rawValue)" }

  package func statedCapabilities() async -> ProviderCapabilities? { capabilities }

  /// - Parameters:
  ///   - clock: what the latency passes on; a simulated one counts it instead.
  ///   - seal: for the hash that recipients are logged under.
  package init(
    channel: Channel, seed: UInt64, latencyMilliseconds: Int64 = 1000, rates: MockFailureRates,
    capabilities: ProviderCapabilities, clock: any WallClock, log: any AcceptanceLog,
    seal: ContactSeal
  ) {
    name = Self.name(of: channel)
    self.channel = channel
    self.seed = seed
    self.latencyMilliseconds = latencyMilliseconds
    self.rates = rates
    self.capabilities = capabilities
    self.clock = clock
    self.log = log
    self.seal = seal
  }

  package func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    guard deadline.permitsWriting else { return .notWritten }
    let answers = latencyMilliseconds <= deadline.remainingMilliseconds
    if latencyMilliseconds > 0 {
      do {
        try await clock.sleep(milliseconds: latencyMilliseconds)
      } catch {
        // Broken off before it decided: nothing was taken.
        return .notAccepted(retryAfterMilliseconds: nil)
      }
    }
    let outcome = await decide(message, key: key, notAfter: notAfter)
    return answers ? outcome : .unknown
  }

  private func decide(
    _ message: ProviderMessage, key: String, notAfter: Timestamp
  ) async -> SendOutcome {
    let isLate: @Sendable () -> Bool = { [capabilities, clock] in
      capabilities.refusesLate && clock.now() > notAfter
    }
    if isLate() { return .notAccepted(retryAfterMilliseconds: nil) }
    // A provider that keeps keys knows what it took, whatever it would say of a new message.
    let knownSince = capabilities.keepsKeySeconds.map { clock.now().adding(seconds: -$0) }
    if let knownSince, message.attempt > 1 {
      switch await lookUp(key, since: knownSince) {
      case .found(let reference): return .accepted(reference: reference)
      case .unavailable: return .unknown
      case .absent: break
      }
    }
    let outcome = MockOutcome.decide(
      seed: seed, key: key, attempt: message.attempt, rates: rates)
    switch outcome {
    case .refuse: return .notAccepted(retryAfterMilliseconds: nil)
    case .reject: return .rejected(code: "noSuchRecipient")
    case .loseBefore: return .unknown
    case .accept, .loseAfter:
      do {
        let reference = try await log.append(
          Acceptance(
            key: key, provider: name,
            recipientHash: seal.lookupHash(message.recipient, column: channel.contact),
            content: ContentHash(of: message.content), at: clock.now()),
          knownSince: knownSince, isLate: isLate)
        guard let reference else { return .notAccepted(retryAfterMilliseconds: nil) }
        return outcome == .accept ? .accepted(reference: reference) : .unknown
      } catch {
        // It may be in the log and only the answer be lost.
        return .unknown
      }
    }
  }

  package func lookUp(_ key: String) async -> LookUpOutcome {
    await lookUp(key, since: nil)
  }

  private func lookUp(_ key: String, since: Timestamp?) async -> LookUpOutcome {
    do {
      return try await log.reference(of: key, since: since).map { .found(reference: $0) } ?? .absent
    } catch {
      return .unavailable
    }
  }
}
