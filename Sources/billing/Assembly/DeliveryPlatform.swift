import Billing
import Delivery
import Dispatching
import EmbeddedStore
import HTTPProvider
import Logging
import Rendering

/// What dispatching and delivering need on top of the platform: the topic, the providers, the key.
struct DeliveryPlatform: Sendable {
  /// All consumers of a ledger are one group.
  static let group = "delivery"

  private let environment: CommandEnvironment
  private let ledger: any PlatformLedger
  private let events: EventStore
  private let reissuing: Reissuing
  private let parts: Parts
  private let timing: DeliveryTiming
  let reconciler: Reconciler
  /// The providers' clock where it is simulated: it follows the ledger's time.
  private let simulatedClock: SimulatedClock?

  private struct Parts: Sendable {
    var bills: StoredBills
    var remaker: RemadeBills
    var providers: [Channel: any Provider]
    var seal: ContactSeal
  }

  private var configuration: BillingConfiguration { environment.configuration }

  /// - Parameter providerClock: what the stand-in providers' seconds pass on.
  /// - Throws: `CommandFailure` also where a provider over HTTP is to be used in simulated time.
  init(
    _ environment: CommandEnvironment, ledger: any PlatformLedger, bills: any BillStore,
    pinned: PinnedBills, reissuing: Reissuing, log: EmbeddedAcceptanceLog, seal: ContactSeal,
    providerClock: any WallClock
  ) async throws {
    self.environment = environment
    self.ledger = ledger
    self.reissuing = reissuing
    simulatedClock = providerClock as? SimulatedClock
    timing = try environment.configuration.delivery.timing
    if simulatedClock != nil { try environment.configuration.providers.checkSimulated() }
    events = try await EventStore(
      database: try Database(path: environment.configuration.stores.events, readerCount: 1),
      clock: environment.clock)
    let settings = environment.configuration.providers
    let served = try ProvidersOverHTTP(environment, timing: timing)
    var providers: [Channel: any Provider] = served.providers.mapValues { Gates.provider($0) }
    for (channel, simulated) in [(Channel.email, settings.email), (.sms, settings.sms)]
    where providers[channel] == nil {
      providers[channel] = Gates.provider(
        InProcessProvider(
          channel: channel, seed: settings.seed,
          latencyMilliseconds: Int64(simulated.milliseconds), rates: simulated.rates,
          capabilities: Self.capabilities(settings), clock: providerClock, log: log, seal: seal))
    }
    parts = Parts(
      bills: StoredBills(store: bills), remaker: RemadeBills(bills: pinned, store: bills),
      providers: providers, seal: seal)
    reconciler = Reconciler(
      ledger: Gates.delivery(ledger), positions: events.positions(of: Self.group),
      providers: providers, random: SystemRandom(), timing: timing, clock: environment.clock,
      who: ProcessIdentity.current.description, logger: environment.logger("reconciler"))
  }

  /// The stand-ins can be asked, and refuse what comes too late. They keep no keys: what would be
  /// sent twice would stand in their ledger twice, for `verify` to find.
  private static func capabilities(
    _ settings: BillingConfiguration.ProviderSettings
  ) -> ProviderCapabilities {
    ProviderCapabilities(
      keepsKeySeconds: nil, lookUpSettlesSeconds: Int64(settings.settleSeconds), refusesLate: true)
  }

  var time: any LedgerTime { ledger }
  var agenda: any DispatchAgenda { ledger }

  var dispatcher: Dispatcher {
    var settings = DispatchConfiguration()
    settings.maxLatenessSeconds = configuration.maxLatenessSeconds
    settings.republishAfterSeconds = Int64(configuration.republishSeconds)
    settings.lanes = ledger.dispatchLanes
    return Dispatcher(
      ledger: Gates.dispatch(ledger), topic: Gates.topic(events), configuration: settings,
      logger: environment.logger("dispatch"))
  }

