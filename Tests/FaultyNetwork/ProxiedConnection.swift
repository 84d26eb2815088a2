import NIOCore
import NIOPosix

/// A client's connection and the one to the server that carries it on. Everything of it happens
/// on one event loop.
///
/// Both channels have their handler from the beginning on: a channel that is not asked to read
/// delivers what it has all the same, and the end, once its peer says no more. What comes before
/// the two are joined is kept.
final class ProxiedConnection {
  /// One of the two ends, with what comes from it.
  final class Side {
    let direction: TCPProxy.Direction
    var channel: (any Channel)?
    var flow = Flow()
    var finders: [Int: PatternFinder] = [:]
    var timer: Scheduled<Void>?
    /// Whether the proxy counts its flow as stalled.
    var isCountedStalled = false
    /// It was told that nothing more comes.
    var isFinished = false
    var hasFailed = false
    var isGone = false

    init(_ direction: TCPProxy.Direction) { self.direction = direction }
  }

  private enum State {
    case joining
    case joined
    /// What comes is dropped; each end is closed when it ends.
    case ending
  }

  let client = Side(.toServer)
  let server = Side(.toClient)
  private let proxy: TCPProxy
  private let loop: any EventLoop
  private var state = State.joining

  init(proxy: TCPProxy, loop: any EventLoop) {
    self.proxy = proxy
    self.loop = loop
  }

  private func other(_ side: Side) -> Side { side === client ? server : client }

  // MARK: Joining

  func opened(_ side: Side, _ channel: any Channel) {
    side.channel = channel
    if side === client {
      proxy.noteAccepted(channel)
      connect()
    } else if state == .ending {
      reset(server)
    } else {
      state = .joined
      advance(client)
      advance(server)
    }
  }

  private func connect() {
    let bound = NIOLoopBound(self, eventLoop: loop)
    ClientBootstrap(group: loop)
      .connectTimeout(.minutes(5))
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let connection = bound.value
          try channel.pipeline.syncOperations.addHandler(
            EndHandler(connection.server, of: connection))
        }
      }
      .connect(host: "127.0.0.1", port: proxy.serverPort)
      .assumeIsolated()
      .whenFailure { _ in
        // The client sees the end of a connection that leads nowhere.
        self.stop()
        self.reset(self.client)
        self.closed(self.server)
      }
  }

  // MARK: What happens at an end

  func came(_ bytes: [UInt8], from side: Side) {
    count(bytes, from: side)
    guard state != .ending else { return }
    side.flow.add(bytes)
  }

  func ended(_ side: Side) {
    side.flow.addEnd()
    advance(side)
  }

  func failed(_ side: Side) {
    side.hasFailed = true
    side.channel?.close(promise: nil)
  }

  func closed(_ side: Side) {
    guard !side.isGone else { return }
    side.isGone = true
    let other = other(side)
    if other.isGone {
      stop()
      if let channel = client.channel { proxy.noteClosed(channel) }
    } else if state == .ending {
      // The other one ends by itself.
    } else if side.isFinished, !side.hasFailed {
      // Both directions have ended here, in order; the other end still has to hear of it.
      ended(side)
    } else {
      stop()
      reset(other)
    }
  }

  private func count(_ bytes: [UInt8], from side: Side) {
    var seen: [Int: Int] = [:]
    for (number, pattern) in proxy.watchedPatterns(side.direction) {
      var finder = side.finders[number] ?? PatternFinder(pattern)
      seen[number] = bytes.count { finder.advance($0) }
      side.finders[number] = finder
    }
    proxy.noteRead(side.direction, byteCount: bytes.count, seen: seen)
  }

  // MARK: Passing on

  /// Does whatever can be done now with what came from an end, and reads on.
  func advance(_ side: Side) {
    guard state != .joining else { return }
    if state == .joined { decide(side) }
    deliver(from: side)
    if state == .ending || side.flow.wantsMore { side.channel?.read() }
  }

  private func decide(_ side: Side) {
    let script = proxy.script(side.direction)
    side.flow.decide(at: .now(), by: script) {
      script.map { proxy.mayAct($0, side.direction) } ?? true
    }
    countStall(side)
  }

  private func deliver(from side: Side) {
    while let deed = side.flow.nextDeed(at: .now()) { perform(deed, from: side) }
    guard side.timer == nil, let due = side.flow.nextDue, due > .now() else { return }
    side.timer = loop.assumeIsolated().scheduleTask(deadline: due) {
      side.timer = nil
      self.advance(side)
    }
  }

  private func perform(_ deed: Flow.Deed, from side: Side) {
    switch deed {
    case .write(let bytes): write(bytes, from: side)
    case .end: finish(other(side))
    case .cut:
      stop()
      advance(client)
      advance(server)
    case .reset:
      stop()
      reset(client)
      advance(client)
      advance(server)
    }
  }

  private func write(_ bytes: [UInt8], from side: Side) {
    guard let target = other(side).channel, !other(side).isGone else {
      side.flow.writing -= bytes.count
      return
    }
    target.writeAndFlush(ByteBuffer(bytes: bytes)).assumeIsolated().whenComplete { _ in
      side.flow.writing -= bytes.count
      self.advance(side)
    }
  }

  // MARK: Ending

  /// Passes on what is being written and then the end, to both.
  private func stop() {
    state = .ending
    for side in [client, server] {
      side.flow.stop()
      side.timer?.cancel()
      side.timer = nil
      countStall(side)
    }
  }

  private func finish(_ side: Side) {
    guard !side.isFinished, !side.isGone else { return }
    side.isFinished = true
    side.channel?.close(mode: .output, promise: nil)
  }

  /// Closes with RST.
  private func reset(_ side: Side) {
    guard let channel = side.channel, !side.isGone else { return }
    guard let socket = channel as? any SocketOptionProvider else {
      return channel.close(promise: nil)
    }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
      channel.close(promise: nil)
    }
  }

  // MARK: As the test says

  func obey(_ order: TCPProxy.Order) {
    switch order {
    case .release(let direction):
      let side = direction == .toServer ? client : server
      side.flow.release()
      countStall(side)
      advance(side)
    case .sever:
      stop()
      reset(client)
      reset(server)
    }
  }

  private func countStall(_ side: Side) {
    guard side.flow.isStalled != side.isCountedStalled else { return }
    side.isCountedStalled = side.flow.isStalled
    proxy.noteStall(by: side.isCountedStalled ? 1 : -1)
  }
}

/// Tells a connection what happens at one of its ends.
final class EndHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let side: ProxiedConnection.Side
  private let connection: ProxiedConnection

  init(_ side: ProxiedConnection.Side, of connection: ProxiedConnection) {
    self.side = side
    self.connection = connection
  }

  func channelActive(context: ChannelHandlerContext) { connection.opened(side, context.channel) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.came(Array(unwrapInboundIn(data).readableBytesView), from: side)
  }

  func channelReadComplete(context: ChannelHandlerContext) { connection.advance(side) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let order = event as? TCPProxy.Order {
      connection.obey(order)
    } else if let event = event as? ChannelEvent, event == .inputClosed {
      connection.ended(side)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { connection.failed(side) }

  func channelInactive(context: ChannelHandlerContext) { connection.closed(side) }
}
