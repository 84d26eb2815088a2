import Billing
import Foundation

/// Installs and changes what bills are made and sent by: delivery policies and their templates.
package struct PolicyAdministration: Sendable {
  private let ledger: any PolicyLedger

  package init(ledger: any PolicyLedger) {
    self.ledger = ledger
  }

  /// Makes policy 1 with the built-in templates active in a ledger that has no policy yet; changes
  /// nothing in any other.
  package func installFirstPolicy() async throws -> PolicyOutcome {
    guard try await ledger.activePolicy() == nil else { return .unchanged }
    return try await ledger.apply(.first, activating: true)
  }

  /// Reads a policy and its templates from a folder, checks that they compile, and stores them.
  ///
  /// The folder has `policy.yaml`, and either a `{channel}.{locale}.subject.mustache` and
  /// `{channel}.{locale}.body.mustache` for each channel of the policy and each locale, or no
  /// template at all: then those of its `templateVersion` are in the ledger already.
  ///
  /// - Throws: `PolicyFileError`, `TemplateError`, `CompiledTemplates.Problem`, what reading a file
  ///   throws, and what the ledger throws.
  package func apply(folder: String, activating: Bool) async throws -> PolicyOutcome {
    let set = try Self.read(folder: folder)
    var templates = set.templates
    if templates.isEmpty { templates = try await ledger.templates(set.policy.templateVersion) }
    _ = try CompiledTemplates(templates, for: set.policy)
    return try await ledger.apply(set, activating: activating)
  }

  private static func read(folder: String) throws -> PolicySet {
    let root = URL(fileURLWithPath: folder, isDirectory: true)
    let policy = try DeliveryPolicy(yaml: try text(of: root.appendingPathComponent("policy.yaml")))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    guard names.contains(where: { $0.hasSuffix(".mustache") }) else {
      return PolicySet(policy: policy, templates: [])
    }
    var templates: [BillTemplate] = []
    for channel in policy.billChannels {
      for locale in BillLocale.allCases {
        let stem = "\(channel.rawValue).\(locale.rawValue)"
        let subject = try text(of: root.appendingPathComponent("\(stem).subject.mustache"))
        let body = try text(of: root.appendingPathComponent("\(stem).body.mustache"))
        templates.append(
          BillTemplate(
            channel: channel, locale: locale, version: policy.templateVersion, subject: subject,
            fileBody: body))
      }
    }
    return PolicySet(policy: policy, templates: templates)
  }

  private static func text(of file: URL) throws -> String {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      throw PolicyFileError(
        key: file.lastPathComponent, line: nil, detail: "is missing or no UTF-8 text")
    }
    return text
  }
}
