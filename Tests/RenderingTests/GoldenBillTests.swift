import Billing
import Foundation
import Rendering
import Testing

/// Bills as they were once looked at and found good. After a wanted change of a template, run with
/// `BILLING_RECORD_GOLDENS=1`, look at what changed in a browser, and commit it.
@Suite("Golden bills")
struct GoldenBillTests {
  private static let recording =
    ProcessInfo.processInfo.environment["BILLING_RECORD_GOLDENS"] == "1"

  private static var folder: URL {
    recording
      ? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/bills")
      : Bundle.module.bundleURL.appendingPathComponent("Fixtures/bills")
  }

  private func expectSame(_ bytes: [UInt8], as name: String) throws {
    let file = Self.folder.appendingPathComponent(name)
    if Self.recording {
      try FileManager.default.createDirectory(
        at: Self.folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    let golden = try Data(contentsOf: file)
    #expect(Data(bytes) == golden, "\(name) is not what it was")
  }

  @Test(arguments: SampleStatements.all.map(\.name))
  func `a bill is byte for byte what it was`(name: String) throws {
    let statement = try #require(SampleStatements.all.first { $0.name == name }).statement
    let templates = try CompiledTemplates(BillTemplate.first, for: .first)
    let maker = BillMaker(policy: .first, templates: templates)
    let email = try #require(maker.bill(of: statement, channel: .email))
    try expectSame(try #require(Gzip.decompress(email.content)), as: "\(name).html")
    let sms = try #require(maker.bill(of: statement, channel: .sms))
    let text = try #require(CarrierText(stored: sms.content))
    try expectSame(text.storedBytes, as: "\(name).cp949.txt")
  }
}
