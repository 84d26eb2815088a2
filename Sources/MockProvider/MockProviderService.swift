package import Billing
package import Delivery
import Foundation
import Synchronization

/// What one channel's mock provider says to a request; everything but the wire.
///
/// The messages themselves are decided on by the same provider that runs in process: outcomes,
/// latency, keys, lateness and the ledger are its.
package struct MockProviderService: Sendable {
  private let provider: any Provider
  private let channel: Channel
  private let faults: [MockFault]
  private let lookUpFaults: [MockFault]
  private let lookUps = MessageNumbers()
  private let seed: UInt64
  private let clock: any WallClock
  private let numbers: MessageNumbers
  private let addresses: ServedAddresses

  /// - Parameters:
  ///   - provider: decides and logs.
  ///   - numbers: shared by all channels of a server.
  ///   - served: told once of each address that messages are sent to, before the first is taken.
  package init(
    _ provider: any Provider, channel: Channel, faults: [MockFault], seed: UInt64,
    clock: any WallClock, numbers: MessageNumbers,
    served: @escaping @Sendable (_ host: String) async throws -> Void = { _ in }
  ) {
    addresses = ServedAddresses(served)
    self.provider = provider
    self.channel = channel
    self.faults = faults.filter { $0.kind != .hangLookUp }
    lookUpFaults = faults.filter { $0.kind == .hangLookUp }
    self.seed = seed
    self.clock = clock
    self.numbers = numbers
  }

  /// - Parameter path: below the channel's own, escaped as it came.
  func reply(to request: MockRequest, path: [Substring]) async -> MockReply {
    switch (request.method, path.count, path.first) {
    case ("GET", 1, ProviderWire.capabilities[...]?):
      guard let capabilities = await provider.statedCapabilities() else { return .answer(503) }
      return .answer(200, ProviderWire.Capabilities(capabilities))
    case ("GET", 2, ProviderWire.messages[...]?):
      guard let key = path[1].removingPercentEncoding else { return .answer(400) }
      return await lookUp(key)
    case ("POST", 1, ProviderWire.messages[...]?):
      guard let message = MockMessage(request, channel: channel) else { return .answer(400) }
      guard await addresses.note(request.headers["host"] ?? "") else {
        return .refusal(503, of: message.key)
      }
      return await take(message)
    default:
      return .answer(404)
    }
  }

  private func lookUp(_ key: String) async -> MockReply {
    guard await provider.statedCapabilities()?.canBeAsked == true else { return .answer(501) }
    let fault = MockFault.met(
      among: lookUpFaults, number: lookUps.next(), seed: seed, key: key, attempt: 0)
    if fault != nil { return await hang() }
    switch await provider.lookUp(key) {
    case .found(let reference):
      return .answer(200, ProviderWire.Accepted(key: key, reference: reference))
    case .absent:
      return .answer(404, ProviderWire.Refused(key: key, code: ProviderWire.absent))
    case .unavailable:
      return .answer(503)
    }
  }

  private func take(_ message: MockMessage) async -> MockReply {
    let fault = MockFault.met(
      among: faults, number: numbers.next(), seed: seed, key: message.key,
      attempt: message.message.attempt)
    switch fault {
    case .refuse: return .refusal(503, of: message.key)
    case .tooMany: return .refusal(429, of: message.key, retryAfter: 1)
    case .misbehave(let manner, taken: false):
      return await misbehave(manner, instead: .answer(503))
    case .misbehave(let manner, taken: true):
      let (isTaken, reply) = await decide(message)
      // What was refused all the same is said so.
      return isTaken ? await misbehave(manner, instead: reply) : reply
    case .hangLookUp, nil:
      return await decide(message).reply
    }
  }

  private func decide(_ message: MockMessage) async -> (isTaken: Bool, reply: MockReply) {
    let deadline = CallDeadline(
      clock: clock, since: clock.steadyMilliseconds(), timing: Self.patience)
    switch await provider.send(
      message.message, key: message.key, deadline: deadline, notAfter: message.notAfter)
    {
    case .accepted(let reference):
      return (true, .answer(200, ProviderWire.Accepted(key: message.key, reference: reference)))
    case .rejected(let code):
      return (false, .answer(422, ProviderWire.Refused(key: message.key, code: code)))
    case .notAccepted(let wait):
      return (
        false, .refusal(503, of: message.key, retryAfter: wait.map { ($0 + 999) / 1000 })
      )
    case .notWritten:
      return (false, .refusal(503, of: message.key))
    case .putOff, .unknown:
      return (false, .drop)
    }
  }

  private func misbehave(_ manner: MockFault.Manner, instead reply: MockReply) async -> MockReply {
    switch manner {
    case .drop: return .drop
    case .serverError: return .answer(500)
    case .throttled: return .whole(status: 429, body: [], retryAfterSeconds: 1)
    case .unavailable: return .whole(status: 503, body: [], retryAfterSeconds: 1)
    case .garbage: return .bytes(Array("\u{1}\u{2} this is not HTTP \r\n\r\n".utf8))
    case .truncate: return .half(of: reply)
    case .hang: return await hang()
    }
  }

  /// Until the server is told to stop.
  private func hang() async -> MockReply {
    while !Task.isCancelled { try? await clock.sleep(milliseconds: 3_600_000) }
    return .drop
  }

  /// The server takes as long as it was told to; the client has its own deadline.
  private static let patience: DeliveryTiming = {
    do {
      return try DeliveryTiming(
        lease: 4_000_000, callDeadline: 2_000_000, startWithin: 1_000_000, leaseGuard: 3_000_000,
        slotGuard: 3_000_000, reapAfter: 1000)
    } catch {
      preconditionFailure("the server's timing breaks \(error)")
    }
  }()
}

