import ArgumentParser
import Billing

/// `billing init`: everything a folder needs before the first import. Run again it changes nothing.
struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write billing.yaml and a key, create the stores, apply migrations.",
    discussion: """
      Safe to run again: what is there stays as it is, and only missing migrations are applied.

      Example:
        mkdir month && cd month && billing init
      """)

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options, mustExist: false)
    let made = try await Installation(environment).complete()
    for thing in made { environment.terminal.say(thing) }
    environment.terminal.say(made.isEmpty ? .nothingToInstall : .installed)
  }
}
