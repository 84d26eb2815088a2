package import Billing
package import Delivery
import EmbeddedStore
import HTTPProvider
import MockProvider
import Operations

/// The mock providers as a server of this process, with a ledger of their own.
package struct MockProviders: Sendable {
  /// What the command line says; what it leaves open is as the configuration says.
  package struct Options: Sendable {
    package var host: String
    package var port: Int
    package var ledger: String?
    package var channels: [Channel]
    package var latencyMilliseconds: Int?
    package var failuresPerMillion: UInt64?
    package var seed: UInt64?
    package var capabilities: ProviderCapabilities
    package var faults: [MockFault]

    package init(
      host: String, port: Int, ledger: String?, channels: [Channel], latencyMilliseconds: Int?,
      failuresPerMillion: UInt64?, seed: UInt64?, capabilities: ProviderCapabilities,
      faults: [MockFault]
    ) {
      self.host = host
      self.port = port
      self.ledger = ledger
      self.channels = channels
      self.latencyMilliseconds = latencyMilliseconds
      self.failuresPerMillion = failuresPerMillion
      self.seed = seed
      self.capabilities = capabilities
      self.faults = faults
    }
  }

  /// Connections that are served at once when nothing else is said.
  private static let usualConnections = 10_000

  private let options: Options
  private let surroundings: PlatformSurroundings

  package init(_ options: Options, in surroundings: PlatformSurroundings) {
    self.options = options
    self.surroundings = surroundings
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameters:
  ///   - listening: told the port before the first message is taken.
  ///   - fewFiles: told how many files the process may open, where that is little for a server.
  package func serve(listening: (Int) -> Void, fewFiles: (Int) -> Void) async throws {
    let limit = OpenFiles.raisedLimit()
    if limit < Self.usualConnections + 500 { fewFiles(limit) }
    let services = try await services()
    let server: MockProviderServer
    do {
      server = try await MockProviderServer.listen(
        host: options.host, port: options.port, services: services)
    } catch let error as MockProviderServer.CannotListen {
      throw AssemblyFailure.cannotListen(
        address: "\(options.host):\(options.port)", reason: error.reason)
    }
    listening(server.port)
    await server.serve()
  }

  private func services() async throws -> [Channel: MockProviderService] {
    let settings = surroundings.configuration.providers
    let log = try await EmbeddedAcceptanceLog(
      database: try Database(
        path: options.ledger ?? surroundings.configuration.stores.acceptances, readerCount: 2))
    let seal = try ContactKey.seal(from: surroundings.configuration.keys)
    let seed = options.seed ?? settings.seed
    let numbers = MessageNumbers()
    var services: [Channel: MockProviderService] = [:]
    for channel in options.channels {
      guard let usual = settings.standIns[channel] else { continue }
      let provider = InProcessProvider(
        channel: channel, seed: seed,
        latencyMilliseconds: Int64(options.latencyMilliseconds ?? usual.milliseconds),
        rates: options.failuresPerMillion.map(MockFailureRates.init(failingPerMillion:))
          ?? usual.rates,
        capabilities: options.capabilities, clock: surroundings.work.clock, log: log, seal: seal)
      services[channel] = MockProviderService(
        provider, channel: channel, faults: options.faults, seed: seed,
        clock: surroundings.work.clock,
        numbers: numbers,
        // They go by the names that whoever sends to them knows them by.
        served: { try await log.note([HTTPProvider.name(of: channel, at: $0)]) })
    }
    return services
  }
}

extension MockFailureRates {
  /// One in five failures is for good, the others may go better the next time.
  package init(failingPerMillion perMillion: UInt64) {
    self.init(refused: perMillion - perMillion / 5, rejected: perMillion / 5)
  }
}
