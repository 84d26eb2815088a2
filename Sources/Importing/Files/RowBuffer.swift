import Billing

/// Rows of one file on their way to the ledger: read, checked by themselves, not yet against it.
struct RowBuffer {
  private let file: InputFile
  private var customerFields = CustomerFields()
  private var customers: [Customer] = []
  private var segments: [SegmentRow] = []
  private var entitlements: [EntitlementRow] = []
  private var bundles: [BundleRow] = []
  private var usage: [UsageRow] = []
  private var charges: [ChargeRow] = []

  static let maximumDescriptionLength = 200

  init(file: InputFile) {
    self.file = file
  }

  mutating func append(_ row: inout RowFields) throws(FieldFault) {
    switch file {
    case .catalog: preconditionFailure("the catalog has no rows")
    case .customers: customers.append(try customerFields.read(&row))
    case .subscriptions: segments.append(try Self.segment(&row))
    case .addOns, .discounts: entitlements.append(try Self.entitlement(&row))
    case .bundles: bundles.append(try Self.bundle(&row))
    case .usage: usage.append(try Self.usage(&row))
    case .charges: charges.append(try Self.charge(&row))
    }
  }

  /// What the ledger is given; contact data is sealed here.
  func batch(seal: ContactSeal) -> InputBatch {
    switch file {
    case .catalog: preconditionFailure("the catalog has no rows")
    case .customers: .customers(customers.map { SealedCustomer($0, seal: seal) })
    case .subscriptions: .segments(segments)
    case .addOns: .addOns(entitlements)
    case .discounts: .discounts(entitlements)
    case .bundles: .bundles(bundles)
    case .usage: .usage(usage)
    case .charges: .charges(charges)
    }
  }

  mutating func removeAll() {
    customers.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    entitlements.removeAll(keepingCapacity: true)
    bundles.removeAll(keepingCapacity: true)
    usage.removeAll(keepingCapacity: true)
    charges.removeAll(keepingCapacity: true)
  }

  // MARK: Rows

  private static func segment(_ row: inout RowFields) throws(FieldFault) -> SegmentRow {
    let line = try row.line()
    let customer = try row.customer()
    let plan = try row.code()
    let (from, to) = try row.period()
    return SegmentRow(
      line: line, customer: customer,
      segment: PlanSegment(planCode: plan, activeFrom: from, activeTo: to))
  }

  private static func entitlement(_ row: inout RowFields) throws(FieldFault) -> EntitlementRow {
    let line = try row.line()
    let code = try row.code()
    let (from, to) = try row.period()
    return EntitlementRow(
      line: line, entitlement: Entitlement(code: code, activeFrom: from, activeTo: to))
  }

  private static func bundle(_ row: inout RowFields) throws(FieldFault) -> BundleRow {
    let bundle = try row.code()
    let line = try row.line()
    let (from, to) = try row.period()
    return BundleRow(
      line: line,
      membership: BundleMembership(bundle: bundle, activeFrom: from, activeTo: to))
  }

  private static func usage(_ row: inout RowFields) throws(FieldFault) -> UsageRow {
    let line = try row.line()
    let month = try row.month()
    let metric = try row.code()
    let quantity = try row.quantity()
    return UsageRow(
      line: line, month: month, usage: UsageQuantity(metric: metric, quantity: quantity))
  }

  private static func charge(_ row: inout RowFields) throws(FieldFault) -> ChargeRow {
    let id = try row.code()
    let customer = try row.customer()
    let day = try row.day()
    let category = try row.code()
    let description = try row.text(0...Self.maximumDescriptionLength, .prose)
    let amount = try row.amount()
    let taxable = try row.flag()
    return ChargeRow(
      customer: customer,
      charge: OneOffCharge(
        id: id, chargedOn: day, category: category, description: description, amount: amount,
        taxable: taxable))
  }
}
