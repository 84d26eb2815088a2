package import Billing

/// Bills by the policy and template versions that their keys name: for whoever has to make a bill
/// again, byte for byte, after it was lost or altered.
///
/// Versions are compiled once; any number of tasks may ask.
package actor PinnedBills {
  private let ledger: any PolicyLedger
  private let statements: any SettledStatements
  private var makers: [Int: BillMaker] = [:]

  package init(ledger: any PolicyLedger, statements: any SettledStatements) {
    self.ledger = ledger
    self.statements = statements
  }

  /// The bill of a key, made from its statement; `nil` when there is no such statement, or the
  /// policy version has no such channel or templates.
  ///
  /// - Throws: what the stores throw, and `RenderingError.unknownPolicy`.
  package func bill(_ key: BillKey) async throws -> Bill? {
    guard let stored = try await statements.statements([key.statement]).first,
      ContentHash(of: stored.bytes) == stored.hash
    else { return nil }
    let statement = try StatementCodec.decode(stored.bytes)
    guard let bill = try await maker(key.policy).bill(of: statement, channel: key.channel),
      bill.key == key
    else { return nil }
    return bill
  }

  private func maker(_ version: Int) async throws -> BillMaker {
    if let maker = makers[version] { return maker }
    let (policy, templates) = try await Self.plan(policyVersion: version, from: ledger)
    let maker = BillMaker(policy: policy, templates: templates)
    makers[version] = maker
    return maker
  }

  /// A policy of a version with its templates.
  static func plan(
    policyVersion: Int, from ledger: any PolicyLedger
  ) async throws -> (policy: DeliveryPolicy, templates: CompiledTemplates) {
    guard let policy = try await ledger.policy(policyVersion) else {
      throw RenderingError.unknownPolicy(policyVersion)
    }
    return (policy, try await compiled(for: policy, from: ledger))
  }

  static func compiled(
    for policy: DeliveryPolicy, from ledger: any PolicyLedger
  ) async throws -> CompiledTemplates {
    try CompiledTemplates(await ledger.templates(policy.templateVersion), for: policy)
  }
}
