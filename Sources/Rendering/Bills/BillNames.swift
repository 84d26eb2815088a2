/// The names that a bill's template may use.
///
/// Texts are formatted for the template's locale; a section is a flag or goes through a list. Lines
/// (회선) hold groups, one for each category that the line has, and groups hold items.
package struct BillNames: Sendable {
  package static let all = BillNames()

  /// What templates are compiled against.
  package let scope: TemplateScope
  let lines: ListCell
  let oneOffs: ListCell
  let root: Root
  let line: Line
  let group: Group
  let item: Item
  let oneOff: OneOff

  private init() {
    var items = TemplateScope()
    item = Item(&items)
    var groups = TemplateScope()
    group = Group(&groups, items: items)
    var lineScope = TemplateScope()
    line = Line(&lineScope, groups: groups)
    var oneOffScope = TemplateScope()
    oneOff = OneOff(&oneOffScope)
    var bill = TemplateScope()
    root = Root(&bill)
    lines = bill.list("lines", of: lineScope)
    oneOffs = bill.list("oneOffs", of: oneOffScope)
    scope = bill
  }

  /// The bill as a whole.
  struct Root: Sendable {
    /// The rendered subject; empty while the subject itself is rendered.
    let subject: TextCell
    /// Masked where the policy says so.
    let customerName: TextCell
    let customerNumber: TextCell
    /// `2026-10-1001-1`: month, customer, version; from the second issue on also that.
    let billNumber: TextCell
    /// `2026년 10월`, and `10월`.
    let month: TextCell
    let shortMonth: TextCell
    let periodStart: TextCell
    let periodEnd: TextCell
    /// By when it is to be paid: in full, and without the year; empty where nothing is.
    let dueDay: TextCell
    let shortDueDay: TextCell
    let total: TextCell
    /// A credit's amount, without its sign.
    let credit: TextCell
    let charges: TextCell
    /// Negative.
    let discounts: TextCell
    let tax: TextCell
    let taxRate: TextCell
    let taxable: TextCell
    /// Negative.
    let rounding: TextCell
    let roundingUnit: TextCell
    let oneOffsTotal: TextCell
    /// More than zero is to be paid; zero; less than zero.
    let isDue: FlagCell
    let isZero: FlagCell
    let isCredit: FlagCell
    /// Not the first version.
    let isCorrection: FlagCell
    let hasDiscounts: FlagCell
    /// What is to be paid contains a tax, or what is given back does: `tax`, without its sign. Not
    /// set where the taxable charges and refunds leave no tax in the total, such as in one of zero.
    let taxIncluded: FlagCell
    let taxGivenBack: FlagCell
    /// A tax other than 0, added to the prices.
    let taxAdded: FlagCell
    let hasRounding: FlagCell
    let hasLines: FlagCell
    let hasOneOffs: FlagCell

    fileprivate init(_ scope: inout TemplateScope) {
      subject = scope.text("subject")
      customerName = scope.text("customerName")
      customerNumber = scope.text("customerNumber")
      billNumber = scope.text("billNumber")
      month = scope.text("month")
      shortMonth = scope.text("shortMonth")
      periodStart = scope.text("periodStart")
      periodEnd = scope.text("periodEnd")
      dueDay = scope.text("dueDay")
      shortDueDay = scope.text("shortDueDay")
      total = scope.text("total")
      credit = scope.text("credit")
      charges = scope.text("charges")
      discounts = scope.text("discounts")
      tax = scope.text("tax")
      taxRate = scope.text("taxRate")
      taxable = scope.text("taxable")
      rounding = scope.text("rounding")
      roundingUnit = scope.text("roundingUnit")
      oneOffsTotal = scope.text("oneOffsTotal")
      isDue = scope.flag("isDue")
      isZero = scope.flag("isZero")
      isCredit = scope.flag("isCredit")
      isCorrection = scope.flag("isCorrection")
      hasDiscounts = scope.flag("hasDiscounts")
      taxIncluded = scope.flag("taxIncluded")
      taxGivenBack = scope.flag("taxGivenBack")
      taxAdded = scope.flag("taxAdded")
      hasRounding = scope.flag("hasRounding")
      hasLines = scope.flag("hasLines")
      hasOneOffs = scope.flag("hasOneOffs")
    }
  }

  /// One line (회선).
  struct Line: Sendable {
    let number: TextCell
    /// What the line comes to, discounts taken off.
    let lineTotal: TextCell
    let groups: ListCell

    fileprivate init(_ scope: inout TemplateScope, groups: TemplateScope) {
      number = scope.text("lineNumber")
      lineTotal = scope.text("lineTotal")
      self.groups = scope.list("groups", of: groups)
    }
  }

  /// What a line has of one category.
  struct Group: Sendable {
    let isPlan: FlagCell
    let isAddOn: FlagCell
    let isUsage: FlagCell
    let isDiscount: FlagCell
    /// More than one item: a subtotal says something.
    let hasSubtotal: FlagCell
    let subtotal: TextCell
    let items: ListCell

    fileprivate init(_ scope: inout TemplateScope, items: TemplateScope) {
      isPlan = scope.flag("isPlan")
      isAddOn = scope.flag("isAddOn")
      isUsage = scope.flag("isUsage")
      isDiscount = scope.flag("isDiscount")
      hasSubtotal = scope.flag("hasSubtotal")
      subtotal = scope.text("subtotal")
      self.items = scope.list("items", of: items)
    }
  }

  /// One charge or discount of a line.
  struct Item: Sendable {
    let name: TextCell
    let amount: TextCell
    /// For a part of the days only: `days` of `ofDays`, which lie in `spans`. What `ofDays` are is
    /// the rule's: the month's days, and the line's active days for a discount by a rate.
    let isProrated: FlagCell
    /// `10.01 – 10.10, 10.21 – 10.31`.
    let spans: TextCell
    let days: TextCell
    let ofDays: TextCell
    /// Used, included, the price of a unit beyond that, and whether the cap was reached.
    let isMetered: FlagCell
    let used: TextCell
    let allowance: TextCell
    let price: TextCell
    let unit: TextCell
    let isCapped: FlagCell
    let cap: TextCell
    /// The line had several plans in the month: which one this is a charge of.
    let isOfPlan: FlagCell
    let planName: TextCell
    /// The plan has `days` of the line's `activeDays`, and so a share of what was used.
    let isShareOfUse: FlagCell
    let activeDays: TextCell
    /// The plan has `days` of the `monthDays`, and so a share of what it includes.
    let isShareOfMonth: FlagCell
    let monthDays: TextCell
    /// A discount by a rate of what earlier ones left; by an amount a month; by a bundle, with its
    /// number of lines.
    let isRate: FlagCell
    let rate: TextCell
    let basis: TextCell
    let isAmount: FlagCell
    let value: TextCell
    let isBundle: FlagCell
    let bundleLines: TextCell

    fileprivate init(_ scope: inout TemplateScope) {
      name = scope.text("name")
      amount = scope.text("amount")
      isProrated = scope.flag("isProrated")
      spans = scope.text("spans")
      days = scope.text("days")
      ofDays = scope.text("ofDays")
      isMetered = scope.flag("isMetered")
      used = scope.text("used")
      allowance = scope.text("allowance")
      price = scope.text("price")
      unit = scope.text("unit")
      isCapped = scope.flag("isCapped")
      cap = scope.text("cap")
      isOfPlan = scope.flag("isOfPlan")
      planName = scope.text("planName")
      isShareOfUse = scope.flag("isShareOfUse")
      activeDays = scope.text("activeDays")
      isShareOfMonth = scope.flag("isShareOfMonth")
      monthDays = scope.text("monthDays")
      isRate = scope.flag("isRate")
      rate = scope.text("rate")
      basis = scope.text("basis")
      isAmount = scope.flag("isAmount")
      value = scope.text("value")
      isBundle = scope.flag("isBundle")
      bundleLines = scope.text("bundleLines")
    }
  }

  /// A one-off charge or a refund.
  struct OneOff: Sendable {
    let name: TextCell
    let amount: TextCell
    let day: TextCell
    let isRefund: FlagCell
    /// Dated before the month.
    let isLate: FlagCell

    fileprivate init(_ scope: inout TemplateScope) {
      name = scope.text("name")
      amount = scope.text("amount")
      day = scope.text("day")
      isRefund = scope.flag("isRefund")
      isLate = scope.flag("isLate")
    }
  }
}
