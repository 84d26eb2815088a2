import NIOCore
import NIOHTTP1
import Synchronization

/// A request with the connection that its answer goes to.
struct Exchange: Sendable {
  let request: MockRequest
  let keepsAlive: Bool
  let connection: any Channel

  /// Returns when the answer is on its way, or the connection is gone.
  func send(_ reply: MockReply) async {
    do {
      switch reply {
      case .whole(let status, let body, let retryAfterSeconds):
        try await send(status, body, retryAfterSeconds)
      case .half(let status, let body):
        let head =
          "HTTP/1.1 \(status) OK\r\nContent-Length: \(body.count)\r\n"
          + "Content-Type: application/json\r\n\r\n"
        try await end(with: Array(head.utf8) + body.prefix(body.count / 2))
      case .bytes(let bytes):
        try await end(with: bytes)
      case .drop:
        try await connection.close()
      }
    } catch {
      // The client has gone: nobody is left to answer.
    }
  }

  private func send(_ status: Int, _ body: [UInt8], _ retryAfterSeconds: Int64?) async throws {
    var head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status),
      headers: [
        "Content-Length": String(body.count), "Content-Type": "application/json",
      ])
    if let retryAfterSeconds {
      head.headers.add(name: "Retry-After", value: "\(retryAfterSeconds)")
    }
    if !keepsAlive { head.headers.add(name: "Connection", value: "close") }
    connection.write(HTTPServerResponsePart.head(head), promise: nil)
    if !body.isEmpty {
      connection.write(
        HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
    }
    try await connection.writeAndFlush(HTTPServerResponsePart.end(nil))
    if !keepsAlive { try await connection.close() }
  }

  private func end(with bytes: [UInt8]) async throws {
    try await connection.triggerUserOutboundEvent(RawBytes(bytes: ByteBuffer(bytes: bytes)))
    try await connection.close()
  }
}

/// Puts the parts of a request together.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  /// A bill is some kilobytes.
  private static let maxBodyBytes = 16 << 20

  private let incoming: AsyncStream<Exchange>.Continuation
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(incoming: AsyncStream<Exchange>.Continuation) {
    self.incoming = incoming
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = ByteBuffer()
    case .body(var part):
      body.writeBuffer(&part)
      if body.readableBytes > Self.maxBodyBytes { context.close(promise: nil) }
    case .end:
      guard let head = head.take() else { return }
      let headers = Dictionary(
        head.headers.map { ($0.name.lowercased(), $0.value) },
        uniquingKeysWith: { first, _ in first })
      incoming.yield(
        Exchange(
          request: MockRequest(
            method: head.method.rawValue, path: head.uri, headers: headers,
            body: Array(body.readableBytesView)),
          keepsAlive: head.isKeepAlive, connection: context.channel))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A client that goes away in the middle of a request: nothing was taken of it.
    context.close(promise: nil)
  }
}

/// What goes onto the wire as it is, past the encoder.
struct RawBytes: Sendable {
  var bytes: ByteBuffer
}

/// Nearest to the socket: writes raw bytes.
final class RawBytesHandler: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func triggerUserOutboundEvent(
    context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
  ) {
    guard let raw = event as? RawBytes else {
      context.triggerUserOutboundEvent(event, promise: promise)
      return
    }
    context.writeAndFlush(wrapOutboundOut(raw.bytes), promise: promise)
  }
}

/// The open connections of a server.
final class Connections: Sendable {
  private struct State {
    var open: [ObjectIdentifier: any Channel] = [:]
    var isOver = false
  }

  private let state = Mutex(State())

  /// A connection that was still accepted while the others were closed is closed at once: nobody
  /// would answer on it.
  func add(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let isLate = state.withLock { state in
      if !state.isOver { state.open[id] = channel }
      return state.isOver
    }
    if isLate { return channel.close(promise: nil) }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.open[id] = nil }
    }
  }

  /// Closes every connection, and those that are added later.
  func closeAll() async {
    let open = state.withLock { state in
      state.isOver = true
      return Array(state.open.values)
    }
    for channel in open { try? await channel.close() }
  }
}
