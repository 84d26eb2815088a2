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
/// | 404 with `Refused` of the code `absent` | – | never taken |
/// | anything else | nobody knows | ask later |
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

  /// What is left out it cannot do.
  package struct Capabilities: Hashable, Codable, Sendable {
    package var keepsKeySeconds: Int64?
    package var lookUpSettlesSeconds: Int64?
    package var refusesLate: Bool

    package init(_ capabilities: ProviderCapabilities) {
      keepsKeySeconds = capabilities.keepsKeySeconds
      lookUpSettlesSeconds = capabilities.lookUpSettlesSeconds
      refusesLate = capabilities.refusesLate
    }

    package var value: ProviderCapabilities {
      ProviderCapabilities(
        keepsKeySeconds: keepsKeySeconds, lookUpSettlesSeconds: lookUpSettlesSeconds,
        refusesLate: refusesLate)
    }
  }
}
