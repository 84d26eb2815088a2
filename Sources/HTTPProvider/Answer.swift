import AsyncHTTPClient
import Billing
import Delivery
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// A whole answer as it came.
struct Answer: Sendable {
  var status: UInt
  var retryAfter: String?
  /// What time it is for whoever answered.
  var date: String?
  var body: [UInt8] = []
}

extension Answer {
  /// What it says of a message. Only what is documented and complete counts as said.
  ///
  /// - Parameter now: for a date to wait for, where the answer does not say what time it is.
  func outcome(ofMessage key: String, at now: Timestamp) -> SendOutcome {
    switch status {
    case 200:
      guard let reference = acceptedReference(of: key) else { return .unknown }
      return .accepted(reference: reference)
    case 422:
      guard let refused = decoded(as: ProviderWire.Refused.self), refused.key == key,
        Self.isCode(refused.code)
      else { return .unknown }
      return .rejected(code: refused.code)
    case 429, 503:
      let wait = retryAfterMilliseconds(at: now)
      // A proxy answers so by itself, also after the provider has taken the message.
      guard let refused = decoded(as: ProviderWire.Refused.self), refused.key == key else {
        return .putOff(status == 429 ? .throttled : .unavailable, retryAfterMilliseconds: wait)
      }
      return .notAccepted(retryAfterMilliseconds: wait)
    default:
      return .unknown
    }
  }

  /// What it says of a key that was asked for. A bare 404 says nothing: a wrong address answers so
  /// too.
  func outcome(ofLookUp key: String) -> LookUpOutcome {
    switch status {
    case 200: return acceptedReference(of: key).map { .found(reference: $0) } ?? .unavailable
    case 404:
      guard let refused = decoded(as: ProviderWire.Refused.self), refused.key == key,
        refused.code == ProviderWire.absent
      else { return .unavailable }
      return .absent
    default: return .unavailable
    }
  }

  var capabilities: ProviderCapabilities? {
    guard status == 200 else { return nil }
    return decoded(as: ProviderWire.Capabilities.self)?.value
  }

  private func acceptedReference(of key: String) -> String? {
    guard let accepted = decoded(as: ProviderWire.Accepted.self), accepted.key == key,
      (1...200).contains(accepted.reference.utf8.count),
      accepted.reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return accepted.reference
  }

  /// A code is a word: free text could hold the recipient's address, and codes are kept and shown.
  private static func isCode(_ code: String) -> Bool {
    (1...64).contains(code.utf8.count)
      && code.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      }
  }

  private static let longestWaitSeconds: Int64 = 86_400

  /// Whole seconds, or a date; at most a day.
  private func retryAfterMilliseconds(at now: Timestamp) -> Int64? {
    guard let retryAfter, (1...64).contains(retryAfter.utf8.count) else { return nil }
    let seconds: Int64
    if retryAfter.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      // More digits than a number has are a long time all the same.
      seconds = Int64(retryAfter) ?? .max
    } else {
      guard let moment = HTTPDate.parse(retryAfter, now: now) else { return nil }
      // By the clock of whoever named it.
      let since = date.flatMap { HTTPDate.parse($0, now: now) } ?? now
      seconds = since.milliseconds(until: moment).flooredDivision(by: 1000)
    }
    return min(max(seconds, 0), Self.longestWaitSeconds) * 1000
  }

  private func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
    try? JSONDecoder().decode(type, from: Data(body))
  }
}

/// Collects one answer, up to a size that no answer of a provider has.
final class AnswerCollector: HTTPClientResponseDelegate {
  typealias Response = Answer

  struct TooLong: Error {}
  struct NoHead: Error {}

  private static let maxBodyBytes = 65_536

  private let answer = Mutex<Answer?>(nil)

  func didReceiveHead(
    task: HTTPClient.Task<Answer>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    answer.withLock {
      $0 = Answer(
        status: head.status.code,
        retryAfter: head.headers.first(name: ProviderWire.Header.retryAfter),
        date: head.headers.first(name: ProviderWire.Header.date))
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Answer>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let fits = answer.withLock { answer in
      answer?.body.append(contentsOf: buffer.readableBytesView)
      return (answer?.body.count ?? 0) <= Self.maxBodyBytes
    }
    return fits
      ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(TooLong())
  }

  func didFinishRequest(task: HTTPClient.Task<Answer>) throws -> Answer {
    guard let answer = answer.withLock({ $0 }) else { throw NoHead() }
    return answer
  }
}
