package import Billing

/// Why bills cannot be made.
package enum RenderingError: Error, Hashable, Sendable {
  /// The month's settlement, or a supplement or correction of it, is not completed (exit code 76).
  case notSettled(BillingMonth)
  case settlementOpen(BillingMonth, run: String)
  /// `billing init` has not installed a policy.
  case noPolicy
  /// A customer without a statement in the month.
  case noStatement(BillingMonth, customer: CustomerID)
  /// The policy does not make bills for that channel.
  case noChannel(Channel, policy: Int)
  /// A policy version that something refers to is not in the ledger.
  case unknownPolicy(Int)
  /// A statement that the manifest lists is missing from the store, or was altered.
  case unusableStatement(StatementKey)
  /// The bill store holds something else where a bill is to be; it was left alone.
  case billConflict(path: String)
}

extension RenderingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notSettled(let month): "\(month) is not settled"
    case .settlementOpen(let month, let run): "\(run) of \(month) is not completed"
    case .noPolicy: "no delivery policy is active"
    case .noStatement(let month, let customer): "customer \(customer) has no statement of \(month)"
    case .noChannel(let channel, let policy):
      "policy \(policy) makes no bills for \(channel.rawValue)"
    case .unknownPolicy(let version): "policy \(version) is not in the ledger"
    case .unusableStatement(let key):
      "statement \(key) is missing from the statement store or was altered"
    case .billConflict(let path):
      "the bill store holds something else at \(path); it was left as it is"
    }
  }
}
