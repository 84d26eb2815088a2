import Billing
import Delivery
import EmbeddedStore
import HTTPProvider
import MockProvider

/// The mock providers as a server of this process, with a ledger of their own.
struct MockProviders: Sendable {
  /// What the command line says; what it leaves open is as the configuration says.
  struct Options: Sendable {
    var host: String
    var port: Int
    var ledger: String?
    var channels: [Channel]
    var latencyMilliseconds: Int?
    var failuresPerMillion: UInt64?
    var seed: UInt64?
    var capabilities: ProviderCapabilities
    var faults: [MockFault]
  }

  /// Connections that are served at once when nothing else is said.
  private static let usualConnections = 10_000

  private let options: Options
  private let environment: CommandEnvironment

  init(_ options: Options, in environment: CommandEnvironment) {
    self.options = options
    self.environment = environment
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter listening: told the port before the first message is taken.
  func serve(listening: (Int) -> Void) async throws {
    let limit = OpenFiles.raisedLimit()
    if limit < Self.usualConnections + 500 { environment.terminal.note(.fewFiles(limit)) }
    let services = try await services()
    let server: MockProviderServer
    do {
      server = try await MockProviderServer.listen(
        host: options.host, port: options.port, services: services)
    } catch let error as MockProviderServer.CannotListen {
      throw CommandFailure(
        .wrongUsage, .cannotListen("\(options.host):\(options.port)", error.reason),
        remedy: .chooseAnotherPort)
    }
    listening(server.port)
    await server.serve()
  }

  private func services() async throws -> [Channel: MockProviderService] {
    let settings = environment.configuration.providers
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(
        path: options.ledger ?? environment.configuration.stores.acceptances, readerCount: 2))
    let seal = try ContactKey.seal(from: environment.configuration.keys)
    let seed = options.seed ?? settings.seed
    let numbers = MessageNumbers()
    var services: [Channel: MockProviderService] = [:]
    for channel in options.channels {
      let usual = channel == .email ? settings.email : settings.sms
      let provider = InProcessProvider(
        channel: channel, seed: seed,
        latencyMilliseconds: Int64(options.latencyMilliseconds ?? usual.milliseconds),
        rates: options.failuresPerMillion.map(MockFailureRates.init(failingPerMillion:))
          ?? usual.rates,
        capabilities: options.capabilities, clock: environment.clock, log: log, seal: seal)
      services[channel] = MockProviderService(
        provider, channel: channel, faults: options.faults, seed: seed, clock: environment.clock,
        numbers: numbers,
        // They go by the names that whoever sends to them knows them by.
        served: { try await log.note([HTTPProvider.name(of: channel, at: $0)]) })
    }
    return services
  }
}

extension MockFailureRates {
  /// One in five failures is for good, the others may go better the next time.
  init(failingPerMillion perMillion: UInt64) {
    self.init(refused: perMillion - perMillion / 5, rejected: perMillion / 5)
  }
}
