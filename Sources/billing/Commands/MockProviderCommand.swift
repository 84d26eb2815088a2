import ArgumentParser
import Assembly
import Billing
import Delivery

/// `billing mock-provider`: e-mail and SMS providers to try everything with.
struct MockProviderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mock-provider",
    abstract: "Stand in for the e-mail and SMS providers, as an HTTP server.",
    discussion: """
      Prints the port it listens on, then serves until it is told to stop. The addresses for the \
      configuration are http://127.0.0.1:PORT/email and http://127.0.0.1:PORT/sms. What it accepts \
      is in its ledger before it says so, where `billing verify` reads it.

      A fault is KIND=N, KIND=FIRST-LAST (messages by number, from 1) or KIND=PERCENT%, with KIND \
      one of \(MockFault.kinds.joined(separator: ", ")): before or after the message was accepted; \
      of hang-look-up, N counts the questions.

      Examples:
        billing mock-provider --port 8025
        billing mock-provider --look-up 60 --refuse-late --fault drop-after=1% --fault 500-before=7
      """)

  enum Channels: String, ExpressibleByArgument, CaseIterable {
    case email
    case sms
    case both
  }

  @Option(name: .long, help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(name: .long, help: "The port to listen on; 0 takes a free one.")
  var port = 0

  @Option(
    name: .long,
    help: ArgumentHelp("What it accepted (default: providers.log).", valueName: "file"))
  var ledger: String?

  @Option(name: .long, help: "What it carries: email, sms or both.")
  var channel = Channels.both

  @Option(
    name: .long,
    help: ArgumentHelp("How long a message takes (default: as configured).", valueName: "count"))
  var latencyMs: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("How many attempts fail (default: as configured).", valueName: "percent"))
  var failures: String?

  @Option(
    name: .long, help: ArgumentHelp("Outcomes and faults follow from it.", valueName: "number"))
  var seed: UInt64?

  @Option(
    name: .long,
    help: ArgumentHelp("How long a key is known again, or no.", valueName: "seconds"))
  var keepKeys = "no"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "It can be asked for a key, and is sure after this long; or unsure; or no.",
      valueName: "seconds"))
  var lookUp = "no"

  @Flag(name: .long, help: "Refuse what arrives after the time that its request names.")
  var refuseLate = false

  @Option(
    name: .customLong("fault"), parsing: .singleValue,
    help: ArgumentHelp("Do this wrong; may be given several times.", valueName: "fault"))
  var faults: [String] = []

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (0...65_535).contains(port) else {
      throw ValidationError(.numberBetween("--port", 0...65_535))
    }
    if let latencyMs, !(0...600_000).contains(latencyMs) {
      throw ValidationError(.numberBetween("--latency-ms", 0...600_000))
    }
    if let failures, MockFault.perMillion(percent: failures) == nil {
      throw ValidationError(.failuresPercentage)
    }
    guard Self.seconds(keepKeys) != nil else {
      throw ValidationError(.secondsOrNo("--keep-keys"))
    }
    guard Self.seconds(lookUp) != nil || lookUp == Self.unsure else {
      throw ValidationError(.lookUpSeconds)
    }
    for fault in faults where MockFault(fault) == nil {
      throw ValidationError(
        .badFault(fault, kinds: MockFault.kinds.joined(separator: ", ")))
    }
  }

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let terminal = environment.terminal
    let channels: [Channel] =
      switch channel {
      case .email: [.email]
      case .sms: [.sms]
      case .both: Channel.allCases
      }
    let providers = MockProviders(
      MockProviders.Options(
        host: host, port: port, ledger: ledger, channels: channels,
        latencyMilliseconds: latencyMs, failuresPerMillion: failures.flatMap(MockFault.perMillion),
        seed: seed,
        capabilities: ProviderCapabilities(
          keepsKeySeconds: Self.seconds(keepKeys) ?? nil, canBeAsked: lookUp == Self.unsure,
          lookUpSettlesSeconds: Self.seconds(lookUp) ?? nil, refusesLate: refuseLate),
        faults: faults.compactMap(MockFault.init)),
      in: environment.surroundings)
    try await providers.serve { port in
      terminal.print("\(port)\n")
      for channel in channels {
        terminal.note(.servesProvider(channel, at: "http://\(host):\(port)/\(channel.rawValue)"))
      }
    } fewFiles: {
      terminal.note(.fewFiles($0))
    }
  }

  /// It can be asked, and never is sure that it has not got a message.
  private static let unsure = "unsure"

  /// `nil` for what is neither a number nor `no`; the number, or `nil` for `no`.
  private static func seconds(_ text: String) -> Int64?? {
    if text == "no" { return .some(nil) }
    guard let seconds = Int64(text), (0...31_622_400).contains(seconds) else { return nil }
    return .some(seconds)
  }
}
