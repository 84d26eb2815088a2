import NIOCore
import NIOPosix

/// A server that sends back what it gets, and ends when the client does.
struct EchoServer: Sendable {
  let port: Int
  private let listener: any Channel

  init() async throws {
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(EchoHandler())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
  }

  func close() async throws { try await listener.close() }
}

private final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      context.close(mode: .output, promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// A client's connection, read as a text that grows.
struct Talk: Sendable {
  enum Ending: Hashable, Sendable {
    case closed
    case failed
  }

  private let channel: any Channel
  private let arrivals: AsyncThrowingStream<String, any Error>

  init(to port: Int) async throws {
    let (arrivals, continuation) = AsyncThrowingStream.makeStream(of: String.self)
    self.arrivals = arrivals
    channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.allowRemoteHalfClosure, value: true)
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

  /// What comes until it is that text; ends early when the connection does.
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
