package import Billing

/// When the deliveries of a month are due, worked out once for each zone and send day.
package struct SendDays: Sendable {
  private let month: BillingMonth
  private var zones: [String: (rules: ZoneRules, due: [Int: Timestamp])] = [:]

  package init(_ month: BillingMonth) {
    self.month = month
  }

  /// The zones met, in order.
  package var zoneNames: [String] { zones.keys.sorted() }

  /// `nil` when the customer's zone is unknown.
  package mutating func rules(of zone: String) -> ZoneRules? {
    if let rules = zones[zone]?.rules { return rules }
    guard let rules = ZoneRules(zone) else { return nil }
    zones[zone] = (rules, [:])
    return rules
  }

  /// `nil` when the customer's zone is unknown.
  package mutating func due(_ customer: CurrentCustomer) -> Timestamp? {
    if let due = zones[customer.timeZone]?.due[customer.sendDay] { return due }
    guard let rules = rules(of: customer.timeZone) else { return nil }
    let due = DeliverySchedule.due(month: month, sendDay: customer.sendDay, zone: rules)
    zones[customer.timeZone, default: (rules, [:])].due[customer.sendDay] = due
    return due
  }
}
