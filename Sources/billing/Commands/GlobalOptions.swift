import ArgumentParser
import Assembly
import Billing
import Operations

/// The options that every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The configuration file (default: ./billing.yaml).", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Set one setting, over variables and the file.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(name: .long, help: ArgumentHelp("Speak this language: en or ko.", valueName: "language"))
  var locale: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Log from this level on: trace … critical.", valueName: "level"))
  var logLevel: String?

  @Flag(name: .long, help: "Say times in UTC instead of your own zone (TZ).")
  var utc = false

  /// All of them as `KEY=VALUE`; the later of two wins.
  var assignments: [String] {
    overrides + (locale.map { ["locale=\($0)"] } ?? [])
      + (logLevel.map { ["log.level=\($0)"] } ?? [])
  }
}

/// For commands that report: as tables to a person, or as JSON to a program.
struct ReportOptions: ParsableArguments {
  @Flag(name: .long, help: "Print the report as JSON.")
  var json = false
}

/// For commands that work with several tasks at once.
struct WorkerOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Tasks in this process.", valueName: "count"))
  var workers: Int?

  var assignments: [String] { workers.map { ["workers=\($0)"] } ?? [] }
}
