import AsyncHTTPClient
import NIOCore
import Synchronization

/// As many connections as there may be calls in flight, in pools of a few hundred each: the
/// client's pool looks through all of its connections for every request, under one lock.
///
/// A call takes the pool with the fewest calls, so that none ever waits for a connection that
/// another pool has free.
final class Lanes: Sendable {
  private static let connectionsPerLane = 400

  private let clients: [HTTPClient]
  private let loads: Mutex<[Int]>

  init(connections: Int, connectMilliseconds: Int64, calls: OpenCalls) {
    let count = max(1, (connections + Self.connectionsPerLane - 1) / Self.connectionsPerLane)
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.httpVersion = .http1Only
    // A request that gets no connection within this time fails without having been written.
    configuration.timeout.connect = .milliseconds(connectMilliseconds)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      (connections + count - 1) / count
    // Another try at connecting within that time writes nothing; without it, one failure would
    // fail every request that waits for any connection.
    configuration.connectionPool.retryConnectionEstablishment = true
    // Shorter than servers usually keep one: a request written to a connection that the server is
    // closing would end as unknown.
    configuration.connectionPool.idleTimeout = .seconds(20)
    configuration.http1_1ConnectionDebugInitializer = {
      CallGate.install(on: $0, calls: calls)
    }
    clients = (0..<count).map { _ in HTTPClient(configuration: configuration) }
    loads = Mutex([Int](repeating: 0, count: count))
  }

  deinit {
    for client in clients { client.shutdown { _ in } }
  }

  /// The whole answer, or why there is none. No redirect is followed and no request repeated.
  func execute(
    _ request: HTTPClient.Request, withinMilliseconds milliseconds: Int64
  ) async throws -> Answer {
    let lane = loads.withLock { loads in
      var least = 0
      for (lane, load) in loads.enumerated() where load < loads[least] { least = lane }
      loads[least] += 1
      return least
    }
    defer { loads.withLock { $0[lane] -= 1 } }
    let task = clients[lane].execute(
      request: request, delegate: AnswerCollector(),
      deadline: .now() + .milliseconds(milliseconds))
    return try await withTaskCancellationHandler {
      try await task.get()
    } onCancel: {
      task.cancel()
    }
  }
}
