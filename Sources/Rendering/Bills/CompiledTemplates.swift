package import Billing

/// A policy's templates, compiled: one for each of its channels in each locale.
package struct CompiledTemplates: Sendable {
  struct Programs: Sendable {
    var subject: TemplateProgram
    var body: TemplateProgram
  }

  /// Why a set of templates cannot be used, besides a `TemplateError` in one of them.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(channel: Channel, locale: BillLocale, version: Int)
    /// The C library's tables lack the carriers' encoding.
    case noCarrierEncoding

    package var description: String {
      switch self {
      case .missing(let channel, let locale, let version):
        "templates version \(version) have none for \(channel.rawValue) in \(locale.rawValue)"
      case .noCarrierEncoding:
        "this system cannot encode CP949, which SMS need (Debian: package libc6, folder gconv)"
      }
    }
  }

  private let programs: [Place: Programs]
  let encoding: CarrierEncoding

  private struct Place: Hashable {
    var channel: Channel
    var locale: BillLocale
  }

  /// - Parameter templates: those of the policy's version; others are not looked at.
  /// - Throws: `TemplateError` or `Problem`.
  package init(_ templates: [BillTemplate], for policy: DeliveryPolicy) throws {
    guard let encoding = CarrierEncoding.cp949 else { throw Problem.noCarrierEncoding }
    self.encoding = encoding
    var programs: [Place: Programs] = [:]
    for channel in policy.billChannels {
      for locale in BillLocale.allCases {
        guard
          let template = templates.first(where: {
            $0.channel == channel && $0.locale == locale && $0.version == policy.templateVersion
          })
        else {
          throw Problem.missing(
            channel: channel, locale: locale, version: policy.templateVersion)
        }
        let compiled = try Programs(template)
        if channel == .sms {
          try Self.checkFit(compiled, of: template, policy: policy, encoding: encoding)
        }
        programs[Place(channel: channel, locale: locale)] = compiled
      }
    }
    self.programs = programs
  }

  func programs(for channel: Channel, in locale: BillLocale) -> Programs? {
    programs[Place(channel: channel, locale: locale)]
  }

  // MARK: Whether an SMS can fit

  /// Makes the shortest bills there are, one to pay, one of zero and a credit, of a customer
  /// without a name: what they do not fit into, no message fits into.
  private static func checkFit(
    _ programs: Programs, of template: BillTemplate, policy: DeliveryPolicy,
    encoding: CarrierEncoding
  ) throws(TemplateError) {
    var values = BillValues(policy: policy)
    for total in [Int64(1), 0, -1] {
      let statement = shortest(total: total, locale: template.locale)
      values.lay(
        out: statement, issue: 1, dueDate: total > 0 ? statement.month.next.firstDay : nil)
      let parts = [
        (programs.subject, CarrierText.subjectLimit, "subject"),
        (programs.body, CarrierText.longLimit, "body"),
      ]
      for (program, limit, part) in parts {
        var text: [UInt8] = []
        program.render(values.values, into: &text)
        var encoded: [UInt8] = []
        encoding.encode(utf8: text, into: &encoded)
        guard encoded.count <= limit else {
          throw TemplateError(
            template: "\(template.name) \(part)", line: 1, column: 1,
            problem: .doesNotFit(bytes: encoded.count, limit: limit))
        }
      }
    }
  }

  private static func shortest(total: Int64, locale: BillLocale) -> Statement {
    Statement(
      month: BillingMonth(year: 2026, month: 5)!,  // a month of the calendar, with a short name
      customer: CustomerID(1), version: 1, customerName: "", locale: locale,
      currency: Currency(code: "KRW")!,  // known to Currency
      catalogVersion: "", lines: [],
      tax: StatementTax(mode: .inclusive, rate: .zero, taxable: 0),
      totals: StatementTotals(charges: total, discounts: 0, tax: 0, rounding: 0, total: total))
  }
}

extension BillFormat {
  /// What a template of it writes is escaped like this.
  fileprivate var escaping: TemplateProgram.Escaping {
    switch self {
    case .html: .html
    case .carrierText: .none
    }
  }
}

extension CompiledTemplates.Programs {
  fileprivate init(_ template: BillTemplate) throws(TemplateError) {
    let scope = BillNames.all.scope
    subject = try TemplateProgram(
      template.subject, scope: scope, escaping: .none, name: "\(template.name) subject")
    body = try TemplateProgram(
      template.body, scope: scope, escaping: template.channel.format.escaping,
      name: "\(template.name) body")
  }
}
