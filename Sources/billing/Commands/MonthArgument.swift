import ArgumentParser
import Billing

extension BillingMonth: ExpressibleByArgument {
  /// From 1970-01 on: nobody was billed by it before.
  package init?(argument: String) {
    self.init(argument)
    guard year >= 1970 else { return nil }
  }
}

extension CustomerID: ExpressibleByArgument {
  package init?(argument: String) {
    guard argument.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(argument),
      number > 0
    else { return nil }
    self.init(number)
  }
}

/// A moment as somebody types it: RFC 3339, or without an offset what the reader's clocks show.
struct MomentArgument: ExpressibleByArgument, Hashable, Sendable {
  /// As if it were UTC, where there is no offset.
  private let written: Timestamp
  private let hasOffset: Bool

  init?(argument: String) {
    guard let written = Timestamp(iso8601: argument) else { return nil }
    self.written = written
    hasOffset = argument.contains(#/(Z|[+-][0-9]{2}:[0-9]{2})$/#)
  }

  func moment(in zone: ReaderZone) -> Timestamp {
    hasOffset ? written : zone.moment(showing: written)
  }
}

extension Channel: ExpressibleByArgument {}
