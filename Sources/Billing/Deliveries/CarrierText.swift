/// The text of an SMS bill, in the carriers' encoding (CP949), as it lies in the bill store.
///
/// Up to 90 bytes it is one SMS and is stored as it is. Beyond that it is an LMS, stored as its
/// subject, a line feed, and its text. The text of an LMS is never as short as an SMS, so the two
/// cannot be confused.
package struct CarrierText: Hashable, Sendable {
  /// Bytes of an SMS.
  package static let shortLimit = 90
  /// Bytes of an LMS.
  package static let longLimit = 2000
  /// Bytes of an LMS's subject.
  package static let subjectLimit = 40

  /// Up to 40 bytes; empty for an SMS.
  package let subject: [UInt8]
  package let body: [UInt8]

  /// - Parameters:
  ///   - subject: at most 40 bytes, without a line feed; left out for an SMS.
  ///   - body: at most 2,000 bytes.
  package init(subject: [UInt8], body: [UInt8]) {
    precondition(body.count <= Self.longLimit && subject.count <= Self.subjectLimit)
    self.subject = body.count <= Self.shortLimit ? [] : subject
    self.body = body
  }

  /// Reads what `storedBytes` gave; `nil` when it is not such a text.
  package init?(stored bytes: [UInt8]) {
    guard bytes.count > Self.shortLimit else {
      self.init(subject: [], body: bytes)
      return
    }
    // A line feed is never the second byte of a character in CP949.
    guard let end = bytes.firstIndex(of: 10), end <= Self.subjectLimit else { return nil }
    let body = bytes[(end + 1)...]
    guard body.count > Self.shortLimit, body.count <= Self.longLimit else { return nil }
    self.init(subject: Array(bytes[..<end]), body: Array(body))
  }

  /// Whether it goes as an LMS.
  package var isLong: Bool { body.count > Self.shortLimit }

  package var storedBytes: [UInt8] { isLong ? subject + [10] + body : body }
}
