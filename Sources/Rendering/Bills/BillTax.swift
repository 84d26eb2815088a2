import Billing

/// What a bill says of its tax.
struct BillTax: Hashable {
  enum Kind: Hashable {
    /// Nothing: there is none, or none of it is in the total.
    case none
    /// What is to be paid contains it.
    case contained
    /// What is given back contains it.
    case givenBack
    /// It was added to the prices, with a line of its own, which may be negative.
    case added
  }

  let kind: Kind
  /// As it is shown: minor units, without the sign where it is given back.
  let shown: Int64

  /// A contained tax is only spoken of where it can be in the total: not in a total of zero, not in
  /// one of the other sign (untaxed charges with a taxed refund), and not in a smaller one (taxed
  /// charges that an untaxed refund cancels).
  init(of statement: Statement) {
    let (tax, total) = (statement.totals.tax, statement.totals.total)
    switch statement.tax.mode {
    case .exclusive:
      kind = tax == 0 ? .none : .added
      shown = tax
    case .inclusive:
      let isInTotal =
        tax.signum() != 0 && tax.signum() == total.signum() && tax.magnitude <= total.magnitude
      kind = isInTotal ? (tax > 0 ? .contained : .givenBack) : .none
      shown = kind == .givenBack ? 0 &- tax : tax
    }
  }
}
