import ArgumentParser
import Assembly
import Billing
import Operations
import Runs
import Settlement

/// `billing settle`: Job 1, one statement per customer of a month.
struct SettleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settle",
    abstract: "Settle a month: one immutable statement per customer (Job 1).",
    discussion: """
      Started again it goes on where it stopped; a month that is settled is left alone, but for \
      parked customers whose data has been mended meanwhile.

      Examples:
        billing settle 2026-10
        billing settle 2026-10 --join          work along with a settlement that is under way
        billing settle --due                   for a scheduler to call every day
        billing settle 2026-10 --correct --customers ids.txt --reason "wrong tariff"
      """)

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth?

  @Flag(name: .long, help: "Add this process's workers to a run that is under way.")
  var join = false

  @Flag(name: .long, help: "Settle the months that are due by settlement.day.")
  var due = false

  @Flag(name: .long, help: "Make new versions of the statements of some customers.")
  var correct = false

  @Option(name: .long, help: ArgumentHelp("Whose: one customer id a line.", valueName: "file"))
  var customers: String?

  @Option(
    name: .long, help: ArgumentHelp("Why, for the record; nothing personal.", valueName: "text"))
  var reason: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Settle as of this moment, such as 2026-11-02T09:00:00Z; refused where time is real.",
      valueName: "time"))
  var at: MomentArgument?

  @OptionGroup var workers: WorkerOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (month != nil) != due else {
      throw ValidationError(.monthOrDue)
    }
    guard correct == (customers != nil), correct == (reason != nil), !(correct && due) else {
      throw ValidationError(.correctionOptions)
    }
    try KeptText.reason.validate(reason)
  }

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options, settings: workers.assignments)
    try KeptText.reason.check(reason)
    let operations = try await environment.operations()
    let now = try await operations.asOf(at?.moment(in: .current))
    var months = month.map { [$0] } ?? []
    // In order, up to the first that cannot be settled: which run bills a late charge follows from the
    // order in which runs are opened.
    if due { months = try await operations.dueMonths(at: now) }
    var reports: [MonthReport] = []
    for month in months {
      reports.append(try await settle(month, at: now, operations, in: environment))
    }
    if report.json {
      environment.terminal.print(JSON.array(reports.map(\.json)).text)
    } else if reports.isEmpty {
      environment.terminal.say(.nothingDue)
    }
  }

  private func settle(
    _ month: BillingMonth, at now: Timestamp, _ operations: Operations,
    in environment: CommandEnvironment
  ) async throws -> MonthReport {
    let monthReport: MonthReport
    do {
      if correct, let customers, let reason {
        monthReport = try await operations.correct(
          month, customers: try CustomerListFile.read(customers), reason: reason, joining: join)
      } else {
        monthReport = try await operations.settle(month, joining: join, asOf: now)
      }
    } catch {
      environment.progress.abandon()
      throw error
    }
    if !report.json { monthReport.print(to: environment.terminal) }
    return monthReport
  }
}
