package import Billing

/// Shows a bill without storing anything, made the same way as Job 2 makes it.
package struct BillPreview: Sendable {
  private let ledger: any RenderingLedger
  private let statements: any SettledStatements

  package init(ledger: any RenderingLedger, statements: any SettledStatements) {
    self.ledger = ledger
    self.statements = statements
  }

  /// The bill of a customer's latest statement by the active policy.
  ///
  /// - Parameters:
  ///   - now: the ledger's time: a bill that is not made yet is shown as it would be made then.
  ///   - channel: the policy's first one when `nil`.
  ///   - body: a template's body to use instead of the policy's, in the statement's locale.
  /// - Throws: `RenderingError`, `TemplateError`, `CompiledTemplates.Problem`, and what the stores
  ///   throw.
  package func bill(
    of customer: CustomerID, month: BillingMonth, at now: Timestamp, channel: Channel? = nil,
    body: String? = nil
  ) async throws -> PreviewedBill {
    guard let policy = try await ledger.activePolicy() else { throw RenderingError.noPolicy }
    guard let channel = channel ?? policy.billChannels.first,
      policy.billChannels.contains(channel)
    else { throw RenderingError.noChannel(channel ?? .email, policy: policy.version) }
    guard let listed = try await ledger.latestStatement(of: customer, month: month) else {
      throw RenderingError.noStatement(month, customer: customer)
    }
    let statement = try await statement(of: listed)
    var templates = try await ledger.templates(policy.templateVersion)
    if let body {
      for position in templates.indices
      where templates[position].channel == channel
        && templates[position].locale == statement.locale
      {
        templates[position].body = body
      }
    }
    let maker = BillMaker(policy: policy, templates: try CompiledTemplates(templates, for: policy))
    let (issue, dueDate) = try await issue(of: listed, statement, by: policy, channel, at: now)
    guard
      let bill = maker.bill(of: statement, issue: issue, dueDate: dueDate, channel: channel)
    else {
      throw RenderingError.noChannel(channel, policy: policy.version)
    }
    return PreviewedBill(bill)
  }

  /// As it was made; before that, as it would be made now.
  private func issue(
    of listed: BillableStatement, _ statement: Statement, by policy: DeliveryPolicy,
    _ channel: Channel, at now: Timestamp
  ) async throws -> (number: Int, dueDate: CalendarDay?) {
    if let made = try await ledger.latestBill(of: listed.key, by: policy, channel: channel) {
      return (made.key.issue, made.dueDate)
    }
    var dates = BillDates(policy: policy, madeAt: now)
    return (1, try dates.dueDate(of: listed, total: statement.totals.total))
  }

  private func statement(of listed: BillableStatement) async throws -> Statement {
    guard let stored = try await statements.statements([listed.key]).first,
      ContentHash(of: stored.bytes) == listed.hash
    else { throw RenderingError.unusableStatement(listed.key) }
    return try StatementCodec.decode(stored.bytes)
  }
}

/// A bill for a person to look at.
package struct PreviewedBill: Hashable, Sendable {
  package var bill: Bill
  /// HTML, or the text of an SMS as its reader sees it, in UTF-8.
  package var text: String
  /// An LMS's subject; empty for an SMS, and for e-mail, whose subject is the page's title.
  package var subject: String

  package init(_ bill: Bill) {
    self.bill = bill
    switch bill.key.channel.format {
    case .html:
      // Made by this process a moment ago: it is what the compressor wrote.
      text = String(decoding: Gzip.decompress(bill.content) ?? [], as: UTF8.self)
      subject = ""
    case .carrierText:
      let message = CarrierText(stored: bill.content)
      text = message.flatMap { CarrierEncoding.decode($0.body) } ?? ""
      subject = message.flatMap { CarrierEncoding.decode($0.subject) } ?? ""
    }
  }
}
