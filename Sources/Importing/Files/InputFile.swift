/// The files of an import set, in the order in which they are read: what is named comes before
/// what names it. A set may lack any of them.
package enum InputFile: String, CaseIterable, Hashable, Sendable {
  case catalog = "catalog.yaml"
  case customers = "customers.csv"
  case subscriptions = "subscriptions.csv"
  case addOns = "add_ons.csv"
  case discounts = "discounts.csv"
  case bundles = "bundles.csv"
  case usage = "usage.csv"
  case charges = "charges.csv"

  /// The columns in the order in which rows are read; a header may have them in another. Empty for
  /// the catalog.
  package var columns: [String] {
    switch self {
    case .catalog: []
    case .customers:
      [
        "customer_id", "name", "email", "phone", "send_day", "quiet_slots", "time_zone", "locale",
        "channels", "status", "activated_on", "terminated_on",
      ]
    case .subscriptions: ["line_id", "customer_id", "plan_code", "active_from", "active_to"]
    case .addOns: ["line_id", "add_on_code", "active_from", "active_to"]
    case .discounts: ["line_id", "discount_code", "active_from", "active_to"]
    case .bundles: ["bundle_id", "line_id", "active_from", "active_to"]
    case .usage: ["line_id", "month", "metric", "quantity"]
    case .charges:
      [
        "charge_id", "customer_id", "charged_on", "category", "description", "amount", "taxable",
      ]
    }
  }
}
