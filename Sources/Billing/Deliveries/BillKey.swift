/// Where a bill (청구서) lies in the bill store.
///
/// `bills/{month}/p{policy}-t{template}/{fanout}/{customer}.v{version}.i{issue}.{channel}.{ext}`: made
/// from the versions, so that bills of different versions never mix; `fanout` spreads customers over
/// 256 prefixes.
package struct BillKey: Hashable, Sendable {
  package var statement: StatementKey
  package var policy: Int
  package var template: Int
  package var channel: Channel
  /// 1, 2, …: the same bill with another due date (`DueDate`) is the next issue.
  package var issue: Int

  package init(
    statement: StatementKey, issue: Int = 1, policy: Int, template: Int, channel: Channel
  ) {
    self.statement = statement
    self.issue = issue
    self.policy = policy
    self.template = template
    self.channel = channel
  }

  /// The path, without a leading slash.
  package var path: String {
    "bills/\(statement.month)/p\(policy)-t\(template)/\(fanout)/"
      + "\(statement.customer).v\(statement.version).i\(issue).\(channel.rawValue).\(fileExtension)"
  }

  package var fileExtension: String { channel.format.fileExtension }

  /// Two hexadecimal digits of a hash (splitmix64) of the customer.
  package var fanout: String {
    let digits = String(statement.customer.hash8, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
}

extension CustomerID {
  /// An even spread of customers over 256 values, the same on every machine (splitmix64).
  package var hash8: UInt8 { UInt8(truncatingIfNeeded: spread >> 56) }

  /// An even spread of customers over 64 bits, the same on every machine (splitmix64).
  package var spread: UInt64 {
    var mixed = UInt64(bitPattern: number) &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
