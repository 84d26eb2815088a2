import ArgumentParser
import Billing
import Importing

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
    let platform = try await Platform(environment)
    let display = ImportDisplay(environment.progress)
    let result: ImportReport
    do {
      result = try await platform.importer().run(
        directory: directory, options: ImportOptions(dryRun: dryRun, skipBadRows: skipBadRows),
        progress: { display.show($0) })
      environment.progress.end()
    } catch {
      environment.progress.abandon()
      throw error
    }
    let text = ImportReportText(result, language: environment.terminal.language)
    environment.terminal.print(report.json ? text.json.text : text.table)
    for line in text.refusals { environment.terminal.note(line) }
    guard result.outcome != .refused else {
      throw CommandFailure(
        .badInput, .refusedRows(result.refusedCount), remedy: .mendRowsOrSkip)
    }
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
      ? Int(Int64(progress.rows) * progress.bytesTotal / progress.bytesDone) : progress.rows
    display.show(Phrase(verbatim: progress.file.rawValue), done: progress.rows, of: total)
  }
}

/// What an import says when it is over.
private struct ImportReportText {
  private let report: ImportReport
  private let language: Language

  init(_ report: ImportReport, language: Language) {
    self.report = report
    self.language = language
  }

  var table: String {
    let titles: [Phrase] = [.file, .newRows, .changedRows, .unchangedRows, .refused]
    var table = Table(
      titles.enumerated().map {
        Table.Column($1.text(in: language), $0 == 0 ? .left : .right)
      })
    for file in report.files {
      let counts = file.counts
      table.add(
        [file.file.rawValue]
          + [counts.new, counts.changed, counts.unchanged, file.refused].map(grouped))
    }
    return table.text()
  }

  /// A line a refusal, then how many more there are; then what was passed over.
  var refusals: [Phrase] {
    let locale: BillLocale = language == .korean ? .korean : .english
    var lines = report.refusals.map { refusal in
      Phrase(verbatim: "\(refusal.place): \(refusal.reason.text(in: locale))")
    }
    let more = report.refusedCount - report.refusals.count
    if more > 0 { lines.append(.andMore(more)) }
    return lines + report.warnings.map { Phrase(verbatim: $0.description) }
  }

  var closing: Phrase {
    switch report.outcome {
    case .recorded(let number):
      report.rejectsPath != nil && report.refusedCount > 0
        ? .recordedWithout(report.refusedCount, number, report.rejectsPath ?? "")
        : .recorded(number)
    case .unchanged: .nothingNew
    case .checked: .wouldImport
    case .refused: .refusedRows(report.refusedCount)
    }
  }

  var json: JSON {
    var number: JSON = .null
    if case .recorded(let recorded) = report.outcome { number = .integer(recorded) }
    return [
      "outcome": .string(outcomeName),
      "recordNumber": number,
      "files": .array(
        report.files.map { file in
          [
            "file": .string(file.file.rawValue), "new": .number(file.counts.new),
            "changed": .number(file.counts.changed), "unchanged": .number(file.counts.unchanged),
            "refused": .number(file.refused),
          ]
        }),
      "refused": .number(report.refusedCount),
      "refusals": .array(
        report.refusals.map { refusal in
          [
            "file": .string(refusal.file.rawValue), "line": .number(refusal.line),
            "column": .optional(refusal.column?.description),
            "reason": .string(refusal.reason.text(in: .english)),
          ]
        }),
      "rejects": .optional(report.rejectsPath),
    ]
  }

  private var outcomeName: String {
    switch report.outcome {
    case .recorded: "recorded"
    case .unchanged: "unchanged"
    case .checked: "checked"
    case .refused: "refused"
    }
  }
}
