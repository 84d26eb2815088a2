/// A way to tell a customer. What a channel is by is said here and nowhere else: its contact, and what
/// its bills are (`BillFormat`).
package enum Channel: String, CaseIterable, Hashable, Sendable {
  case email
  case sms

  /// The number it is stored under; never reused.
  package var code: Int {
    switch self {
    case .email: 1
    case .sms: 2
    }
  }

  /// What its messages are addressed by.
  package var contact: ContactKind {
    switch self {
    case .email: .email
    case .sms: .phone
    }
  }

  /// What its bills are stored and sent as.
  package var format: BillFormat {
    switch self {
    case .email: .html
    case .sms: .carrierText
    }
  }

  package init?(code: Int) {
    guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}

/// What a customer can be reached by. Each is sealed under a name of its own.
package enum ContactKind: String, CaseIterable, Hashable, Sendable {
  case email
  case phone
}

/// What a bill is stored and sent as.
package enum BillFormat: String, CaseIterable, Hashable, Sendable {
  /// A page, compressed.
  case html
  /// A `CarrierText`: compressing 90 bytes makes them longer.
  case carrierText

  /// Of a bill's file.
  package var fileExtension: String {
    switch self {
    case .html: "html.gz"
    case .carrierText: "txt"
    }
  }

  /// What a server says of a bill, so that a browser shows it as it is.
  package var contentType: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    // The name that browsers know CP949 by.
    case .carrierText: "text/plain; charset=windows-949"
    }
  }

  /// How its bytes are compressed; `nil` where they are not.
  package var contentEncoding: String? {
    switch self {
    case .html: "gzip"
    case .carrierText: nil
    }
  }
}
