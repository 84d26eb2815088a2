package import Billing
package import Logging
import Synchronization

/// Looks after what nobody holds any more: calls whose holder is gone, slots that ended, events
/// that were lost, and deliveries of which nobody knows whether they were taken.
///
/// Every 10 s in every process that delivers or dispatches; any number at once. Each kind of work,
/// and each channel, goes by itself and is bounded: a provider that does not answer holds up nobody
/// else. The dispatcher's `passRetries` belongs to the same pass. One reconciler for a process: it
/// remembers how far its sweep has come, and which provider is silent.
package final class Reconciler: Sendable {
  /// What it does, each by itself.
  package enum Work: Hashable, Sendable {
    case reap
    case sweep
    case lookUp(Channel)

    /// What needs the ledger alone.
    static let ofLedger: [Work] = [.reap, .sweep]
    /// What needs a provider each.
    static let ofProviders: [Work] = Channel.allCases.map { .lookUp($0) }
    package static let all = ofLedger + ofProviders
  }

  /// The pause between passes. Seconds.
  package static let intervalSeconds: Int64 = 10
  private static let batchSize = 500
  /// Reaping or sweeping goes on for so long at most, then the next pass goes on.
  private static let passMilliseconds: Int64 = 5000

  private let ledger: any DeliveryLedger
  private let positions: any FeedPositions
  private let timing: DeliveryTiming
  private let clock: any WallClock
  private let inquiries: [Channel: ProviderInquiry]
  /// Where the last sweep was broken off; `nil`: it came to its end.
  private let sweptTo = Mutex<SweepStop?>(nil)

  /// - Parameter clock: its steady time bounds passes.
  package init(
    ledger: any DeliveryLedger, positions: any FeedPositions,
    providers: [Channel: any Provider], random: any RandomSource, timing: DeliveryTiming,
    clock: any WallClock, who: String, logger: Logger
  ) {
    self.ledger = ledger
    self.positions = positions
    self.timing = timing
    self.clock = clock
    inquiries = Dictionary(
      uniqueKeysWithValues: Channel.allCases.map { channel in
        (
          channel,
          ProviderInquiry(
            channel: channel, provider: providers[channel], ledger: ledger, random: random,
            timing: timing, clock: clock, who: who, logger: logger)
        )
      })
  }

  /// All of the work once, the ledger's before the providers', so that calls that were reaped are
  /// asked about. What one part cannot do keeps none of the others from theirs; the first failure is
  /// thrown when all have ended.
  package func pass() async throws -> ReconcilerReport {
    let results = await sideBySide(Work.ofLedger) + sideBySide(Work.ofProviders)
    return try results.reduce(into: ReconcilerReport()) { $0.add(try $1.get()) }
  }

  private func sideBySide(_ works: [Work]) async -> [Result<ReconcilerReport, any Error>] {
    await withTaskGroup(of: (Int, Result<ReconcilerReport, any Error>).self) { group in
      for (place, work) in works.enumerated() {
        group.addTask {
          do {
            return (place, .success(try await self.perform(work)))
          } catch {
            return (place, .failure(error))
          }
        }
      }
      let results = await group.reduce(into: []) { $0.append($1) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  /// As much of one kind as its bounds allow.
  package func perform(_ work: Work) async throws -> ReconcilerReport {
    switch work {
    case .reap: try await reap()
    case .sweep: try await sweep()
    case .lookUp(let channel): try await inquiries[channel]?.pass() ?? ReconcilerReport()
    }
  }

  private func reap() async throws -> ReconcilerReport {
    var report = ReconcilerReport()
    let began = clock.steadyMilliseconds()
    while true {
      let count = try await ledger.reap(timing: timing, limit: Self.batchSize)
      report.reaped += count
      if count < Self.batchSize { return report }
      if isOver(since: began) { return report.cut }
    }
  }

  private func sweep() async throws -> ReconcilerReport {
    let committed = Dictionary(
      try await positions.positions().map { ($0.partition, $0.committed) },
      uniquingKeysWith: { max($0, $1) })
    var report = ReconcilerReport()
    let began = clock.steadyMilliseconds()
    var stop = sweptTo.withLock { $0 }
    while true {
      let step = try await ledger.sweep(committed: committed, from: stop, limit: Self.batchSize)
      report.swept.add(step.counts)
      stop = step.next
      sweptTo.withLock { $0 = step.next }
      if stop == nil { return report }
      if isOver(since: began) { return report.cut }
    }
  }

  private func isOver(since began: Int64) -> Bool {
    Task.isCancelled
      || clock.steadyMilliseconds().saturatingSubtract(began) >= Self.passMilliseconds
  }
}

package struct ReconcilerReport: Hashable, Sendable {
  package var reaped = 0
  package var swept = SweepCounts()
  package var resolved = 0
  package var leftUncertain = 0
  /// Whether there is more to do at once: a bound was reached first.
  package var isCut = false

  package init() {}

  var cut: ReconcilerReport {
    var report = self
    report.isCut = true
    return report
  }

  mutating func add(_ other: ReconcilerReport) {
    reaped += other.reaped
    swept.add(other.swept)
    resolved += other.resolved
    leftUncertain += other.leftUncertain
    isCut = isCut || other.isCut
  }
}
