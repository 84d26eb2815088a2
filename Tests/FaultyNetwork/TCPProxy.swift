import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server on loopback, in this process, and fails as it is told:
/// delays, stalls, resets, refuses, and cuts exactly at a byte or a byte pattern.
///
/// Without scripts it passes everything on, half-closed directions included, and slows a sender
/// down for a slow reader. Nothing it does hangs on how fast the machine is: what a test has to
/// wait for can be awaited, and what a test holds back it lets go itself.
package final class TCPProxy: Sendable {
  /// What has happened so far.
  package struct Counts: Hashable, Sendable {
    /// Connections of clients.
    package fileprivate(set) var accepted = 0
    /// Those of them that still have an open end.
    package fileprivate(set) var open = 0
    /// Scripts that came to a step which is not to pass something on, each connection by itself.
    package fileprivate(set) var acted = 0
    /// Directions of connections that are stalled now.
    package fileprivate(set) var stalled = 0
    /// Bytes that came from clients, whether they were passed on or not.
    package fileprivate(set) var fromClients = 0
    /// Bytes that came from the server, whether they were passed on or not.
    package fileprivate(set) var fromServer = 0
  }

  /// What happens to a direction of connections.
  struct Script: Sendable {
    /// Another one for each that is set.
    var edition: Int
    var steps: [Step]
    /// On so many connections more; `nil`: on all.
    var times: Int?
  }

  /// What the proxy tells its connections.
  enum Order: Sendable {
    case release(Direction)
    case sever
  }

  private struct Watched: Sendable {
    var direction: Direction
    var pattern: [UInt8]
    var count = 0
  }

  private struct State: Sendable {
    var counts = Counts()
    var scripts: [Direction: Script] = [:]
    var lastEdition = 0
    var watched: [Watched] = []
    /// The clients' ends.
    var clients: [ObjectIdentifier: any Channel] = [:]
  }

  /// Whatever is waited for is waited for so long: only a fault makes it fail.
  private static let bound = TimeAmount.minutes(2)

  let serverPort: Int
  private let reserved: ReservedPort
  private let loop: any EventLoop
  private let listener = Mutex<(any Channel)?>(nil)
  private let state = Observed(State())

  /// - Parameter server: the port on 127.0.0.1 that everything is passed on to.
  package init(to server: Int) async throws {
    serverPort = server
    reserved = try ReservedPort()
    loop = MultiThreadedEventLoopGroup.singleton.next()
    try await accept()
  }

  /// What clients connect to, on 127.0.0.1.
  package var port: Int { reserved.number }

  // MARK: Telling it what to do

  /// What happens to a direction from the next byte on, on new connections and on those that are
  /// open. A direction that is stalled stays so until it is released.
  ///
  /// - Parameter times: on so many connections, the first ones that come to a step which is not to
  ///   pass something on; `nil`: on all.
  package func set(_ direction: Direction, _ steps: [Step], times: Int? = nil) {
    state.change { state in
      state.lastEdition += 1
      state.scripts[direction] = Script(
        edition: state.lastEdition, steps: steps, times: times)
    }
  }

  /// From the next byte on everything is passed on. A direction that is stalled stays so.
  package func clear() {
    state.change { $0.scripts = [:] }
  }

  /// Lets every stalled direction of that name go on, each with its script's next step.
  package func release(_ direction: Direction) async throws {
    order(.release(direction), to: state.value.clients)
    // Behind the orders, on the same loop.
    try await loop.submit {}.get()
  }

  /// Clients are refused from now on (RST to their SYN); connections that are open stay.
  package func refuse() async throws {
    try await listener.withLock { $0.take() }?.close()
    try await loop.submit {}.get()
  }

  /// Clients are accepted again, on the same port.
  package func accept() async throws {
    let bound = try await ServerBootstrap(group: loop)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { client in
        client.eventLoop.makeCompletedFuture {
          let connection = ProxiedConnection(proxy: self, loop: client.eventLoop)
          try client.pipeline.syncOperations.addHandler(
            EndHandler(connection.client, of: connection))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    listener.withLock { $0 = bound }
  }

  /// Resets every connection that is open, at both ends, and returns when they are gone.
  package func sever() async throws {
    let clients = state.value.clients
    order(.sever, to: clients)
    try await state.until(within: Self.bound) { state in
      clients.keys.allSatisfy { state.clients[$0] == nil }
    }
  }

  /// Refuses and severs everything.
  package func close() async throws {
    try await refuse()
    try await sever()
  }

  private func order(_ order: Order, to clients: [ObjectIdentifier: any Channel]) {
    for client in clients.values { client.pipeline.fireUserInboundEventTriggered(order) }
  }

  // MARK: Seeing what happens

  /// What has happened so far. A client may be connected before it is counted.
  package var counts: Counts { state.value.counts }

  /// Returns once the counts are as wanted.
  ///
  /// - Throws: when they are not within two minutes.
  package func until(_ holds: @escaping @Sendable (Counts) -> Bool) async throws {
    try await state.until(within: Self.bound) { holds($0.counts) }
  }

  /// Counts how often a pattern comes in a direction from now on, over all connections, whether it
  /// is passed on or not.
  package func watch(_ direction: Direction, for pattern: String) -> Watch {
    let number = state.change { state in
      state.watched.append(Watched(direction: direction, pattern: Array(pattern.utf8)))
      return state.watched.count - 1
    }
    return Watch(proxy: self, number: number)
  }

  /// A pattern that is being counted.
  package struct Watch: Sendable {
    fileprivate let proxy: TCPProxy
    fileprivate let number: Int

    /// How often it came so far.
    package var count: Int { proxy.state.value.watched[number].count }

    /// Returns once it came so often.
    ///
    /// - Throws: when it does not within two minutes.
    package func seen(times: Int = 1) async throws {
      try await proxy.state.until(within: TCPProxy.bound) { [number] in
        $0.watched[number].count >= times
      }
    }
  }

  // MARK: For its connections

  func script(_ direction: Direction) -> Script? { state.value.scripts[direction] }

  /// Whether the script acts on a connection that has come to where it does.
  func mayAct(_ script: Script, _ direction: Direction) -> Bool {
    state.change { state in
      if state.scripts[direction]?.edition == script.edition,
        let times = state.scripts[direction]?.times
      {
        guard times > 0 else { return false }
        state.scripts[direction]?.times = times - 1
      }
      state.counts.acted += 1
      return true
    }
  }

  func watchedPatterns(_ direction: Direction) -> [(number: Int, pattern: [UInt8])] {
    state.value.watched.enumerated().filter { $0.element.direction == direction }
      .map { ($0.offset, $0.element.pattern) }
  }

  func noteAccepted(_ client: any Channel) {
    state.change { state in
      state.counts.accepted += 1
      state.counts.open += 1
      state.clients[ObjectIdentifier(client)] = client
    }
  }

  func noteClosed(_ client: any Channel) {
    state.change { state in
      guard state.clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
      state.counts.open -= 1
    }
  }

  func noteStall(by change: Int) {
    state.change { $0.counts.stalled += change }
  }

  func noteRead(_ direction: Direction, byteCount: Int, seen: [Int: Int]) {
    state.change { state in
      switch direction {
      case .toServer: state.counts.fromClients += byteCount
      case .toClient: state.counts.fromServer += byteCount
      }
      for (number, count) in seen { state.watched[number].count += count }
    }
  }
}
