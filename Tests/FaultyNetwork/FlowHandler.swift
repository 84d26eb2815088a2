import NIOCore

/// Passes the bytes of one direction on to the other end, until its rule acts.
final class FlowHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private enum Mode {
    case passing
    case stalled
    case ended
  }

  private let direction: TCPProxy.Direction
  private let pair: Pair
  private let rules: TCPProxy
  private var scanner: FlowScanner?
  private var generation = -1
  private var delayMilliseconds: Int64 = 0
  private var mode = Mode.passing

  init(_ direction: TCPProxy.Direction, of pair: Pair, rules: TCPProxy) {
    self.direction = direction
    self.pair = pair
    self.rules = rules
  }

  private var target: any Channel {
    direction == .toServer ? pair.server : pair.client
  }

  private var source: any Channel {
    direction == .toServer ? pair.client : pair.server
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard mode == .passing else { return }
    let (rule, generation) = rules.rule(for: direction)
    if generation != self.generation {
      // Bytes that were held back for an old rule's pattern go first.
      let held = scanner?.held ?? []
      if !held.isEmpty { pass(held) }
      self.generation = generation
      scanner = rule.map { FlowScanner($0.point) }
      delayMilliseconds = 0
    }
    let bytes = Array(unwrapInboundIn(data).readableBytesView)
    guard let rule, scanner != nil else { return pass(bytes) }
    let (before, rest) = scanner?.feed(bytes) ?? (bytes, nil)
    if !before.isEmpty { pass(before) }
    guard let rest else { return }
    scanner = nil
    guard rules.mayAct(direction, generation: generation) else { return pass(rest) }
    act(rule.action, rest)
  }

  private func act(_ action: TCPProxy.Action, _ rest: [UInt8]) {
    switch action {
    case .close:
      mode = .ended
      later { [pair] in
        // What was passed on lies in the sockets and goes out before the end.
        pair.server.close(promise: nil)
        pair.client.close(promise: nil)
      }
    case .reset:
      mode = .ended
      later { [pair] in
        pair.client.resetSoon()
        pair.server.close(promise: nil)
      }
    case .stall:
      mode = .stalled
      _ = source.setOption(.autoRead, value: false)
    case .delay(let milliseconds):
      delayMilliseconds = milliseconds
      if !rest.isEmpty { pass(rest) }
    }
  }

  private func pass(_ bytes: [UInt8]) {
    let buffer = ByteBuffer(bytes: bytes)
    later { [target] in target.writeAndFlush(buffer, promise: nil) }
  }

  /// In the order that it was asked for: behind everything that is delayed.
  private func later(_ work: @escaping @Sendable () -> Void) {
    guard delayMilliseconds > 0 else { return work() }
    source.eventLoop.scheduleTask(in: .milliseconds(delayMilliseconds), work)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else {
      return context.fireUserInboundEventTriggered(event)
    }
    guard mode == .passing else { return }
    if let held = scanner?.held, !held.isEmpty { pass(held) }
    scanner = nil
    later { [target] in target.close(mode: .output, promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard mode != .ended else { return }
    mode = .ended
    target.resetSoon()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    guard mode != .ended else { return }
    mode = .ended
    later { [target] in target.close(promise: nil) }
  }
}

/// Finds the point at which a rule acts, byte by byte, across reads.
package struct FlowScanner: Sendable {
  private let point: TCPProxy.Point
  private let pattern: [UInt8]
  /// For each length of a match so far, the length of the longest shorter one at its end.
  private let fallback: [Int]
  private var matched = 0
  private var left: Int

  package init(_ point: TCPProxy.Point) {
    self.point = point
    switch point {
    case .atOnce: (pattern, left) = ([], 0)
    case .bytes(let count): (pattern, left) = ([], count)
    case .after(let pattern), .before(let pattern):
      precondition(!pattern.isEmpty, "a pattern has a byte")
      (self.pattern, left) = (pattern, 0)
    }
    fallback = Self.fallback(of: pattern)
  }

  /// What was read and not passed on, since the pattern may begin with it.
  package var held: [UInt8] {
    if case .before = point { Array(pattern.prefix(matched)) } else { [] }
  }

  /// What is to be passed on, and what is left when the point is reached; `nil` when it is not.
  package mutating func feed(_ bytes: [UInt8]) -> (before: [UInt8], rest: [UInt8]?) {
    switch point {
    case .atOnce:
      return bytes.isEmpty ? ([], nil) : ([], bytes)
    case .bytes:
      guard bytes.count >= left else {
        left -= bytes.count
        return (bytes, nil)
      }
      return (Array(bytes.prefix(left)), Array(bytes.dropFirst(left)))
    case .after:
      for (position, byte) in bytes.enumerated() where advance(byte) {
        return (Array(bytes.prefix(position + 1)), Array(bytes.dropFirst(position + 1)))
      }
      return (bytes, nil)
    case .before:
      return feedBefore(bytes)
    }
  }

  private mutating func feedBefore(_ bytes: [UInt8]) -> (before: [UInt8], rest: [UInt8]?) {
    let all = held + bytes
    matched = 0
    for (position, byte) in all.enumerated() where advance(byte) {
      let start = position + 1 - pattern.count
      return (Array(all.prefix(start)), Array(all.dropFirst(start)))
    }
    return (Array(all.dropLast(matched)), nil)
  }

  /// Whether the pattern is complete with this byte.
  private mutating func advance(_ byte: UInt8) -> Bool {
    while matched > 0, pattern[matched] != byte { matched = fallback[matched - 1] }
    if pattern[matched] == byte { matched += 1 }
    guard matched == pattern.count else { return false }
    matched = 0
    return true
  }

  private static func fallback(of pattern: [UInt8]) -> [Int] {
    var lengths = [Int](repeating: 0, count: pattern.count)
    var length = 0
    for position in pattern.indices.dropFirst() {
      while length > 0, pattern[position] != pattern[length] { length = lengths[length - 1] }
      if pattern[position] == pattern[length] { length += 1 }
      lengths[position] = length
    }
    return lengths
  }
}