/// The addresses that a server was reached by.
private final class ServedAddresses: Sendable {
  private let known = Mutex<Set<String>>([])
  private let served: @Sendable (_ host: String) async throws -> Void

  init(_ served: @escaping @Sendable (_ host: String) async throws -> Void) {
    self.served = served
  }

  /// Whether it is known from now on; several may say the same at once.
  func note(_ host: String) async -> Bool {
    if known.withLock({ $0.contains(host) }) { return true }
    do {
      try await served(host)
    } catch {
      return false
    }
    known.withLock { _ = $0.insert(host) }
    return true
  }
}

/// Counts a server's messages, from 1.
package final class MessageNumbers: Sendable {
  private let last = Atomic<Int>(0)

  package init() {}

  func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}

/// A request as the server read it.
struct MockRequest: Sendable {
  var method: String
  var path: String
  /// By names in small letters.
  var headers: [String: String]
  var body: [UInt8]
}

/// A message as it came in.
struct MockMessage: Sendable {
  var key: String
  var notAfter: Timestamp
  var message: ProviderMessage

  /// `nil` where something of it is missing or wrong.
  init?(_ request: MockRequest, channel: Channel) {
    func header(_ name: String) -> String? { request.headers[name.lowercased()] }
    guard let key = header(ProviderWire.Header.key), (1...200).contains(key.utf8.count),
      let notAfter = header(ProviderWire.Header.notAfter).flatMap(Timestamp.init(iso8601:)),
      let attempt = header(ProviderWire.Header.attempt).flatMap({ Int($0) }), attempt > 0,
      let length = header(ProviderWire.Header.recipientBytes).flatMap({ Int($0) }),
      length > 0, length <= request.body.count,
      let recipient = String(validating: request.body[..<length], as: UTF8.self)
    else { return nil }
    self.key = key
    self.notAfter = notAfter
    message = ProviderMessage(
      channel: channel, recipient: recipient, content: Array(request.body[length...]),
      attempt: attempt)
  }
}

/// What goes back, if anything.
enum MockReply: Sendable {
  case whole(status: Int, body: [UInt8], retryAfterSeconds: Int64?)
  /// The first half of the body, and the end.
  case half(status: Int, body: [UInt8])
  /// Bytes as they are, and the end.
  case bytes([UInt8])
  case drop

  static func answer(_ status: Int) -> MockReply {
    .whole(status: status, body: [], retryAfterSeconds: nil)
  }

  /// Not taken, for now.
  static func refusal(
    _ status: Int, of key: String, retryAfter seconds: Int64? = nil
  ) -> MockReply {
    .answer(status, ProviderWire.Refused(key: key, code: "busy"), retryAfter: seconds)
  }

  static func answer(
    _ status: Int, _ value: some Encodable, retryAfter seconds: Int64? = nil
  ) -> MockReply {
    do {
      return .whole(
        status: status, body: Array(try JSONEncoder().encode(value)), retryAfterSeconds: seconds)
    } catch {
      return .answer(500)
    }
  }

  static func half(of reply: MockReply) -> MockReply {
    guard case .whole(let status, let body, _) = reply, !body.isEmpty else {
      return .half(status: 200, body: Array("{\"key\":".utf8))
    }
    return .half(status: status, body: body)
  }
}
