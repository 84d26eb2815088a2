import ArgumentParser
import Assembly
import Billing
import Dispatching
import Operations

/// `billing init`: everything a folder needs before the first import. Run again it changes nothing.
struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write billing.yaml and a key, create the stores, apply migrations.",
    discussion: """
      Safe to run again: what is there stays as it is, and only missing migrations are applied.

      Whether the ledger's time is real or simulated is decided by its first dispatch. --time decides \
      it here, or turns it, as long as no message was begun; stop dispatchers and consumers first.

      Examples:
        mkdir month && cd month && billing init
        billing init --time real            after a try with --at, before anything was sent
      """)

  @Option(
    name: .long,
    help: ArgumentHelp("The ledger's time: real or simulated.", valueName: "kind"))
  var time: TimeKeeping.Kind?

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options, mustExist: false)
    var made = try await Installation(environment.surroundings).complete().map(Phrase.init)
    if let time, try await environment.operations().turnTime(to: time) {
      made.append(.turnedTime(time))
    }
    for thing in made { environment.terminal.say(thing) }
    environment.terminal.say(made.isEmpty ? .nothingToInstall : .installed)
  }
}

extension TimeKeeping.Kind: ExpressibleByArgument {
  package init?(argument: String) {
    switch argument {
    case "real": self = .real
    case "simulated": self = .simulated
    default: return nil
    }
  }
}

extension Phrase {
  /// That it was made.
  fileprivate init(_ part: Installation.Part) {
    switch part {
    case .file(let path): self = .madeFile(path)
    case .folder(let path): self = .madeFolder(path)
    case .key(let path): self = .madeKey(path)
    case .migrations(let count): self = .appliedMigrations(count)
    case .policy: self = .installedPolicy
    }
  }
}
