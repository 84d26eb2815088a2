import ArgumentParser
import Assembly
import Billing
import Operations
import Rendering

/// `billing policy`: what bills are made and sent by.
struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Install a delivery policy and its templates.",
    discussion: """
      Example:
        billing policy apply policies/2
      """,
    subcommands: [PolicyApplyCommand.self])
}

struct PolicyApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Store a policy and its templates, and make them active.",
    discussion: """
      The folder holds policy.yaml and, for new templates, CHANNEL.LOCALE.subject.mustache and \
      CHANNEL.LOCALE.body.mustache for each channel and locale. A policy.yaml:

        version: 2
        templateVersion: 2
        channels: [email, sms]
        attemptsPerChannel: 3
        backoffSeconds: 60
        maxBackoffSeconds: 3600
        uncertain: atMostOnce
        masksNames: true
        dueDay: 25
        daysToPay: 7

      Example:
        billing policy apply policies/2 && billing render 2026-10 --policy active
      """)

  @Argument(help: ArgumentHelp("The folder with policy.yaml.", valueName: "dir"))
  var folder: String

  @Flag(name: .long, help: "Keep it as a draft, which may still be changed.")
  var draft = false

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let operations = try await environment.operations()
    // Read first, so that a missing file is said as what it is.
    _ = try TextFile.read(folder + "/policy.yaml")
    switch try await operations.applyPolicy(from: folder, activating: !draft) {
    case .unchanged: environment.terminal.say(.policyUnchanged)
    case .stored: environment.terminal.say(.policyStored)
    case .activated: environment.terminal.say(.policyActivated)
    case .refused(let refusal):
      throw CommandFailure(
        .badInput, .policyRefused(refusal.description), remedy: .giveNewVersion)
    }
  }
}
