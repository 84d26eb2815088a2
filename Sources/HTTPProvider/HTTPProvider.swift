import AsyncHTTPClient
package import Billing
package import Delivery
package import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// A provider that is spoken to over HTTP/1.1, as `ProviderWire` describes.
///
/// What it promises: one request per send, never repeated; a byte of it leaves only while the
/// deadline permits writing, checked right before with the connection open; and an outcome is
/// certain only where it is proved: nothing was written, or a whole and documented answer came.
///
/// What a provider can do is asked of it whenever something is concluded from it. Where it does not
/// say so, an uncertain delivery is looked at again later.
package final class HTTPProvider: Provider {
  package let name: String
  private let address: ProviderAddress
  private let lanes: Lanes
  private let calls = OpenCalls()
  private let clock: any WallClock
  private let logger: Logger
  private let isReachable = Mutex(true)

  /// A question may take this long; a message has its own deadline.
  private let questionMilliseconds: Int64

  /// - Parameters:
  ///   - maxInFlight: as many connections are opened when as many calls are in flight.
  ///   - connectMilliseconds: a call that gets no connection within this time was not written; to
  ///     be shorter than what a call has until it must be written.
  ///   - questionMilliseconds: what is asked of the provider is answered within this time, or is
  ///     asked again later.
  ///   - clock: for dates in answers.
  package init(
    channel: Billing.Channel, address: ProviderAddress, maxInFlight: Int,
    connectMilliseconds: Int64, questionMilliseconds: Int64 = 5000, clock: any WallClock,
    logger: Logger
  ) {
    self.clock = clock
    name = Self.name(of: channel, at: address.authority)
    self.address = address
    self.questionMilliseconds = questionMilliseconds
    self.logger = logger
    lanes = Lanes(
      connections: maxInFlight, connectMilliseconds: connectMilliseconds, calls: calls)
  }

  /// By channel and address, so that another provider goes by another name: `http-email@host:port`.
  ///
  /// - Parameter authority: as requests name it (`Host`).
  package static func name(of channel: Billing.Channel, at authority: String) -> String {
    "http-\(channel.rawValue)@\(authority)"
  }

  // MARK: Sending

  package func send(
    _ message: ProviderMessage, key: String, deadline: CallDeadline, notAfter: Timestamp
  ) async -> SendOutcome {
    guard deadline.permitsWriting else { return .notWritten }
    let call = Call(deadline: deadline)
    let number = calls.open(call)
    defer { calls.close(number) }
    let result: Result<Answer, any Error>
    do {
      let request = try request(for: message, key: key, notAfter: notAfter, call: number)
      result = .success(
        try await lanes.execute(request, withinMilliseconds: deadline.remainingMilliseconds))
    } catch {
      result = .failure(error)
    }
    return outcome(of: result, key: key, call.end())
  }

  private func outcome(
    of result: Result<Answer, any Error>, key: String, _ ending: Call.Ending
  ) -> SendOutcome {
    switch (ending, result) {
    case (.written, .success(let answer)):
      noteReachable()
      return answer.outcome(ofMessage: key, at: clock.now())
    case (.written, .failure(let error)):
      logger.debug("no answer", metadata: ["provider": "\(name)", "cause": "\(error)"])
      return .unknown
    case (.tooLate, _):
      return .notWritten
    case (.neverWritten, .failure(let error)):
      if Self.isOurs(error) { return .notWritten }
      noteUnreachable(error)
      return .notAccepted(retryAfterMilliseconds: nil)
    case (.neverWritten, .success):
      // An answer to nothing: the gate was not where it belongs, and proves nothing.
      return .unknown
    }
  }

  /// Whether the call ended for a reason on this side, not because no connection could be had.
  private static func isOurs(_ error: any Error) -> Bool {
    if error is CancellationError { return true }
    let ours: [HTTPClientError] = [
      .cancelled, .deadlineExceeded, .getConnectionFromPoolTimeout, .alreadyShutdown,
    ]
    return (error as? HTTPClientError).map(ours.contains) ?? false
  }

  private func request(
    for message: ProviderMessage, key: String, notAfter: Timestamp, call: UInt64
  ) throws -> HTTPClient.Request {
    let recipient = Array(message.recipient.utf8)
    var body = ByteBuffer()
    body.reserveCapacity(recipient.count + message.content.count)
    body.writeBytes(recipient)
    body.writeBytes(message.content)
    return try request(
      .POST, ProviderWire.messages,
      headers: [
        (OpenCalls.header, String(call)),
        (ProviderWire.Header.key, key),
        (ProviderWire.Header.notAfter, notAfter.description),
        (ProviderWire.Header.attempt, String(message.attempt)),
        (ProviderWire.Header.recipientBytes, String(recipient.count)),
        ("Content-Type", "application/octet-stream"),
      ], body: .byteBuffer(body))
  }

  // MARK: Asking

  package func lookUp(_ key: String) async -> LookUpOutcome {
    await ask(ProviderWire.messages, key)?.outcome(ofLookUp: key) ?? .unavailable
  }

  package func statedCapabilities() async -> ProviderCapabilities? {
    await ask(ProviderWire.capabilities)?.capabilities
  }

  private func ask(_ path: String...) async -> Answer? {
    do {
      let answer = try await lanes.execute(
        try request(.GET, path.first ?? "", path.dropFirst().first),
        withinMilliseconds: questionMilliseconds)
      noteReachable()
      return answer
    } catch {
      noteUnreachable(error)
      return nil
    }
  }

  private func request(
    _ method: HTTPMethod, _ first: String, _ second: String? = nil,
    headers: [(String, String)] = [], body: HTTPClient.Body? = nil
  ) throws -> HTTPClient.Request {
    let url = second.map { address.url(first, $0) } ?? address.url(first)
    guard let url else { throw HTTPClientError.invalidURL }
    return try HTTPClient.Request(
      url: url, method: method, headers: HTTPHeaders(headers), body: body)
  }

  // MARK: Saying so

  /// Once when it begins, not for every call. A cause names the host; never a recipient.
  private func noteUnreachable(_ error: any Error) {
    let isNew = isReachable.withLock { isReachable in
      defer { isReachable = false }
      return isReachable
    }
    logger.log(
      level: isNew ? .warning : .debug, "the provider cannot be reached",
      metadata: ["provider": "\(name)", "cause": "\(error)"])
  }

  private func noteReachable() {
    let wasNot = isReachable.withLock { isReachable in
      defer { isReachable = true }
      return !isReachable
    }
    if wasNot { logger.notice("the provider answers again", metadata: ["provider": "\(name)"]) }
  }
}
