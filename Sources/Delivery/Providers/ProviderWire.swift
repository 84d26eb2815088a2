/// How messages, their answers and questions about them look over HTTP/1.1: the one description
/// that the client and the mock server both read.
///
///     POST BASE/messages           one message; the body is the recipient's bytes, then the bill's
///     GET  BASE/messages/KEY       what became of a key
///     GET  BASE/capabilities       what the provider can do
///
/// | status | of a message | of a key |
/// |---|---|---|
/// | 200 with `Accepted` | taken | taken |
/// | 422 with `Refused` | refused for good | – |
/// | 429, 503 with `Refused`, with `Retry-After` or not | not taken, try later | ask later |
/// | 429, 503 without | nobody knows; not again before `Retry-After` | ask later |
/// | 404 with `Refused` of the code `absent` | – | never taken |
/// | anything else | nobody knows | ask later |
///
/// `Retry-After` is a number of seconds or a date (RFC 9110), believed up to a day.
package enum ProviderWire {
  package enum Header {
    /// The same for every attempt on a channel.
    package static let key = "Idempotency-Key"
    /// ISO 8601; a provider that can refuses what reaches it later.
    package static let notAfter = "Not-After"
    /// 1, 2, … on this channel.
    package static let attempt = "Attempt"
    /// How many bytes of the body, from its start, are the recipient's address or number in UTF-8.
    package static let recipientBytes = "Recipient-Bytes"
    package static let retryAfter = "Retry-After"
    /// What a date in `Retry-After` is compared with.
    package static let date = "Date"
  }

  package static let messages = "messages"
  package static let capabilities = "capabilities"
  package static let absent = "absent"

  /// The key comes back, so that an answer to something else is never taken for one to this.
  package struct Accepted: Hashable, Codable, Sendable {
    package var key: String
    package var reference: String

    package init(key: String, reference: String) {
      self.key = key
      self.reference = reference
    }
  }

  package struct Refused: Hashable, Codable, Sendable {
    package var key: String
    package var code: String

    package init(key: String, code: String) {
      self.key = key
      self.code = code
    }
  }

  /// What is left out it cannot do; so is what is no sensible number.
  package struct Capabilities: Hashable, Codable, Sendable {
    /// 0…10 years; more is no promise that anybody keeps.
    package static let keptSeconds: ClosedRange<Int64> = 0...315_576_000
    /// 0…a year.
    package static let settlesSeconds: ClosedRange<Int64> = 0...31_622_400

    package var keepsKeySeconds: Int64?
    /// Left out it is as if `lookUpSettlesSeconds` is there.
    package var canBeAsked: Bool?
    package var lookUpSettlesSeconds: Int64?
    package var refusesLate: Bool

    package init(_ capabilities: ProviderCapabilities) {
      keepsKeySeconds = capabilities.keepsKeySeconds
      canBeAsked = capabilities.canBeAsked
      lookUpSettlesSeconds = capabilities.lookUpSettlesSeconds
      refusesLate = capabilities.refusesLate
    }

    package init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      func number(_ key: CodingKeys, _ range: ClosedRange<Int64>) -> Int64? {
        guard let number = try? fields.decode(Int64.self, forKey: key), range.contains(number)
        else { return nil }
        return number
      }
      keepsKeySeconds = number(.keepsKeySeconds, Self.keptSeconds)
      lookUpSettlesSeconds = number(.lookUpSettlesSeconds, Self.settlesSeconds)
      canBeAsked = try? fields.decode(Bool.self, forKey: .canBeAsked)
      refusesLate = (try? fields.decode(Bool.self, forKey: .refusesLate)) ?? false
    }

    package var value: ProviderCapabilities {
      ProviderCapabilities(
        keepsKeySeconds: keepsKeySeconds, canBeAsked: canBeAsked ?? false,
        lookUpSettlesSeconds: lookUpSettlesSeconds, refusesLate: refusesLate)
    }
  }
}
