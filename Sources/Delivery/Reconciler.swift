package import Billing
package import Logging

/// Looks after what nobody holds any more: calls whose holder is gone, slots that ended, events
/// that were lost, and deliveries of which nobody knows whether they were taken.
///
/// A pass every 10 s in every process that delivers or dispatches; any number at once. The
/// dispatcher's `passRetries` belongs to the same pass, after this.
package struct Reconciler: Sendable {
  private let ledger: any DeliveryLedger
  private let positions: any FeedPositions
  private let providers: [Channel: any Provider]
  private let random: any RandomSource
  private let timing: DeliveryTiming
  private let who: String
  private let logger: Logger

  /// The pause between passes. Seconds.
  package static let intervalSeconds: Int64 = 10
  private static let batchSize = 500
  /// A provider that did not say is asked again after this.
  private static let lookAgainSeconds: Int64 = 30

  package init(
    ledger: any DeliveryLedger, positions: any FeedPositions,
    providers: [Channel: any Provider], random: any RandomSource, timing: DeliveryTiming,
    who: String, logger: Logger
  ) {
    self.ledger = ledger
    self.positions = positions
    self.providers = providers
    self.random = random
    self.timing = timing
    self.who = who
    self.logger = logger
  }

  package func pass() async throws -> ReconcilerReport {
    var report = ReconcilerReport()
    report.reaped = try await reap()
    report.swept = try await sweep()
    try await resolve(&report)
    return report
  }

  private func reap() async throws -> Int {
    var reaped = 0
    while true {
      let count = try await ledger.reap(timing: timing, limit: Self.batchSize)
      reaped += count
      if count < Self.batchSize { return reaped }
    }
  }

  private func sweep() async throws -> SweepCounts {
    let committed = Dictionary(
      try await positions.positions().map { ($0.partition, $0.committed) },
      uniquingKeysWith: { max($0, $1) })
    var swept = SweepCounts()
    while true {
      let counts = try await ledger.sweep(committed: committed, limit: Self.batchSize)
      swept.slotOver += counts.slotOver
      swept.lostEvents += counts.lostEvents
      if counts.slotOver < Self.batchSize, counts.lostEvents < Self.batchSize { return swept }
    }
  }

  /// Every finding moves its delivery on or sets when it is looked at again, so that this ends.
  private func resolve(_ report: inout ReconcilerReport) async throws {
    while true {
      let uncertain = try await ledger.uncertain(limit: Self.batchSize)
      guard !uncertain.isEmpty else { return }
      let resolutions = await findings(on: uncertain)
      let outcomes = try await ledger.resolve(resolutions, who: who)
      for outcome in outcomes {
        switch outcome {
        case .resolved(.uncertain), .stale: report.leftUncertain += 1
        case .resolved: report.resolved += 1
        }
      }
      if uncertain.count < Self.batchSize { return }
    }
  }

  /// Look-ups run side by side; the resolutions are in the deliveries' order.
  private func findings(on uncertain: [UncertainDelivery]) async -> [Resolution] {
    let capabilities = await statedCapabilities(of: Set(uncertain.map(\.channel)))
    return await withTaskGroup(of: (Int, Resolution).self) { group in
      for (position, delivery) in uncertain.enumerated() {
        let jitter = random.next()
        group.addTask {
          let finding = await self.finding(
            on: delivery, by: capabilities[delivery.channel], jitter: jitter)
          return (
            position,
            Resolution(key: delivery.key, generation: delivery.generation, finding: finding)
          )
        }
      }
      var found: [(Int, Resolution)] = []
      for await each in group { found.append(each) }
      return found.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  /// Of the providers that say what they can do.
  private func statedCapabilities(
    of channels: Set<Channel>
  ) async -> [Channel: ProviderCapabilities] {
    var stated: [Channel: ProviderCapabilities] = [:]
    for channel in channels.sorted(by: { $0.code < $1.code }) {
      stated[channel] = await providers[channel]?.statedCapabilities()
    }
    return stated
  }

  private func finding(
    on delivery: UncertainDelivery, by capabilities: ProviderCapabilities?, jitter: UInt64
  ) async -> Resolution.Finding {
    guard let provider = providers[delivery.channel] else { return .park }
    guard let capabilities else {
      return .lookAgain(at: delivery.now.adding(seconds: Self.lookAgainSeconds))
    }
    switch UncertainDecision.decide(delivery, provider: capabilities, timing: timing) {
    case .sendAgain: return .sendAgain
    case .wait(let moment): return .lookAgain(at: moment)
    case .leaveToOperator: return .park
    case .lookUp:
      switch await provider.lookUp(delivery.idempotencyKey) {
      case .found(let reference): return .accepted(reference: reference)
      case .absent: return .absent(jitter: jitter)
      case .unavailable:
        return .lookAgain(at: delivery.now.adding(seconds: Self.lookAgainSeconds))
      }
    }
  }
}

package struct ReconcilerReport: Hashable, Sendable {
  package var reaped = 0
  package var swept = SweepCounts()
  package var resolved = 0
  package var leftUncertain = 0

  package init() {}
}
