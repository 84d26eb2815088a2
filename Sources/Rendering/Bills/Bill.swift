package import Billing

/// A bill (청구서): one rendered statement for one channel, as it lies in the bill store.
package struct Bill: Hashable, Sendable {
  package var key: BillKey
  /// Exactly what is stored: gzipped HTML for e-mail, a `CarrierText` for SMS.
  package var content: [UInt8]
  /// Of `content`.
  package var sha256: ContentHash

  package init(key: BillKey, content: [UInt8]) {
    self.key = key
    self.content = content
    sha256 = ContentHash(of: content)
  }

  package var contentType: String { key.channel.billContentType }
  package var contentEncoding: String? { key.channel.billContentEncoding }
}

extension Channel {
  /// What a server says of a bill of this channel, so that a browser shows it as it is.
  package var billContentType: String {
    switch self {
    case .email: "text/html; charset=utf-8"
    // The name that browsers know CP949 by.
    case .sms: "text/plain; charset=windows-949"
    }
  }

  /// `gzip` for e-mail; an SMS is stored as it is: compressing 90 bytes makes them longer.
  package var billContentEncoding: String? {
    switch self {
    case .email: "gzip"
    case .sms: nil
    }
  }
}
