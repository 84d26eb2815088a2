package import Billing

extension CarrierText {
  /// Makes the message that a subject and a text, both UTF-8, are sent as.
  ///
  /// Up to 90 bytes it is an SMS, which has no subject. Beyond that an LMS: its subject is cut to
  /// 40 bytes, its text to 2,000, each between two characters and ending in `…` where it was cut.
  package init(subject: [UInt8], text: [UInt8], encoding: CarrierEncoding) {
    var body: [UInt8] = []
    encoding.encode(utf8: text, into: &body)
    if body.count <= Self.shortLimit {
      self.init(subject: [], body: body)
    } else {
      var title: [UInt8] = []
      encoding.encode(utf8: subject, into: &title)
      title.removeAll { $0 == 10 }
      self.init(
        subject: Self.fitted(title, to: Self.subjectLimit, encoding),
        body: Self.fitted(body, to: Self.longLimit, encoding))
    }
  }

  private static func fitted(
    _ bytes: [UInt8], to limit: Int, _ encoding: CarrierEncoding
  ) -> [UInt8] {
    guard bytes.count > limit else { return bytes }
    let ellipsis = encoding.encode("…")
    return Array(CarrierEncoding.prefix(of: bytes, limit: limit - ellipsis.count)) + ellipsis
  }
}
