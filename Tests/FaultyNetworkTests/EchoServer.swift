import NIOCore
import NIOPosix
import Synchronization

/// A server that greets, sends back what it gets, and ends when the client does.
struct EchoServer: Sendable {
  /// How a connection ended, and what had come on it.
  struct Visit: Hashable, Sendable {
    var text: String
    var ending: Talk.Ending
  }

  let port: Int
  /// Every connection once it has ended.
  let visits: AsyncStream<Visit>
  private let listener: any Channel

  /// - Parameter greeting: what every client is told before it says a word.
  init(greeting: String = "") async throws {
    let (visits, ended) = AsyncStream.makeStream(of: Visit.self)
    self.visits = visits
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(EchoHandler(greeting, ended))
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

  private let greeting: String
  private let ended: AsyncStream<EchoServer.Visit>.Continuation
  private var visit: EchoServer.Visit? = EchoServer.Visit(text: "", ending: .closed)

  init(_ greeting: String, _ ended: AsyncStream<EchoServer.Visit>.Continuation) {
    self.greeting = greeting
    self.ended = ended
  }

  func channelActive(context: ChannelHandlerContext) {
    guard !greeting.isEmpty else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    visit?.text += String(buffer: unwrapInboundIn(data))
    context.writeAndFlush(data, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else { return }
    end(.closed)
    context.close(mode: .output, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.failed)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { end(.closed) }

  private func end(_ ending: Talk.Ending) {
    guard var visit = visit.take() else { return }
    visit.ending = ending
    ended.yield(visit)
  }
}

/// A server that pours so many bytes over every client, as fast as they are taken.
struct PouringServer: Sendable {
  let port: Int
  private let listener: any Channel

  init(byteCount: Int) async throws {
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(PouringHandler(byteCount: byteCount))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
  }

  func close() async throws { try await listener.close() }
}

private final class PouringHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let portion = ByteBuffer(repeating: UInt8(ascii: "."), count: 64 << 10)
  private var left: Int

  init(byteCount: Int) { left = byteCount }

  func channelActive(context: ChannelHandlerContext) { pour(context) }

  func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

  private func pour(_ context: ChannelHandlerContext) {
    while left > 0, context.channel.isWritable {
      let portion = Self.portion.getSlice(at: 0, length: min(left, Self.portion.readableBytes))
      guard let portion else { return }
      left -= portion.readableBytes
      let isLast = left == 0
      let channel = context.channel
      context.writeAndFlush(wrapOutboundOut(portion)).whenComplete { _ in
        // What is not written is lost when a channel is closed.
        if isLast { channel.close(promise: nil) }
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
