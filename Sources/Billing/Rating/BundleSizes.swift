/// How many lines each bundle has in a month, over all its customers.
///
/// A line counts when it takes part in the month and its membership covers its own last active
/// day. Whether its customer can be rated does not matter, and a line counts once in a bundle
/// however many memberships it has there.
package struct BundleSizes: Hashable, Sendable {
  private var sizes: [String: Int] = [:]

  /// Without any bundle.
  package init() {}

  /// - Parameter members: every member of every bundle that one of the customers to be rated is
  ///   in, in any order.
  package init(members: some Sequence<BundleMember>, month: BillingMonth) {
    let period = month.period
    var counted: Set<CountedLine> = []
    for member in members {
      let bundle = member.membership.bundle
      guard let day = member.segments.lastActiveDay(in: period), member.membership.covers(day),
        counted.insert(CountedLine(bundle: bundle, line: member.line)).inserted
      else { continue }
      sizes[bundle, default: 0] += 1
    }
  }

  /// The number of lines; `nil` for a bundle that no line counts in.
  package subscript(bundle: String) -> Int? { sizes[bundle] }

  private struct CountedLine: Hashable {
    var bundle: String
    var line: LineID
  }
}
