import ArgumentParser
import Assembly

/// `billing`: the root of all commands.
struct BillingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "billing",
    abstract: "Settles a month into statements, makes the bills, and tells each customer once.",
    discussion: """
      A first month, in an empty folder:
        billing init
        billing sample data/sample --customers 10000
        billing import data/sample
        billing run 2026-10
        billing verify 2026-10

      Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 65 bad input data, 69 a store \
      is not reachable, 75 somebody else is at it, 76 an earlier stage is not complete.
      """,
    version: ProgramVersion.current,
    subcommands: [
      InitCommand.self, ImportCommand.self, SampleCommand.self, SettleCommand.self,
      RenderCommand.self, PolicyCommand.self, DispatchCommand.self, DeliverCommand.self,
      RunCommand.self, ExportCommand.self, StatusCommand.self, VerifyCommand.self,
      ExplainCommand.self, DeliveriesCommand.self, MockProviderCommand.self,
    ])
}

/// The version of this program, as runs pin it.
enum ProgramVersion {
  static let current = "0.1.0"
}
