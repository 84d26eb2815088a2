package import Billing
package import Delivery
import Dispatching
package import EmbeddedStore
import HTTPProvider
import Logging
package import Operations
package import Rendering

/// Puts dispatching and delivering together: the topic, the providers, the key.
package struct DeliveryAssembly: Sendable {
  private let surroundings: PlatformSurroundings
  private let ledger: any BillingLedger
  private let ports: StagePorts
  private let pinned: PinnedBills
  private let log: EmbeddedAcceptanceLog
  private let seal: ContactSeal

  private var configuration: BillingConfiguration { surroundings.configuration }

  /// - Parameter log: what the stand-ins of this process write to.
  package init(
    _ surroundings: PlatformSurroundings, ledger: any BillingLedger, ports: StagePorts,
    pinned: PinnedBills, log: EmbeddedAcceptanceLog, seal: ContactSeal
  ) {
    self.surroundings = surroundings
    self.ledger = ledger
    self.ports = ports
    self.pinned = pinned
    self.log = log
    self.seal = seal
  }

  /// - Parameter providerClock: what the stand-in providers' seconds pass on.
  /// - Throws: `AssemblyFailure` also where a provider over HTTP is to be used in simulated time.
  package func delivery(
    _ settings: OperationsSettings, _ work: WorkSurroundings, providerClock: any WallClock
  ) async throws -> DeliveryOperations {
    if providerClock is SimulatedClock { try configuration.providers.checkSimulated() }
    let events: any EventBroker = try await EventStore(
      database: try Database(path: configuration.stores.events, readerCount: 1),
      clock: surroundings.work.clock)
    let group = DeliveryOperations.group
    return DeliveryOperations(
      DeliveryOperations.Parts(
        ports: ports, time: ledger, agenda: ledger, topic: Gates.topic(events),
        positions: events.positions(of: group),
        feed: { member in
          Gates.feed(
            events.feed(
              group: group, member: member,
              // A member's partitions go to others no later than its claims do.
              leaseMilliseconds: min(5000, settings.timing.lease),
              isGone: { ProcessIdentity($0)?.isGone ?? false }))
        }, providers: try providers(settings.timing, clock: providerClock), pinned: pinned,
        seal: seal), settings: settings, work: work, providerClock: providerClock)
  }

  /// Over HTTP where an address is given, stand-ins in this process elsewhere.
  private func providers(
    _ timing: DeliveryTiming, clock: any WallClock
  ) throws -> [Channel: any Provider] {
    let settings = configuration.providers
    var providers = try ProvidersOverHTTP(surroundings, timing: timing).providers
      .mapValues { Gates.provider($0) }
    for (channel, standIn) in settings.standIns where providers[channel] == nil {
      providers[channel] = Gates.provider(
        InProcessProvider(
          channel: channel, seed: settings.seed,
          latencyMilliseconds: Int64(standIn.milliseconds), rates: standIn.rates,
          capabilities: Self.capabilities(settings), clock: clock, log: log, seal: seal))
    }
    return providers
  }

  /// The stand-ins can be asked, and refuse what comes too late. They keep no keys: what would be
  /// sent twice would stand in their ledger twice, for `verify` to find.
  private static func capabilities(
    _ settings: BillingConfiguration.ProviderSettings
  ) -> ProviderCapabilities {
    ProviderCapabilities(
      keepsKeySeconds: nil, lookUpSettlesSeconds: Int64(settings.settleSeconds), refusesLate: true)
  }
}

extension BillingConfiguration.ProviderSettings.StandIn {
  package var rates: MockFailureRates {
    MockFailureRates(failingPerMillion: UInt64(failurePercent.perMillion))
  }
}

extension BillingConfiguration.DeliverySettings {
  package var timing: DeliveryTiming {
    get throws {
      do {
        return try DeliveryTiming(
          lease: Int64(leaseSeconds) * 1000, callDeadline: Int64(callSeconds) * 1000,
          // Half of the call's time, and never more than 2 s, to get it on its way.
          startWithin: min(2000, Int64(callSeconds) * 500),
          leaseGuard: Int64(leaseGuardSeconds) * 1000, slotGuard: Int64(slotGuardSeconds) * 1000,
          reapAfter: Int64(reapSeconds) * 1000)
      } catch {
        throw AssemblyFailure.timingBreaks("\(error)")
      }
    }
  }
}
