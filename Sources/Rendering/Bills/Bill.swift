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

  package var contentType: String { key.channel.format.contentType }
  package var contentEncoding: String? { key.channel.format.contentEncoding }
}
