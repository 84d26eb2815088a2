import NIOCore
import NIOPosix

/// A server that answers every request in the same words, whatever it is.
struct CannedServer: Sendable {
  let port: Int
  private let listener: any Channel

  init(answer: String) async throws {
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(CannedAnswerHandler(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
  }

  func close() async throws { try await listener.close() }
}

private final class CannedAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answer: String
  private var request = ""

  init(_ answer: String) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    request += String(buffer: unwrapInboundIn(data))
    // The end of what every test sends, or asks.
    let isQuestion = request.hasPrefix("GET") && request.hasSuffix("\r\n\r\n")
    guard isQuestion || request.hasSuffix("END") else { return }
    request = ""
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
