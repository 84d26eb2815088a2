import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server on loopback, in this process, and fails as it is told:
/// delays, stalls, truncates, resets, refuses, and cuts exactly at a byte or a byte pattern.
///
/// Without rules it passes everything on, half-closed directions included. It does not slow a
/// sender down for a slow reader.
package final class TCPProxy: Sendable {
  /// Where a rule begins to act, counted in the bytes of one direction of one connection.
  package enum Point: Hashable, Sendable {
    /// With the first byte, which is not passed on.
    case atOnce
    /// When so many bytes have been passed on.
    case bytes(Int)
    /// When the pattern came, and was passed on with all before it.
    case after([UInt8])
    /// When the pattern came: all before it is passed on, the pattern is not. What could be its
    /// beginning is held back until more has come.
    case before([UInt8])

    package static func after(_ text: String) -> Point { .after(Array(text.utf8)) }
    package static func before(_ text: String) -> Point { .before(Array(text.utf8)) }
  }

  package enum Action: Hashable, Sendable {
    /// Both ends see the connection closed in order.
    case close
    /// The client's end is reset (RST); the server's is closed after what was passed on.
    case reset
    /// Nothing more is passed on or read in this direction; the connection stays.
    case stall
    /// Everything from here on is passed on that much later.
    case delay(milliseconds: Int64)
  }

  package struct Rule: Hashable, Sendable {
    package var direction: Direction
    package var point: Point
    package var action: Action
    /// On so many connections, the next ones that reach the point; `nil`: on all.
    package var times: Int?

    package init(
      _ direction: Direction, _ point: Point, _ action: Action, times: Int? = nil
    ) {
      self.direction = direction
      self.point = point
      self.action = action
      self.times = times
    }
  }

  package enum Direction: Hashable, Sendable {
    case toServer
    case toClient
  }

  private struct State {
    var listener: (any Channel)?
    var rules: [Direction: Rule] = [:]
    /// Raised with every change of the rules.
    var generation = 0
    var clients: [ObjectIdentifier: any Channel] = [:]
    var accepted = 0
    var acted = 0
  }

  /// What clients connect to, on 127.0.0.1.
  package let port: Int
  private let serverPort: Int
  private let state: Mutex<State>

  /// - Parameter server: the port on 127.0.0.1 that everything is passed on to.
  package init(to server: Int) async throws {
    serverPort = server
    let owner = Owner()
    let listener = try await Self.bootstrap(owner).bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
    state = Mutex(State())
    state.withLock { $0.listener = listener }
    owner.proxy.withLock { $0 = self }
  }

  /// The rule of a direction from now on, on new bytes of new and old connections.
  package func set(_ rule: Rule) {
    state.withLock { state in
      state.rules[rule.direction] = rule
      state.generation += 1
    }
  }

  package func clear() {
    state.withLock { state in
      state.rules = [:]
      state.generation += 1
    }
  }

  /// Connections that were accepted so far.
  package var accepted: Int { state.withLock { $0.accepted } }

  /// How often a rule has acted so far.
  package var acted: Int { state.withLock { $0.acted } }

  // MARK: Listening

  /// Clients are refused from now on (RST to their SYN); connections that are open stay.
  package func refuse() async throws {
    let listener = state.withLock { $0.listener.take() }
    try await listener?.close()
  }

  /// Clients are accepted again, on the same port.
  package func accept() async throws {
    let owner = Owner()
    owner.proxy.withLock { $0 = self }
    let listener = try await Self.bootstrap(owner).bind(host: "127.0.0.1", port: port).get()
    state.withLock { $0.listener = listener }
  }

  /// Resets every connection that is open.
  package func resetAll() async {
    for client in state.withLock({ Array($0.clients.values) }) { await client.reset() }
  }

  /// Refuses and resets everything.
  package func close() async throws {
    try await refuse()
    await resetAll()
  }

  /// Whose connections a listener accepts: a listener is there before its proxy is.
  private final class Owner: Sendable {
    let proxy = Mutex<TCPProxy?>(nil)
  }

  /// Joins a client to the server once it is there: reading from a channel that is not yet
  /// registered with its event loop would be forgotten.
  private final class AcceptedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let owner: Owner

    init(owner: Owner) { self.owner = owner }

    func channelActive(context: ChannelHandlerContext) {
      guard let proxy = owner.proxy.withLock({ $0 }) else { return context.close(promise: nil) }
      proxy.connect(context.channel)
    }
  }

  private static func bootstrap(_ owner: Owner) -> ServerBootstrap {
    ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { client in
        client.eventLoop.makeCompletedFuture {
          try client.pipeline.syncOperations.addHandler(AcceptedHandler(owner: owner))
        }
      }
  }

  /// Connects to the server and joins the two, on the client's own event loop.
  private func connect(_ client: any Channel) {
    let id = ObjectIdentifier(client)
    state.withLock { state in
      state.accepted += 1
      state.clients[id] = client
    }
    client.closeFuture.whenComplete { _ in self.state.withLock { $0.clients[id] = nil } }
    let joined = ClientBootstrap(group: client.eventLoop)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: serverPort)
      .flatMap { server in
        client.eventLoop.makeCompletedFuture {
          let pair = Pair(client: client, server: server)
          try client.pipeline.syncOperations.addHandler(
            FlowHandler(.toServer, of: pair, rules: self))
          try server.pipeline.syncOperations.addHandler(
            FlowHandler(.toClient, of: pair, rules: self))
        }
        .flatMap { server.setOption(.autoRead, value: true) }
      }
    joined.whenComplete { result in
      switch result {
      case .success: _ = client.setOption(.autoRead, value: true)
      case .failure: client.resetSoon()
      }
    }
  }

  // MARK: For the flows

  func rule(for direction: Direction) -> (rule: Rule?, generation: Int) {
    state.withLock { ($0.rules[direction], $0.generation) }
  }

  /// Whether the rule acts, now that a connection has reached its point.
  func mayAct(_ direction: Direction, generation: Int) -> Bool {
    state.withLock { state in
      guard state.generation == generation, let times = state.rules[direction]?.times else {
        state.acted += 1
        return true
      }
      guard times > 0 else { return false }
      state.rules[direction]?.times = times - 1
      state.acted += 1
      return true
    }
  }
}

/// The two ends of one connection.
struct Pair: Sendable {
  let client: any Channel
  let server: any Channel
}

extension Channel {
  /// Closes with RST.
  func reset() async {
    try? await lingerless().flatMap { self.close() }.get()
  }

  func resetSoon() {
    lingerless().whenComplete { _ in self.close(promise: nil) }
  }

  private func lingerless() -> EventLoopFuture<Void> {
    guard let socket = self as? any SocketOptionProvider else {
      return eventLoop.makeSucceededVoidFuture()
    }
    return socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }
}
