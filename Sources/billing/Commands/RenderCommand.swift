import ArgumentParser
import Assembly
import Billing
import Operations
import Rendering
import Runs

/// `billing render`: Job 2, and the preview of a single bill.
struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Make the bills of a settled month (Job 2), or preview one.",
    discussion: """
      Examples:
        billing render 2026-10
        billing render 2026-10 --policy active            again, by the policy active now
        billing render preview 1001 2026-10 --out bill.html
      """,
    subcommands: [RenderMonthCommand.self, PreviewCommand.self],
    defaultSubcommand: RenderMonthCommand.self)
}

struct RenderMonthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "month",
    abstract: "Make the bills of a settled month, and then its deliveries.",
    discussion: """
      Started again it goes on where it stopped; bills that are made are left alone.

      Examples:
        billing render 2026-10
        billing render 2026-10 --mend        after the bill store lost something
      """)

  enum Policy: String, ExpressibleByArgument {
    case active
  }

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth

  @Option(name: .long, help: "`active`: make them again where another policy made them.")
  var policy: Policy?

  @Flag(name: .long, help: "Add this process's workers to a run that is under way.")
  var join = false

  @Flag(name: .long, help: "Put bills again that are missing from the store or were altered.")
  var mend = false

  @OptionGroup var workers: WorkerOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if mend, policy != nil || join {
      throw ValidationError(.mendStandsAlone)
    }
  }

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options, settings: workers.assignments)
    let operations = try await environment.operations()
    if mend { return try await mend(operations, in: environment) }
    let text: RenderingReport
    do {
      text = try await operations.render(
        month, byActivePolicy: policy == .active, joining: join)
    } catch {
      environment.progress.abandon()
      throw error
    }
    if report.json {
      environment.terminal.print(text.json.text)
    } else {
      text.print(to: environment.terminal)
    }
  }

  private func mend(_ operations: Operations, in environment: CommandEnvironment) async throws {
    let progress = environment.progress
    progress.begin(.mending(month))
    let mended: MendingReport
    do {
      mended = try await operations.mend(month) { progress.advance(to: $0) }
      progress.end()
    } catch {
      progress.abandon()
      throw error
    }
    if report.json {
      let json: JSON = [
        "month": .string(month.description), "checked": .number(mended.checked),
        "mended": .number(mended.mended),
      ]
      environment.terminal.print(json.text)
    } else {
      environment.terminal.say(.mended(mended.mended, of: mended.checked))
    }
  }
}

extension RenderingReport {
  func print(to terminal: Terminal) {
    if runs.isEmpty { terminal.say(.alreadyRendered(month)) }
    for (run, steps) in runs {
      let counts = Counts(run, steps)
      terminal.say(.rendered(run.key))
      var table = Table([Table.Column(""), Table.Column("", .right)])
      func add(_ name: Phrase, _ value: String) {
        table.add([name.text(in: terminal.language), value])
      }
      add(.statements, grouped(counts.statements))
      add(.bills, grouped(counts.bills))
      add(.deliveries, grouped(counts.deliveries))
      add(.policyVersion, run.pins.policyVersion.map(String.init) ?? "")
      add(.seconds, seconds(.milliseconds(counts.milliseconds)))
      if !run.wasTakenOver,
        let rate = perSecond(Int(counts.statements), in: .milliseconds(counts.milliseconds))
      {
        add(.statementsPerSecond, grouped(rate))
      }
      terminal.print(table.text())
    }
  }
}

struct PreviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show one bill without storing anything, made as Job 2 makes it.",
    discussion: """
      Examples:
        billing render preview 1001 2026-10 --out bill.html
        billing render preview 1001 2026-10 --channel sms
        billing render preview 1001 2026-10 --template draft.mustache --out bill.html
      """)

  @Argument(help: ArgumentHelp("The customer's number.", valueName: "customer"))
  var customer: CustomerID

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth

  @Option(name: .long, help: "email or sms; the policy's first one by default.")
  var channel: Channel?

  @Option(
    name: .long,
    help: ArgumentHelp("Use this body instead of the active template's.", valueName: "file"))
  var template: String?

  @Option(name: .long, help: ArgumentHelp("Where to write.", valueName: "file"))
  var out: String?

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let bill = try await environment.operations().preview(
      of: customer, month: month, channel: channel, body: try template.map(TextFile.read))
    let text = (bill.subject.isEmpty ? "" : bill.subject + "\n\n") + bill.text
    guard let out else {
      environment.terminal.print(text.hasSuffix("\n") ? text : text + "\n")
      return
    }
    let file = try ReplacedFile(out)
    try file.write(Array(text.utf8))
    try file.complete()
    environment.terminal.note(.wrotePreview(out))
  }
}
