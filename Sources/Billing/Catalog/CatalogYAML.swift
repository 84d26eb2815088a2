/// A catalog's text.
///
/// Strict, because a catalog decides what everybody pays: every key is known and there once, every
/// value has the one type that its key asks for. Amounts are whole numbers without quotes, rates
/// are decimals in quotes (`"0.25"`), which no other tool can turn into binary floating point on
/// the way.
extension Catalog {
  package init(yaml: String) throws(CatalogError) {
    let root = try CatalogNode(yaml: yaml).fields(
      required: [
        "version", "effectiveFrom", "currency", "timeZone", "tax", "rounding", "plans", "addOns",
        "discounts",
      ])
    let version = try root["version"].code()
    let effectiveFrom = try root["effectiveFrom"].value(.invalidMonth) { BillingMonth($0) }
    let currency = try root["currency"].value(.unknownCurrency) { Currency(code: $0) }
    let timeZone = try root["timeZone"].value(.unknownTimeZone) { ZoneRules($0)?.name }
    let tax = try TaxRule(root["tax"])
    let rounding = try RoundingRule(root["rounding"])
    let plans = try root["plans"].list { (node) throws(CatalogError) in try Plan(node) }
    let addOns = try root["addOns"].list { (node) throws(CatalogError) in try AddOn(node) }
    let discounts = try root["discounts"].list { (node) throws(CatalogError) in
      try Discount(node)
    }
    try root["plans"].refuseDuplicates(of: "code", plans.map(\.code))
    try root["addOns"].refuseDuplicates(of: "code", addOns.map(\.code))
    try root["discounts"].refuseDuplicates(of: "code", discounts.map(\.code))
    try refuseSecondBundle(root["discounts"], discounts)
    self.init(
      version: version, effectiveFrom: effectiveFrom, currency: currency, timeZone: timeZone,
      tax: tax, rounding: rounding, plans: plans, addOns: addOns, discounts: discounts)
  }
}

/// A membership says in which bundle a line is, not in which program: there is one a catalog.
private func refuseSecondBundle(
  _ node: CatalogNode, _ discounts: [Discount]
) throws(CatalogError) {
  let bundles = discounts.indices.filter { position in
    if case .bundle = discounts[position].kind { true } else { false }
  }
  guard bundles.count > 1 else { return }
  throw node.element(bundles[1]).error(.secondBundle)
}

extension TaxRule {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let fields = try node.fields(required: ["mode", "rate", "appliesTo"])
    self.init(
      mode: try fields["mode"].value(.unknownValue) { Mode(rawValue: $0) },
      rate: try fields["rate"].share(),
      appliesTo: Set(try fields["appliesTo"].categories()))
  }
}

extension RoundingRule {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let fields = try node.fields(required: ["unit", "mode"])
    _ = try fields["mode"].value(.unknownValue) { $0 == "down" ? $0 : nil }
    self.init(unit: try fields["unit"].integer(from: 1))
  }
}

extension Plan {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let fields = try node.fields(
      required: ["code", "name", "monthlyFee"], optional: ["allowances", "overage"])
    var allowances: [String: Allowance] = [:]
    for (metric, value) in try fields.optional("allowances")?.entries() ?? [] {
      allowances[metric] = try Allowance(value)
    }
    var overage: [String: OverageRule] = [:]
    for (metric, value) in try fields.optional("overage")?.entries() ?? [] {
      overage[metric] = try OverageRule(value)
    }
    self.init(
      code: try fields["code"].code(), name: try fields["name"].text(),
      monthlyFee: try fields["monthlyFee"].integer(from: 0), allowances: allowances,
      overage: overage)
  }
}

extension Allowance {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    self = node.isText("unlimited") ? .unlimited : .limited(try node.integer(from: 0))
  }
}

extension OverageRule {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let fields = try node.fields(required: ["rate"], optional: ["cap"])
    self.init(
      rate: try fields["rate"].decimal(), cap: try fields.optional("cap")?.integer(from: 0))
  }
}

extension AddOn {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let fields = try node.fields(required: ["code", "name", "monthlyFee"])
    self.init(
      code: try fields["code"].code(), name: try fields["name"].text(),
      monthlyFee: try fields["monthlyFee"].integer(from: 0))
  }
}

extension Discount {
  fileprivate init(_ node: CatalogNode) throws(CatalogError) {
    let all = ["code", "name", "kind", "basis"]
    // Which keys there may be depends on the kind, so that one is read first.
    let kindNode = try node.fields(required: all, optional: ["value", "tiers", "cap"])["kind"]
    let fields: CatalogNode.Fields
    let kind: Kind
    switch try kindNode.code() {
    case "rate":
      fields = try node.fields(required: all + ["value"], optional: ["cap"])
      kind = .rate(try fields["value"].share())
    case "amount":
      fields = try node.fields(required: all + ["value"], optional: ["cap"])
      kind = .amount(try fields["value"].integer(from: 0))
    case "bundle":
      fields = try node.fields(required: all + ["tiers"], optional: ["cap"])
      kind = .bundle(try Self.tiers(fields["tiers"]))
    default: throw kindNode.error(.unknownValue)
    }
    let basis = try fields["basis"].categories()
    if basis.isEmpty { throw fields["basis"].error(.empty) }
    self.init(
      code: try fields["code"].code(), name: try fields["name"].text(), kind: kind, basis: basis,
      cap: try fields.optional("cap")?.integer(from: 0))
  }

  private static func tiers(_ node: CatalogNode) throws(CatalogError) -> [BundleTier] {
    let tiers = try node.list { (tier) throws(CatalogError) in
      let fields = try tier.fields(required: ["lines", "amount"])
      return BundleTier(
        lines: Int(try fields["lines"].integer(from: 1)),
        amount: try fields["amount"].integer(from: 0))
    }
    if tiers.isEmpty { throw node.error(.empty) }
    try node.refuseDuplicates(of: "lines", tiers.map { String($0.lines) })
    return tiers.sorted { $0.lines < $1.lines }
  }
}

extension CatalogNode {
  /// A share of something, 0…1.
  fileprivate func share() throws(CatalogError) -> FixedDecimal {
    let share = try decimal()
    guard share.coefficient <= FixedDecimal.powerOfTen(share.scale) else {
      throw error(.rateOutOfRange)
    }
    return share
  }

  /// Categories, each at most once.
  fileprivate func categories() throws(CatalogError) -> [ChargeCategory] {
    let categories = try list { (node) throws(CatalogError) in
      try node.value(.unknownCategory) { ChargeCategory(rawValue: $0) }
    }
    try refuseDuplicates(of: nil, categories.map(\.rawValue))
    return categories
  }
}
