package import Billing

/// Bills by the policy and template versions that their keys name: for whoever has to make a bill
/// again, byte for byte, after it was lost or altered.
///
/// Versions are compiled once; any number of tasks may ask.
package actor PinnedBills {
  private let ledger: any RenderingLedger
  private let statements: any SettledStatements
  private var makers: [Int: BillMaker] = [:]

  package init(ledger: any RenderingLedger, statements: any SettledStatements) {
    self.ledger = ledger
    self.statements = statements
  }

  /// The bill of a key, made from its statement with the due date that was recorded with it; `nil`
  /// when it was never made, there is no such statement, or the policy version has no such channel
  /// or templates.
  ///
  /// - Throws: what the stores throw, and `RenderingError.unknownPolicy`.
  package func bill(_ key: BillKey) async throws -> Bill? {
    guard let row = try await ledger.bill(key) else { return nil }
    return try await bill(key, dueDate: row.dueDate)
  }

  /// The same where the due date is known.
  func bill(_ key: BillKey, dueDate: CalendarDay?) async throws -> Bill? {
    guard let statement = try statement(try await statements.statements([key.statement]).first),
      let bill = try await maker(key.policy).bill(
        of: statement, issue: key.issue, dueDate: dueDate, channel: key.channel),
      bill.key == key
    else { return nil }
    return bill
  }

  /// The bills of each issue, one for each channel of its policy; none where they cannot be made,
  /// whatever the reason is in what was recorded.
  ///
  /// - Throws: what the stores throw.
  func bills(of issues: [AwaitedIssue]) async throws -> [[Bill]] {
    let keys = Set(issues.map(\.statement)).sorted()
    var stored: [StatementKey: StoredStatement] = [:]
    for statement in try await statements.statements(keys) { stored[statement.key] = statement }
    var made: [[Bill]] = []
    for issue in issues {
      guard let maker = try await usableMaker(issue.policy),
        let statement = try? statement(stored[issue.statement])
      else {
        made.append([])
        continue
      }
      let bills = maker.bills(of: statement, issue: issue.number, dueDate: issue.dueDate)
      made.append(bills.allSatisfy { $0.key.template == issue.template } ? bills : [])
    }
    return made
  }

  /// `nil` where the policy or its templates are missing or do not compile.
  private func usableMaker(_ policy: Int) async throws -> BillMaker? {
    do {
      return try await maker(policy)
    } catch is RenderingError {
      return nil
    } catch is TemplateError {
      return nil
    } catch is CompiledTemplates.Problem {
      return nil
    }
  }

  private func statement(_ stored: StoredStatement?) throws -> Statement? {
    guard let stored, ContentHash(of: stored.bytes) == stored.hash else { return nil }
    return try StatementCodec.decode(stored.bytes)
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
