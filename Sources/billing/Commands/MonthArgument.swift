import ArgumentParser
import Billing

extension BillingMonth: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}

extension CustomerID: ExpressibleByArgument {
  package init?(argument: String) {
    guard let number = Int64(argument), number > 0 else { return nil }
    self.init(number)
  }
}

extension Timestamp: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(iso8601: argument)
  }
}

extension Channel: ExpressibleByArgument {}
