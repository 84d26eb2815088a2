package import Billing
package import Delivery

/// A delivery ledger behind a gate.
package struct GatedDeliveryLedger: DeliveryLedger {
  private let ledger: any DeliveryLedger
  private let gate: any PortGate

  package init(_ ledger: any DeliveryLedger, gate: any PortGate) {
    self.ledger = ledger
    self.gate = gate
  }

  package func claim(
    _ events: [DeliveryEvent], owner: String, timing: DeliveryTiming
  ) async throws -> [ClaimOutcome] {
    try await gate.pass(.claim) {
      let outcomes = try await ledger.claim(events, owner: owner, timing: timing)
      let claimed = zip(events, outcomes).filter {
        if case .claimed = $1 { true } else { false }
      }
      try await gate.saw(.holds(claimed.map { $0.0.delivery.description }))
      return outcomes
    }
  }

  package func intend(
    _ intents: [Intent], timing: DeliveryTiming
  ) async throws -> [IntentOutcome] {
    try await gate.pass(.intend) {
      let outcomes = try await ledger.intend(intents, timing: timing)
      let intended = zip(intents, outcomes).filter {
        if case .intended = $1 { true } else { false }
      }
      try await gate.saw(.holds(intended.map { $0.0.key.description }))
      return outcomes
    }
  }

  package func record(_ results: [SendResult]) async throws -> [RecordOutcome] {
    try await gate.pass(.record) {
      let outcomes = try await ledger.record(results)
      try await gate.saw(.recorded(results))
      return outcomes
    }
  }

  package func recordAccepted(
    _ evidence: [AcceptanceEvidence]
  ) async throws -> [EvidenceOutcome] {
    try await gate.pass(.recordAccepted) { try await ledger.recordAccepted(evidence) }
  }

  package func release(_ releases: [Release]) async throws -> [ReleaseOutcome] {
    try await gate.pass(.release) { try await ledger.release(releases) }
  }

  package func reap(timing: DeliveryTiming, limit: Int) async throws -> Int {
    try await gate.pass(.reap) { try await ledger.reap(timing: timing, limit: limit) }
  }

  package func sweep(
    committed: [Int: Int64], from stop: SweepStop?, limit: Int
  ) async throws -> SweepStep {
    try await gate.pass(.sweep) {
      try await ledger.sweep(committed: committed, from: stop, limit: limit)
    }
  }

  package func takeUncertain(
    on channel: Channel, leaseSeconds: Int64, limit: Int
  ) async throws -> [UncertainDelivery] {
    try await gate.pass(.takeUncertain) {
      try await ledger.takeUncertain(on: channel, leaseSeconds: leaseSeconds, limit: limit)
    }
  }

  package func resolve(
    _ resolutions: [Resolution], who: String
  ) async throws -> [ResolveOutcome] {
    try await gate.pass(.resolve) {
      let outcomes = try await ledger.resolve(resolutions, who: who)
      let parked = zip(resolutions, outcomes).filter {
        $0.finding == .park && $1 == .resolved(.uncertain)
      }
      try await gate.saw(.parked(parked.map(\.0.key)))
      return outcomes
    }
  }

  package func underWay() async throws -> UnderWay {
    try await gate.pass(.readDelivery) { try await ledger.underWay() }
  }
}

/// How far a group is, behind a gate.
package struct GatedPositions: FeedPositions {
  private let base: any FeedPositions
  private let gate: any PortGate

  package init(_ base: any FeedPositions, gate: any PortGate) {
    self.base = base
    self.gate = gate
  }

  package func positions() async throws -> [FeedPosition] {
    try await gate.pass(.readPositions) { try await base.positions() }
  }
}

/// A feed behind a gate.
package struct GatedFeed: Feed {
  private let feed: any Feed
  private let gate: any PortGate

  package init(_ feed: any Feed, gate: any PortGate) {
    self.feed = feed
    self.gate = gate
  }

  package var heartbeatMilliseconds: Int64 { feed.heartbeatMilliseconds }

  package func poll(limit: Int) async throws -> [FeedEvent] {
    try await gate.pass(.poll) { try await feed.poll(limit: limit) }
  }

  package func store(_ next: [Int: Int64]) async throws {
    try await gate.pass(.storeOffsets) { try await feed.store(next) }
  }

  package func heartbeat() async throws {
    try await gate.pass(.heartbeat) { try await feed.heartbeat() }
  }

  package func close() async throws {
    try await gate.pass(.closeFeed) { try await feed.close() }
  }

  package func positions() async throws -> [FeedPosition] {
    try await gate.pass(.readPositions) { try await feed.positions() }
  }
}

/// A provider behind a gate. Whatever happens at the gate, the caller knows nothing of the message.
package struct GatedProvider: Provider {
  private let provider: any Provider
  private let gate: any PortGate

  package init(_ provider: any Provider, gate: any PortGate) {
    self.provider = provider
    self.gate = gate
  }

  package var name: String { provider.name }

  package func statedCapabilities() async -> ProviderCapabilities? {
    await gate.pass(.lookUp, otherwise: nil) { await provider.statedCapabilities() }
  }

  package func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    await gate.pass(.send, otherwise: .unknown) {
      await provider.send(message, key: key, deadline: deadline, notAfter: notAfter)
    }
  }

  package func lookUp(_ key: String) async -> LookUpOutcome {
    await gate.pass(.lookUp, otherwise: .unavailable) { await provider.lookUp(key) }
  }
}
