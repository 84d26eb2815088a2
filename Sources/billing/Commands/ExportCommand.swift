import ArgumentParser
import Assembly
import Billing
import Operations
import Runs
import Settlement

/// `billing export`: a month's statements as CSV.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a month's statements as CSV, the latest version of each.",
    discussion: """
      Columns: customer_id,charges,discounts,tax,rounding,total, in minor units.

      Examples:
        billing export 2026-10 > 2026-10.csv
        billing export 2026-10 --out 2026-10.csv
      """)

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth

  @Option(
    name: .long, help: ArgumentHelp("Where to write; replaced when complete.", valueName: "file"))
  var out: String?

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let export = try await environment.operations().export(month)
    let terminal = environment.terminal
    guard let out else {
      _ = try await export.write { bytes in
        if let number = terminal.print(bytes: bytes) {
          throw CommandFailure(printing: number)
        }
      }
      return
    }
    let file = try ReplacedFile(out)
    let count = try await export.write { try file.write($0) }
    try file.complete()
    terminal.note(.exported(Int(count), to: out))
  }
}
