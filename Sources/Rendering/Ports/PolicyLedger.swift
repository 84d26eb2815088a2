package import Billing

/// Where delivery policies and templates are kept, each under a version that stays what it is once
/// active.
package protocol PolicyLedger: Sendable {
  /// The one that new work is done by; `nil` before the first was installed.
  func activePolicy() async throws -> DeliveryPolicy?

  /// Any version, whatever its status.
  func policy(_ version: Int) async throws -> DeliveryPolicy?

  /// All templates of a version, whatever their status.
  func templates(_ version: Int) async throws -> [BillTemplate]

  /// Stores a policy and templates in one transaction, as drafts or to be active at once.
  func apply(_ set: PolicySet, activating: Bool) async throws -> PolicyOutcome
}

/// A policy with the templates that come with it.
package struct PolicySet: Hashable, Sendable {
  package var policy: DeliveryPolicy
  /// Of the policy's template version; empty where the ledger has them already.
  package var templates: [BillTemplate]

  package init(policy: DeliveryPolicy, templates: [BillTemplate]) {
    self.policy = policy
    self.templates = templates
  }

  /// Policy 1 with templates 1: what `billing init` begins with.
  package static let first = PolicySet(policy: .first, templates: BillTemplate.first)
}

package enum PolicyOutcome: Hashable, Sendable {
  /// All of it was there, in the status that was asked for.
  case unchanged
  /// Kept as a draft, which may still be changed.
  case stored
  /// What new work is done by from now on; the policy before it is retired.
  case activated
  case refused(PolicyRefusal)
}

package enum PolicyRefusal: Hashable, Sendable {
  /// The version exists with another content and is no draft any more.
  case policyIsImmutable(version: Int)
  case templateIsImmutable(name: String, version: Int)
  /// A retired version does not come back; its content does under a new version.
  case policyIsRetired(version: Int)
}

extension PolicyRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .policyIsImmutable(let version):
      "policy \(version) is in use with another content; give the changed one a new version"
    case .templateIsImmutable(let name, let version):
      "template \(name) version \(version) is in use with another content; "
        + "give the changed ones a new version"
    case .policyIsRetired(let version):
      "policy \(version) is retired; apply it again under a new version"
    }
  }
}
