package import Billing

/// One template of a set, for one channel and locale. Immutable once active.
package struct BillTemplate: Hashable, Sendable {
  package var channel: Channel
  package var locale: BillLocale
  /// The version of the set that it belongs to.
  package var version: Int
  /// Mustache; an e-mail's subject, or that of an LMS.
  package var subject: String
  /// Mustache; HTML for e-mail, plain text for SMS.
  package var body: String

  package init(
    channel: Channel, locale: BillLocale, version: Int, subject: String, body: String
  ) {
    self.channel = channel
    self.locale = locale
    self.version = version
    self.subject = subject
    self.body = body
  }

  /// `email.ko-KR`, as the files of a set are named.
  package var name: String { "\(channel.rawValue).\(locale.rawValue)" }
}

/// Whether a policy or a set of templates may still change.
package enum VersionStatus: Int, Hashable, Sendable {
  case draft = 1
  case active = 2
  case retired = 3

  package var name: String {
    switch self {
    case .draft: "draft"
    case .active: "active"
    case .retired: "retired"
    }
  }
}
