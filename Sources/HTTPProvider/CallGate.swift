import NIOCore
import NIOHTTP1

/// Stands in a connection's pipeline between the HTTP client and the encoder: the last place that
/// sees a request before its first byte is made.
///
/// The client hands a request to a connection long after it was asked to, when one is free. Here,
/// with the connection open and the bytes about to be written, the call is asked whether it still
/// may begin; from a `yes` on it counts as written, with a `no` nothing of it passes.
final class CallGate: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart

  private let calls: OpenCalls
  private var isShut = false

  init(calls: OpenCalls) {
    self.calls = calls
  }

  /// To be run on every new connection; a connection without its gate is not used.
  static func install(on channel: any Channel, calls: OpenCalls) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
      try pipeline.addHandler(CallGate(calls: calls), position: .after(encoder))
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if isShut {
      promise?.succeed(())
      return
    }
    guard case .head(var head) = unwrapOutboundIn(data),
      let text = head.headers.first(name: OpenCalls.header)
    else {
      context.write(data, promise: promise)
      return
    }
    head.headers.remove(name: OpenCalls.header)
    guard let number = UInt64(text), calls[number]?.begin() == true else {
      shut(context, promise)
      return
    }
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }

  /// Swallows this request and closes the connection. The client is told that its writes went
  /// well and then sees the connection end, which it is made for; that nothing left is known to
  /// the call.
  private func shut(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    isShut = true
    promise?.succeed(())
    let channel = context.channel
    // Not now: the client is in the middle of writing.
    context.eventLoop.execute { channel.close(promise: nil) }
  }
}
