import Billing
package import Delivery
import HTTPProvider
import Operations

/// The providers that the configuration gives an address.
package struct ProvidersOverHTTP: Sendable {
  /// Files besides the providers' connections: stores, their journals, standard streams.
  private static let otherFiles = 500

  private(set) var providers: [Channel: any Provider] = [:]

  /// - Throws: `AssemblyFailure` where this process may not open as many connections as messages
  ///   may be in flight.
  package init(_ surroundings: PlatformSurroundings, timing: DeliveryTiming) throws {
    let addresses = surroundings.configuration.providers.addresses
    guard !addresses.isEmpty else { return }
    let maxInFlight = surroundings.configuration.delivery.maxInFlight
    let limit = OpenFiles.raisedLimit()
    guard limit >= maxInFlight + Self.otherFiles else {
      throw AssemblyFailure.tooFewFiles(limit: limit, needed: maxInFlight + Self.otherFiles)
    }
    let connections = min(maxInFlight, (limit - Self.otherFiles) / addresses.count)
    let served = addresses.map { channel, address in
      HTTPProvider(
        channel: channel, address: address, maxInFlight: connections,
        // Leaves a quarter of the time to write in once there is a connection.
        connectMilliseconds: timing.startWithin * 3 / 4, clock: surroundings.work.clock,
        logger: surroundings.work.logger("providers"))
    }
    for (channel, provider) in zip(addresses.keys, served) { providers[channel] = provider }
  }
}

extension BillingConfiguration.ProviderSettings {
  /// A provider of its own has its own clock: no ledger can take it along through simulated time.
  package func checkSimulated() throws {
    guard let channel = Channel.allCases.first(where: { addresses[$0] != nil }) else { return }
    throw AssemblyFailure.cannotSimulate(setting: Setting.providerURL(of: channel).rawValue)
  }
}
