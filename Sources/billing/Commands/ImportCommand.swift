import ArgumentParser
import Assembly
import Billing
import Importing
import Operations

/// `billing import`: loads an import set.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Load an import set: a folder of CSV files and a catalog.",
    discussion: """
      Importing a set again changes nothing; a changed row is a new recorded version. One bad row \
      refuses the set, unless bad rows are to be skipped.

      Examples:
        billing import data/october
        billing import data/october --dry-run
        billing import data/october --skip-bad-rows      writes data/october/rejects.csv
      """)

  @Argument(help: ArgumentHelp("The folder of the set.", valueName: "dir"))
  var directory: String

  @Flag(name: .long, help: "Check everything and store nothing.")
  var dryRun = false

  @Flag(name: .long, help: "Store the good rows and write the bad ones to rejects.csv.")
  var skipBadRows = false

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let operations = try await environment.operations()
    let display = ImportDisplay(environment.progress)
    let result: ImportReport
    do {
      result = try await operations.importSet(
        directory, options: ImportOptions(dryRun: dryRun, skipBadRows: skipBadRows),
        progress: { display.show($0) })
      environment.progress.end()
    } catch {
      environment.progress.abandon()
      throw error
    }
    let text = ImportReportText(result, language: environment.terminal.language)
    environment.terminal.print(report.json ? result.json.text : text.table)
    for line in text.remarks { environment.terminal.note(line) }
    guard result.outcome != .refused else {
      throw CommandFailure(
        .badInput, .refusedRows(result.refusedCount),
        remedy: result.hasUnreadableFile ? .mendFile : .mendRowsOrSkip)
    }
    for line in text.rejects { environment.terminal.note(line) }
    if !report.json { environment.terminal.say(text.closing) }
  }
}

/// Shows an import as one step a file.
private struct ImportDisplay {
  private let display: ProgressDisplay

  init(_ display: ProgressDisplay) {
    self.display = display
  }

  func show(_ progress: ImportProgress) {
    // Files are measured in bytes; a person counts rows, whose number follows from the bytes so far.
    let total =
      progress.bytesDone > 0
      ? Int(
        clamping: Int128(progress.rows) * Int128(progress.bytesTotal) / Int128(progress.bytesDone))
      : progress.rows
    display.show(Phrase(verbatim: progress.file.rawValue), done: progress.rows, of: total)
  }
}
