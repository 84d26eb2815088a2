package import Billing
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The mock providers as an HTTP server of their own: `/email/…` and `/sms/…`.
///
/// Listens from `listen` on and answers while `serve` runs. Nothing is answered `200` that is not
/// on disk.
package struct MockProviderServer: Sendable {
  /// What it listens on.
  package let port: Int
  private let listener: any NIOCore.Channel
  private let exchanges: AsyncStream<Exchange>
  private let connections: Connections
  private let services: [Billing.Channel: MockProviderService]

  /// The port is taken, or not to be had.
  package struct CannotListen: Error, Sendable {
    /// As the system says it.
    package var reason: String
  }

  /// - Parameters:
  ///   - port: 0 takes a free one.
  ///   - services: of the channels that are served; others are answered 404.
  /// - Throws: `CannotListen`.
  package static func listen(
    host: String = "127.0.0.1", port: Int, services: [Billing.Channel: MockProviderService]
  ) async throws -> MockProviderServer {
    let (exchanges, incoming) = AsyncStream.makeStream(of: Exchange.self)
    let connections = Connections()
    let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      // Thousands may connect at once.
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          connections.add(channel)
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(RawBytesHandler())
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(ExchangeHandler(incoming: incoming))
        }
      }
    let listener: any NIOCore.Channel
    do {
      listener = try await bootstrap.bind(host: host, port: port).get()
    } catch {
      let number = (error as? IOError)?.errnoCode
      throw CannotListen(reason: number.map { String(cString: strerror($0)) } ?? "\(error)")
    }
    return MockProviderServer(
      port: listener.localAddress?.port ?? port, listener: listener, exchanges: exchanges,
      connections: connections, services: services)
  }

  /// Answers until the task is cancelled. What is being decided then is refused; what was accepted
  /// by then is answered; then every connection is closed. To be called once.
  package func serve() async {
    await withDiscardingTaskGroup { group in
      for await exchange in exchanges {
        group.addTask { await answer(exchange) }
      }
      // The stream ends when this task is cancelled, and the group's are with it.
      try? await listener.close()
    }
    await connections.closeAll()
  }

  private func answer(_ exchange: Exchange) async {
    let parts = exchange.request.path.split(separator: "/", omittingEmptySubsequences: true)
    guard let channel = parts.first.flatMap({ Billing.Channel(rawValue: String($0)) }),
      let service = services[channel]
    else { return await exchange.send(.answer(404)) }
    await exchange.send(
      await service.reply(to: exchange.request, path: Array(parts.dropFirst())))
  }
}
