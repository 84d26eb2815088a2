import Billing

extension BillTemplate {
  /// Version 1, built into the program: what `billing init` begins with.
  package static let first: [BillTemplate] = [
    BillTemplate(
      channel: .email, locale: .korean, version: 1,
      subject: subject(PackageResources.email_ko_KR_subject_mustache),
      body: text(PackageResources.email_ko_KR_body_mustache)),
    BillTemplate(
      channel: .email, locale: .english, version: 1,
      subject: subject(PackageResources.email_en_US_subject_mustache),
      body: text(PackageResources.email_en_US_body_mustache)),
    BillTemplate(
      channel: .sms, locale: .korean, version: 1,
      subject: subject(PackageResources.sms_ko_KR_subject_mustache),
      body: subject(PackageResources.sms_ko_KR_body_mustache)),
    BillTemplate(
      channel: .sms, locale: .english, version: 1,
      subject: subject(PackageResources.sms_en_US_subject_mustache),
      body: subject(PackageResources.sms_en_US_body_mustache)),
  ]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A file ends in a line feed, a subject and an SMS do not.
  private static func subject(_ bytes: [UInt8]) -> String { withoutLineEnd(text(bytes)) }

  static func withoutLineEnd(_ text: String) -> String {
    text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
