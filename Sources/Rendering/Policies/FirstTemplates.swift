import Billing

extension BillTemplate {
  /// Version 1, built into the program: what `billing init` begins with.
  package static let first: [BillTemplate] = [
    embedded(
      .email, .korean, PackageResources.email_ko_KR_subject_mustache,
      PackageResources.email_ko_KR_body_mustache),
    embedded(
      .email, .english, PackageResources.email_en_US_subject_mustache,
      PackageResources.email_en_US_body_mustache),
    embedded(
      .sms, .korean, PackageResources.sms_ko_KR_subject_mustache,
      PackageResources.sms_ko_KR_body_mustache),
    embedded(
      .sms, .english, PackageResources.sms_en_US_subject_mustache,
      PackageResources.sms_en_US_body_mustache),
  ]

  private static func embedded(
    _ channel: Channel, _ locale: BillLocale, _ subject: [UInt8], _ body: [UInt8]
  ) -> BillTemplate {
    BillTemplate(
      channel: channel, locale: locale, version: 1,
      subject: String(decoding: subject, as: UTF8.self),
      fileBody: String(decoding: body, as: UTF8.self))
  }

  /// From the texts of two files, which end in a line feed: a subject and an SMS do not.
  init(channel: Channel, locale: BillLocale, version: Int, subject: String, fileBody: String) {
    self.init(
      channel: channel, locale: locale, version: version,
      subject: Self.withoutLineEnd(subject),
      body: channel == .sms ? Self.withoutLineEnd(fileBody) : fileBody)
  }

  private static func withoutLineEnd(_ text: String) -> String {
    var text = text[...]
    while let last = text.last, last.isNewline { text.removeLast() }
    return String(text)
  }
}
