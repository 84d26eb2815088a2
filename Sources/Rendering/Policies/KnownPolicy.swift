import Billing

/// What a ledger has of a set's policy and of its templates' version, before the set is applied.
package struct KnownPolicy: Hashable, Sendable {
  /// The policy of the set's version, in the words in which it is kept.
  package struct Text: Hashable, Sendable {
    package var text: String
    package var status: VersionStatus

    package init(_ text: String, status: VersionStatus) {
      self.text = text
      self.status = status
    }
  }

  package struct Template: Hashable, Sendable {
    package var template: BillTemplate
    package var status: VersionStatus

    package init(_ template: BillTemplate, status: VersionStatus) {
      self.template = template
      self.status = status
    }
  }

  /// `nil` where there is none of this version.
  package var policy: Text?
  /// All of the set's template version.
  package var templates: [Template]

  package init(policy: Text?, templates: [Template]) {
    self.policy = policy
    self.templates = templates
  }

  /// What comes of applying a set: the ledger writes what this says, and nothing where it says
  /// `unchanged` or `refused`.
  ///
  /// - Parameter text: the set's policy as it would be kept.
  package func outcome(of set: PolicySet, text: String, activating: Bool) -> PolicyOutcome {
    if let refusal = refusal(of: set, text: text, activating: activating) {
      return .refused(refusal)
    }
    if has(set, text: text), !activating || policy?.status == .active { return .unchanged }
    return activating ? .activated : .stored
  }

  private func has(_ set: PolicySet, text: String) -> Bool {
    (policy?.text.hasBytes(of: text) ?? false)
      && set.templates.allSatisfy { wanted in
        templates.contains { $0.template.says(sameAs: wanted) }
      }
  }

  private func refusal(of set: PolicySet, text: String, activating: Bool) -> PolicyRefusal? {
    if let policy, policy.status != .draft {
      if !policy.text.hasBytes(of: text) { return .policyIsImmutable(version: set.policy.version) }
      if activating, policy.status == .retired {
        return .policyIsRetired(version: set.policy.version)
      }
    }
    let changed = set.templates.first { wanted in
      templates.contains { known in
        known.status != .draft && known.template.name == wanted.name
          && !known.template.says(sameAs: wanted)
      }
    }
    return changed.map { .templateIsImmutable(name: $0.name, version: $0.version) }
  }
}

extension BillTemplate {
  /// Byte for byte: what is made by the two is the same then, and only then.
  fileprivate func says(sameAs other: BillTemplate) -> Bool {
    name == other.name && version == other.version && subject.hasBytes(of: other.subject)
      && body.hasBytes(of: other.body)
  }
}
