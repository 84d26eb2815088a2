import ArgumentParser
import Billing
import Delivery
import Dispatching

/// `billing dispatch`: queues what is due in the slot that holds "now".
struct DispatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dispatch",
    abstract: "One tick of the dispatcher, or one every so often.",
    discussion: """
      A tick that was missed is made up by the next one; any number may run at once.

      Examples:
        billing dispatch
        billing dispatch --every 2h
        billing dispatch --at 2026-11-10T01:00:00Z        on a simulated ledger
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("Keep running, with a tick at least so often.", valueName: "duration"))
  var every: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Work as of this moment, such as 2026-11-02T09:00:00Z; makes the ledger's time simulated.",
      valueName: "time"))
  var at: MomentArgument?

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard let every else { return }
    guard at == nil else { throw ValidationError(.notBoth("--at", "--every")) }
    guard let seconds = durationSeconds(every), seconds >= 10 else {
      throw ValidationError(.everyDuration)
    }
  }

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let platform = try await Platform(environment)
    if let every, let seconds = durationSeconds(every) {
      return try await keepTicking(every: seconds, on: platform, in: environment)
    }
    if at != nil { try environment.configuration.providers.checkSimulated() }
    let now = try await LedgerMoment.dispatching(
      at: at?.moment(in: .current), of: platform.time, clock: environment.clock)
    var clock = environment.clock
    switch try await platform.time.timeKeeping() {
    case .undecided: try await LedgerMoment.keepReal(platform.time)
    case .real: break
    case .simulated: clock = SimulatedClock(at: now)
    }
    let delivery = try await platform.delivery(providerClock: clock)
    try await delivery.reissue()
    var sending = SendingReport()
    sending.add(try await delivery.dispatcher.tick())
    // Afterwards: no provider that is asked about its messages may hold up the tick.
    sending.add(again: try await delivery.reconcile())
    if report.json {
      environment.terminal.print(sending.dispatchJSON.text)
    } else {
      environment.terminal.say(.dispatched(at: now))
      environment.terminal.print(sending.dispatchTable(environment.terminal.language).text())
    }
  }

  private func keepTicking(
    every seconds: Int64, on platform: Platform, in environment: CommandEnvironment
  ) async throws {
    try await LedgerMoment.keepReal(platform.time)
    let delivery = try await platform.delivery(providerClock: environment.clock)
    let terminal = environment.terminal
    let json = report.json
    let tending = Tending(
      platform: delivery, clock: environment.clock, logger: environment.logger("tending"),
      tickSeconds: seconds)
    do {
      try await tending.tend { tick in
        guard tick.queued + tick.held + tick.suppressed > 0 else { return }
        var sending = SendingReport()
        sending.add(tick)
        terminal.print(
          json ? sending.dispatchJSON.line + "\n" : sending.dispatchTable(terminal.language).text())
      } isOver: {
        false
      }
    } catch is CancellationError {
      // Told to stop: that is how it ends.
    }
  }
}
