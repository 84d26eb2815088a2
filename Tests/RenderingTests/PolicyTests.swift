import Billing
import BillingTestKit
import Foundation
import LedgerTestKit
import Rendering
import Testing

@Suite("Policies and templates")
struct PolicyTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  private func administration(
    on kind: LedgerKind
  ) async throws -> (PolicyAdministration, TestLedger) {
    let ledger = try await kind.open(clock: TestClock())
    return (PolicyAdministration(ledger: ledger.ports), ledger)
  }

  private static let yaml = """
    version: 2
    templateVersion: 2
    channels: [sms, email]
    attemptsPerChannel: 5
    backoffSeconds: 30
    maxBackoffSeconds: 600
    uncertain: atLeastOnce
    masksNames: false
    dueDay: 15
    """

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
  }

  private func writeTemplates(_ change: (BillTemplate) -> String = { $0.body }) throws {
    for template in BillTemplate.first {
      try write("\(template.name).subject.mustache", template.subject + "\n")
      try write("\(template.name).body.mustache", change(template))
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `the first policy is installed once, and makes bills`(on kind: LedgerKind) async throws {
    let (administration, ledger) = try await administration(on: kind)
    #expect(try await administration.installFirstPolicy() == .activated)
    #expect(try await administration.installFirstPolicy() == .unchanged)
    let policy = try #require(try await ledger.ports.activePolicy())
    #expect(policy == .first)
    _ = try CompiledTemplates(try await ledger.ports.templates(policy.templateVersion), for: policy)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a folder becomes the active policy`(on kind: LedgerKind) async throws {
    let (administration, ledger) = try await administration(on: kind)
    _ = try await administration.installFirstPolicy()
    try write("policy.yaml", Self.yaml)
    try writeTemplates { $0.channel == .sms ? "{{total}}\n" : $0.body }
    #expect(try await administration.apply(folder: folder.path, activating: false) == .stored)
    #expect(try await ledger.ports.activePolicy()?.version == 1)
    #expect(try await administration.apply(folder: folder.path, activating: true) == .activated)
    let policy = try #require(try await ledger.ports.activePolicy())
    #expect(policy.version == 2 && policy.billChannels == [.sms, .email] && !policy.masksNames)
    #expect(policy.uncertain == .atLeastOnce && policy.dueDay == 15 && policy.daysToPay == 7)
    let templates = try await ledger.ports.templates(2)
    #expect(templates.count == 4)
    #expect(templates.filter { $0.channel == .sms }.map(\.body) == ["{{total}}", "{{total}}"])
    #expect(try await administration.apply(folder: folder.path, activating: true) == .unchanged)
    // Another policy may use the same templates.
    try write(
      "policy.yaml", Self.yaml.replacingOccurrences(of: "version: 2\nt", with: "version: 3\nt"))
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasSuffix(".mustache") {
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    #expect(try await administration.apply(folder: folder.path, activating: true) == .activated)
    #expect(try await ledger.ports.activePolicy()?.version == 3)
  }

  @Test(arguments: LedgerKind.allCases)
  func `templates that do not compile are not stored`(on kind: LedgerKind) async throws {
    let (administration, ledger) = try await administration(on: kind)
    try write("policy.yaml", Self.yaml)
    try writeTemplates { $0.name == "email.ko-KR" ? "{{nobody}}" : $0.body }
    await #expect(throws: TemplateError.self) {
      try await administration.apply(folder: folder.path, activating: true)
    }
    #expect(try await ledger.ports.templates(2).isEmpty)
    #expect(try await ledger.ports.policy(2) == nil)
  }

  @Test func `a policy's text says how many days there are to pay`() throws {
    let yaml = Self.yaml.replacing("dueDay: 15", with: "dueDay: 15\ndaysToPay: 21")
    #expect(try DeliveryPolicy(yaml: yaml).daysToPay == 21)
  }

  @Test(arguments: [
    ("dueDay: 15", "dueDay: 32", "dueDay", "expected a whole number from 1 to 31"),
    (
      "dueDay: 15", "dueDay: 15\ndaysToPay: 61", "daysToPay", "expected a whole number from 0 to 60"
    ),
    (
      "dueDay: 15", "dueDay: 15\ndaysToPay: -1", "daysToPay", "expected a whole number from 0 to 60"
    ),
    ("dueDay: 15", "dueDay: soon", "dueDay", "expected a whole number from 1 to 31"),
    ("dueDay: 15", "dueDate: 15", "dueDay", "missing"),
    ("dueDay: 15", "dueDay: 15\ncolour: red", "colour", "unknown key"),
    ("dueDay: 15", "dueDay: 15\ndueDay: 16", "", ""),
    ("[sms, email]", "[sms, fax]", "channels", "expected a list of different channels: email, sms"),
    ("[sms, email]", "[sms, sms]", "channels", "expected a list of different channels: email, sms"),
    ("[sms, email]", "[]", "channels", "expected a list of different channels: email, sms"),
    ("atLeastOnce", "always", "uncertain", "none of the words allowed here"),
    ("maxBackoffSeconds: 600", "maxBackoffSeconds: 6", "maxBackoffSeconds", ""),
    ("version: 2", "- version: 2", "", ""),
  ])
  func `a policy's text is read strictly`(
    text: String, replaced: String, key: String, detail: String
  ) throws {
    let start = try #require(Self.yaml.range(of: text))
    let yaml = Self.yaml.replacingCharacters(in: start, with: replaced)
    do {
      _ = try DeliveryPolicy(yaml: yaml)
      Issue.record("it was read")
    } catch {
      #expect(error.key == key)
      if !detail.isEmpty { #expect(error.detail == detail) }
      if detail == "unknown key" { #expect(error.line == 10) }
    }
  }
}
