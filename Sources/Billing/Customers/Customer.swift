/// Who pays (고객). A positive number that the customer keeps for good.
package struct CustomerID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: Int64

  package init(_ number: Int64) {
    self.number = number
  }

  package var description: String { String(number) }

  package static func < (left: CustomerID, right: CustomerID) -> Bool {
    left.number < right.number
  }
}

/// One subscription of a customer (회선). A positive number that belongs to one customer for good.
package struct LineID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: Int64

  package init(_ number: Int64) {
    self.number = number
  }

  package var description: String { String(number) }

  package static func < (left: LineID, right: LineID) -> Bool {
    left.number < right.number
  }
}

/// Whether a customer's contract runs. Suspended customers are billed too.
package enum CustomerStatus: String, CaseIterable, Hashable, Sendable {
  case active
  case suspended
  case terminated
}

/// The languages that bills and messages are written in.
package enum BillLocale: String, CaseIterable, Hashable, Sendable {
  case korean = "ko-KR"
  case english = "en-US"
}

/// What is recorded about a customer, as an import file states it.
///
/// `email` and `phone` are personal data in the clear: a value of this type exists only between
/// the reading of a row and its sealing.
package struct Customer: Hashable, Sendable {
  package var id: CustomerID
  package var name: String
  /// Empty when the customer has none.
  package var email: String
  /// Empty when the customer has none.
  package var phone: String
  /// 1…31; past a short month's end its last day.
  package var sendDay: Int
  package var quietSlots: QuietSlots
  /// An IANA zone name.
  package var timeZone: String
  package var locale: BillLocale
  /// In order of preference; empty for a customer who opted out.
  package var channels: [Channel]
  package var status: CustomerStatus
  package var activatedOn: CalendarDay
  package var terminatedOn: CalendarDay?

  package init(
    id: CustomerID, name: String, email: String, phone: String, sendDay: Int,
    quietSlots: QuietSlots, timeZone: String, locale: BillLocale, channels: [Channel],
    status: CustomerStatus, activatedOn: CalendarDay, terminatedOn: CalendarDay?
  ) {
    self.id = id
    self.name = name
    self.email = email
    self.phone = phone
    self.sendDay = sendDay
    self.quietSlots = quietSlots
    self.timeZone = timeZone
    self.locale = locale
    self.channels = channels
    self.status = status
    self.activatedOn = activatedOn
    self.terminatedOn = terminatedOn
  }
}
