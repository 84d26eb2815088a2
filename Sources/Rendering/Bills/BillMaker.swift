package import Billing

/// Makes bills out of statements: the one way in which a bill comes to be, for Job 2, for a preview,
/// and when a bill that was lost is made again. The same statement, issue, due date, policy
/// and templates give the same bytes, always.
///
/// Not `Sendable`: it holds working memory and belongs to one task at a time.
package final class BillMaker {
  private let policy: DeliveryPolicy
  private let templates: CompiledTemplates
  private let compressor = GzipCompressor()
  private var values: BillValues
  private var subject: [UInt8] = []
  private var text: [UInt8] = []

  package init(policy: DeliveryPolicy, templates: CompiledTemplates) {
    self.policy = policy
    self.templates = templates
    values = BillValues(policy: policy)
  }

  /// The bills of a statement, one for each channel of the policy, in its order.
  ///
  /// - Parameter dueDate: see `DueDate`; `nil` where nothing is to be paid.
  package func bills(of statement: Statement, issue: Int = 1, dueDate: CalendarDay?) -> [Bill] {
    values.lay(out: statement, issue: issue, dueDate: dueDate)
    return policy.billChannels.map { bill(of: statement, issue, for: $0) }
  }

  /// The bill for one channel; `nil` when the policy has no such channel.
  package func bill(
    of statement: Statement, issue: Int = 1, dueDate: CalendarDay?, channel: Channel
  ) -> Bill? {
    guard policy.billChannels.contains(channel) else { return nil }
    values.lay(out: statement, issue: issue, dueDate: dueDate)
    return bill(of: statement, issue, for: channel)
  }

  private func bill(of statement: Statement, _ issue: Int, for channel: Channel) -> Bill {
    guard let programs = templates.programs(for: channel, in: statement.locale) else {
      // Compiled for every channel of the policy and every locale.
      preconditionFailure("the policy's \(channel.rawValue) templates are not compiled")
    }
    subject.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
    // A subject does not see another channel's.
    values.setSubject([])
    programs.subject.render(values.values, into: &subject)
    values.setSubject(subject)
    programs.body.render(values.values, into: &text)
    let key = BillKey(
      statement: StatementKey(
        month: statement.month, customer: statement.customer, version: statement.version),
      issue: issue, policy: policy.version, template: policy.templateVersion, channel: channel)
    switch channel.format {
    case .html:
      return Bill(key: key, content: compressor.compress(text))
    case .carrierText:
      let message = CarrierText(subject: subject, text: text, encoding: templates.encoding)
      return Bill(key: key, content: message.storedBytes)
    }
  }
}
