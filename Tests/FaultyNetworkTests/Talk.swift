import NIOCore
import NIOPosix

/// A client's connection, read as a text that grows.
struct Talk: Sendable {
  enum Ending: Hashable, Sendable {
    case closed
    case failed
  }

  private let channel: any Channel
  private let arrivals: AsyncThrowingStream<String, any Error>

  /// - Parameter listens: whether it reads from the beginning on.
  init(to port: Int, listens: Bool = true) async throws {
    let (arrivals, continuation) = AsyncThrowingStream.makeStream(of: String.self)
    self.arrivals = arrivals
    channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.minutes(2))
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.autoRead, value: listens)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ArrivalHandler(continuation))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func say(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text))
  }

  /// Says no more, and goes on listening.
  func finish() async throws { try await channel.close(mode: .output) }

  func hangUp() async throws { try await channel.close() }

  /// Hangs up with RST.
  func breakOff() async throws {
    if let socket = channel as? any SocketOptionProvider {
      try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    }
    try await channel.close()
  }

  /// Reads from now on.
  func listen() async throws { try await channel.setOption(.autoRead, value: true).get() }

  /// What comes until it is as long as that text; ends early when the connection does.
  func hear(_ expected: String) async throws -> String {
    var text = ""
    for try await part in arrivals {
      text += part
      if text.utf8.count >= expected.utf8.count { break }
    }
    return text
  }

  /// Everything that still comes, and how it ended.
  func hearOut() async -> (text: String, ending: Ending) {
    var text = ""
    do {
      for try await part in arrivals { text += part }
      return (text, .closed)
    } catch {
      return (text, .failed)
    }
  }
}

private final class ArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let arrivals: AsyncThrowingStream<String, any Error>.Continuation

  init(_ arrivals: AsyncThrowingStream<String, any Error>.Continuation) {
    self.arrivals = arrivals
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    arrivals.yield(String(buffer: unwrapInboundIn(data)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { arrivals.finish() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    arrivals.finish(throwing: error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { arrivals.finish() }
}
