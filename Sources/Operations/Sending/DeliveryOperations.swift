package import Billing
package import Delivery
package import Dispatching
package import Logging
package import Rendering
import Runs

/// Dispatching and delivering: the dispatcher, the consumer, and what tends the ledger between ticks.
package struct DeliveryOperations: Sendable {
  /// All consumers of a ledger are one group.
  package static let group = "delivery"

  /// What they are made of.
  package struct Parts: Sendable {
    package var ports: StagePorts
    package var time: any LedgerTime
    package var agenda: any DispatchAgenda
    package var topic: any Topic
    package var positions: any FeedPositions
    /// A new member's place in the group, by its name.
    package var feed: @Sendable (_ member: String) -> any Feed
    package var providers: [Channel: any Provider]
    package var pinned: PinnedBills
    package var seal: ContactSeal

    package init(
      ports: StagePorts, time: any LedgerTime, agenda: any DispatchAgenda, topic: any Topic,
      positions: any FeedPositions, feed: @escaping @Sendable (_ member: String) -> any Feed,
      providers: [Channel: any Provider], pinned: PinnedBills, seal: ContactSeal
    ) {
      self.ports = ports
      self.time = time
      self.agenda = agenda
      self.topic = topic
      self.positions = positions
      self.feed = feed
      self.providers = providers
      self.pinned = pinned
      self.seal = seal
    }
  }

  private let parts: Parts
  private let settings: OperationsSettings
  private let work: WorkSurroundings
  package let reconciler: Reconciler
  private let reissuing: Reissuing
  /// The providers' clock where it is simulated: it follows the ledger's time.
  private let simulatedClock: SimulatedClock?

  /// - Parameter providerClock: what the stand-in providers' seconds pass on.
  package init(
    _ parts: Parts, settings: OperationsSettings, work: WorkSurroundings,
    providerClock: any WallClock
  ) {
    self.parts = parts
    self.settings = settings
    self.work = work
    simulatedClock = providerClock as? SimulatedClock
    reissuing = Reissuing(
      ledger: parts.ports.rendering, store: parts.ports.bills, pinned: parts.pinned,
      logger: work.logger("rendering"))
    reconciler = Reconciler(
      ledger: parts.ports.delivery, positions: parts.positions, providers: parts.providers,
      random: SystemRandom(), timing: settings.timing, clock: work.clock, who: settings.run.worker,
      logger: work.logger("reconciler"))
  }

  package var time: any LedgerTime { parts.time }
  package var agenda: any DispatchAgenda { parts.agenda }
  package var clock: any WallClock { work.clock }
  package var logger: Logger { work.logger("tending") }

  package var dispatcher: Dispatcher {
    Dispatcher(
      ledger: parts.ports.dispatch, topic: parts.topic, configuration: settings.dispatch,
      logger: work.logger("dispatch"))
  }

  /// Used once.
  package func consumer() -> Consumer {
    var feed = parts.feed(settings.run.worker)
    if let simulatedClock { feed = TimedFeed(feed: feed, clock: simulatedClock, time: parts.time) }
    let bills = parts.ports.bills
    return Consumer(
      ConsumerParts(
        ledger: parts.ports.delivery, feed: feed, bills: StoredBills(store: bills),
        remaker: RemadeBills(bills: parts.pinned, store: bills), providers: parts.providers,
        seal: parts.seal, clock: work.clock, random: SystemRandom()),
      owner: settings.run.worker, configuration: settings.consumer, logger: work.logger("delivery"))
  }

  /// Issues made between two ticks, at most about so many: the next tick is not to wait for them.
  private static let issuesPerPass = 2000

  /// Makes the bills of issues that deliveries wait for, so that the next tick takes them along. What
  /// a store keeps it from is done by a later pass: nobody else waits for that.
  package func reissue() async throws {
    do {
      _ = try await reissuing.pass(limit: Self.issuesPerPass)
    } catch let error as StoreError {
      work.logger("rendering").warning(
        "bills that deliveries wait for are made later", metadata: ["cause": "\(error)"])
    }
  }

  /// Passes in one command, each of a few seconds: a provider that answers one question and lets the
  /// next hang would keep it for ever. What is left is for the next command.
  private static let passesPerCommand = 6

  /// What tends a ledger between ticks, once: what needs nobody else first, then what providers are
  /// asked about, within bounds, and what has to be tried again because of what they said.
  @discardableResult
  package func reconcile() async throws -> DispatchReport {
    try await reissue()
    var report = try await dispatcher.passRetries()
    for _ in 0..<Self.passesPerCommand {
      guard try await reconciler.pass().isCut else { break }
    }
    report.add(try await dispatcher.passRetries())
    return report
  }

  /// One tick, and afterwards what tends the ledger: no provider that is asked about its messages may
  /// hold up the tick.
  package func tick() async throws -> SendingReport {
    try await reissue()
    var sending = SendingReport()
    sending.add(try await dispatcher.tick())
    sending.add(again: try await reconcile())
    return sending
  }

  /// Ticks until the task is cancelled, which is how it ends.
  package func keepTicking(
    every seconds: Int64, report: @escaping @Sendable (SendingReport) -> Void
  ) async throws {
    let tending = Tending(platform: self, tickSeconds: seconds)
    do {
      try await tending.tend { tick in
        guard tick.queued + tick.held + tick.suppressed > 0 else { return }
        var sending = SendingReport()
        sending.add(tick)
        report(sending)
      } isOver: {
        false
      }
    } catch is CancellationError {}
  }

  /// Consumes, with the reconciler beside it.
  ///
  /// - Parameter progress: told now and then what was done so far.
  package func deliver(
    until goal: Consumer.Goal, progress: @escaping @Sendable (ConsumerReport) -> Void
  ) async throws -> ConsumerReport {
    let consumer = consumer()
    return try await withThrowingTaskGroup(of: ConsumerReport?.self) { group in
      group.addTask { try await GracefulConsumer(consumer: consumer).run(until: goal) }
      group.addTask {
        do {
          try await Tending(platform: self, tickSeconds: nil)
            .tend(report: { _ in }, isOver: { false })
        } catch is CancellationError {}
        return nil
      }
      group.addTask {
        while !Task.isCancelled {
          progress(consumer.currentReport)
          try? await clock.sleep(milliseconds: 200)
        }
        return nil
      }
      while let report = try await group.next() {
        guard let report else { continue }
        group.cancelAll()
        progress(report)
        return report
      }
      return consumer.currentReport
    }
  }

  /// For actions that depend on what the providers can do; without those that do not say.
  package func operatorRequest(_ action: OperatorAction) async -> OperatorRequest {
    var providers: [Channel: ProviderCapabilities] = [:]
    for (channel, provider) in parts.providers {
      providers[channel] = await provider.statedCapabilities()
    }
    return OperatorRequest(
      action, providers: providers, timing: settings.timing, jitter: SystemRandom().next())
  }

  /// What is queued, claimed and sending, of all months.
  package func underWay() async throws -> UnderWay { try await parts.ports.delivery.underWay() }
}