  /// Used once.
  func consumer() -> Consumer {
    var settings = ConsumerConfiguration()
    settings.timing = timing
    settings.maxInFlight = configuration.delivery.maxInFlight
    settings.batchSize = min(settings.batchSize, settings.maxInFlight)
    settings.graceMilliseconds = Int64(configuration.delivery.graceSeconds) * 1000
    settings.idleMilliseconds = 20
    let owner = ProcessIdentity.current.description
    var feed: any Feed = Gates.feed(
      events.feed(
        group: Self.group, member: owner,
        // A member's partitions go to others no later than its claims do.
        leaseMilliseconds: min(5000, timing.lease),
        isGone: { ProcessIdentity($0)?.isGone ?? false }))
    if let simulatedClock { feed = TimedFeed(feed: feed, clock: simulatedClock, time: ledger) }
    return Consumer(
      ConsumerParts(
        ledger: Gates.delivery(ledger), feed: feed,
        bills: parts.bills, remaker: parts.remaker, providers: parts.providers, seal: parts.seal,
        clock: environment.clock, random: SystemRandom()),
      owner: owner, configuration: settings, logger: environment.logger("delivery"))
  }

  /// Issues made between two ticks, at most about so many: the next tick is not to wait for them.
  private static let issuesPerPass = 2000

  /// Makes the bills of issues that deliveries wait for, so that the next tick takes them along. What
  /// a store keeps it from is done by a later pass: nobody else waits for that.
  func reissue() async throws {
    do {
      _ = try await reissuing.pass(limit: Self.issuesPerPass)
    } catch let error as StoreError {
      environment.logger("rendering").warning(
        "bills that deliveries wait for are made later", metadata: ["cause": "\(error)"])
    }
  }

  /// Passes in one command, each of a few seconds: a provider that answers one question and lets the
  /// next hang would keep it for ever. What is left is for whoever comes next.
  private static let passesPerCommand = 6

  /// What tends a ledger between ticks, once: what needs nobody else first, then what providers are
  /// asked about, within bounds, and what has to be tried again because of what they said.
  @discardableResult
  func reconcile() async throws -> DispatchReport {
    try await reissue()
    var report = try await dispatcher.passRetries()
    for _ in 0..<Self.passesPerCommand {
      guard try await reconciler.pass().isCut else { break }
    }
    report.add(try await dispatcher.passRetries())
    return report
  }

  /// For actions that depend on what the providers can do; without those that do not say.
  func operatorRequest(_ action: OperatorAction) async -> OperatorRequest {
    var providers: [Channel: ProviderCapabilities] = [:]
    for (channel, provider) in parts.providers {
      providers[channel] = await provider.statedCapabilities()
    }
    return OperatorRequest(
      action, providers: providers, timing: timing, jitter: SystemRandom().next())
  }

  /// How far the consumers are behind.
  var positions: any FeedPositions { events.positions(of: Self.group) }

  /// What is queued, claimed and sending, of all months.
  func underWay() async throws -> UnderWay { try await ledger.underWay() }
}

extension BillingConfiguration.ProviderSettings.Simulated {
  var rates: MockFailureRates {
    MockFailureRates(failingPerMillion: UInt64(failurePercent.perMillion))
  }
}

extension BillingConfiguration.DeliverySettings {
  var timing: DeliveryTiming {
    get throws {
      do {
        return try DeliveryTiming(
          lease: Int64(leaseSeconds) * 1000, callDeadline: Int64(callSeconds) * 1000,
          // Half of the call's time, and never more than 2 s, to get it on its way.
          startWithin: min(2000, Int64(callSeconds) * 500),
          leaseGuard: Int64(leaseGuardSeconds) * 1000, slotGuard: Int64(slotGuardSeconds) * 1000,
          reapAfter: Int64(reapSeconds) * 1000)
      } catch {
        throw CommandFailure(
          .wrongUsage, .unexpected("delivery: \(error)"), remedy: .changeOne)
      }
    }
  }
}
