import ArgumentParser
import Assembly
import Billing
import Delivery
import Dispatching
import Operations

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
    let operations = try await environment.operations()
    if let every, let seconds = durationSeconds(every) {
      return try await keepTicking(every: seconds, operations, in: environment)
    }
    if at != nil { try environment.configuration.providers.checkSimulated() }
    let now = try await operations.dispatching(at: at?.moment(in: .current))
    var clock = environment.clock
    switch try await operations.timeKeeping() {
    case .undecided: try await operations.keepReal()
    case .real: break
    case .simulated: clock = SimulatedClock(at: now)
    }
    let sending = try await operations.delivery(providerClock: clock).tick()
    if report.json {
      environment.terminal.print(sending.dispatchJSON.text)
    } else {
      environment.terminal.say(.dispatched(at: now))
      environment.terminal.print(sending.dispatchTable(environment.terminal.language).text())
    }
  }

  private func keepTicking(
    every seconds: Int64, _ operations: Operations, in environment: CommandEnvironment
  ) async throws {
    try await operations.keepReal()
    let terminal = environment.terminal
    let json = report.json
    try await operations.delivery(providerClock: environment.clock).keepTicking(every: seconds) {
      terminal.print(
        json ? $0.dispatchJSON.line + "\n" : $0.dispatchTable(terminal.language).text())
    }
  }
}
