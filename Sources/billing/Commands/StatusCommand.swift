import ArgumentParser
import Assembly
import Audit
import Billing
import Operations
import Runs
import Settlement

/// `billing status`: how far a month is, at any time and from any terminal.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show runs, steps, deliveries by state and what is unbilled.",
    discussion: """
      Examples:
        billing status
        billing status 2026-10 --watch
        billing status 2026-10 --json
      """)

  @Argument(help: "Only this month, such as 2026-10.")
  var month: BillingMonth?

  @Flag(name: .long, help: "Show it again every two seconds, until interrupted.")
  var watch = false

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let operations = try await environment.operations()
    let terminal = environment.terminal
    while true {
      let status = try await operations.status(of: month)
      if watch, terminal.clearsOutput, !report.json { terminal.print("\u{1B}[H\u{1B}[2J") }
      if report.json {
        terminal.print(watch ? status.json.line + "\n" : status.json.text)
      } else {
        status.print(to: terminal)
      }
      guard watch else { return }
      try await environment.clock.sleep(milliseconds: 2000)
    }
  }
}
