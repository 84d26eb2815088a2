import Billing
import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

/// Small inputs that once went wrong (`Fixtures/found`), as a user types them.
@Suite("Text from files and flags, by the inputs that once went wrong")
struct FoundInputTests {
  private let found = Fixture.folder("CommandTests/Fixtures/found")

  /// A folder with a copy of an input in it, on either ledger; what is kept for as long as it is used.
  private func platform(
    on kind: LedgerKind, with input: String
  ) async throws -> (PlatformFolder, OwnDatabase?) {
    let database: OwnDatabase? =
      kind == .sqlite ? nil : OwnDatabase(try await TestDatabase.emptyURL())
    let platform =
      if let database {
        try await PlatformFolder(ledger: database.url)
      } else {
        try await PlatformFolder()
      }
    try FileManager.default.copyItem(
      atPath: found + "/" + input, toPath: platform.folder.file("set"))
    return (platform, database)
  }

  @Test("two forms of a bundle's id are one bundle", arguments: LedgerKind.allCases)
  func textKeys(on kind: LedgerKind) async throws {
    let (platform, database) = try await platform(on: kind, with: "text-keys")
    defer { withExtendedLifetime(database) {} }
    try await billing("import", "set", in: platform.folder, expecting: 0)
    try await platform.settle()
    let lines = try await platform.export()
    #expect(lines.dropFirst().map { $0.split(separator: ",").last } == ["28800", "23800"])
    // A correction after which nothing is different makes no new version.
    try platform.folder.write("1\n2\n", to: "ids")
    let corrected = try await platform.settle(
      "--correct", "--customers", "ids", "--reason", "look again", "--json")
    #expect(try number("0.runs.0.statements", in: corrected.output) == 0)
    #expect(try await platform.export() == lines)
    // Nor does the same set in the other form: it is the same rows.
    try platform.folder.write(
      "bundle_id,line_id,active_from,active_to\n가족,21,2026-01-01,\n"
        + "\u{1100}\u{1161}\u{110C}\u{1169}\u{11A8},11,2026-01-01,\n", to: "set/bundles.csv")
    let again = try await billing("import", "set", "--json", in: platform.folder, expecting: 0)
    #expect(try text("outcome", in: again.output) == "unchanged")
  }

  @Test("two forms of a charge's id are one key, given twice", arguments: LedgerKind.allCases)
  func textKeysTwice(on kind: LedgerKind) async throws {
    let (platform, database) = try await platform(on: kind, with: "text-keys-twice")
    defer { withExtendedLifetime(database) {} }
    let refused = try await billing("import", "set", in: platform.folder, expecting: 65)
    #expect(refused.errors.contains("charges.csv:3:charge_id: the set gives this key twice"))
    try await platform.settle(expecting: 76)
    // The first of the two is stored, once, where bad rows are skipped; then the other form of it
    // changes what is there.
    try await billing("import", "set", "--skip-bad-rows", in: platform.folder, expecting: 0)
    try platform.folder.write(
      "charge_id,customer_id,charged_on,category,description,amount,taxable\n"
        + "\u{1112}\u{116A}\u{11AB}\u{1107}\u{116E}\u{11AF}-1,2,2026-10-05,refund,Refund,-6000,true\n",
      to: "set/charges.csv")
    let changed = try await billing("import", "set", "--json", in: platform.folder, expecting: 0)
    #expect(try number("files.3.changed", in: changed.output) == 1)
    try await platform.settle()
    #expect(try await platform.export().last?.split(separator: ",").last == "25000")
  }

  @Test("names that are not what they look like are refused, each character by its name")
  func names() async throws {
    let (platform, _) = try await platform(on: .sqlite, with: "names")
    let refused = try await billing("import", "set", in: platform.folder, expecting: 65)
    for line in [
      "customers.csv:2:name: it contains a character that turns the direction of text: "
        + "U+202E (right-to-left override)",
      "customers.csv:3:name: it holds nothing but white space: U+00A0 (no-break space)",
      "customers.csv:4:name: it contains an invisible character: U+200B (zero width space)",
    ] {
      #expect(refused.errors.contains(line + "\n"), "\(refused.errors)")
    }
    #expect(!refused.errors.unicodeScalars.contains("\u{202E}"))
    let korean = try await billing(
      "import", "set", in: platform.folder, environment: ["LANG": "ko_KR.UTF-8"], expecting: 65)
    for named in ["U+202E (오른쪽에서 왼쪽 방향 강제)", "U+00A0 (줄바꿈 없는 공백)", "U+200B (폭 없는 공백)"] {
      #expect(korean.errors.contains(named), "\(korean.errors)")
    }
  }

  @Test("CP949 is named, and rejects.csv has the row's bytes as they were")
  func cp949() async throws {
    let (platform, _) = try await platform(on: .sqlite, with: "cp949")
    for (language, said) in [
      ("C.UTF-8", "looks like CP949"), ("ko_KR.UTF-8", "CP949 (EUC-KR) 파일로"),
    ] {
      let refused = try await billing(
        "import", "set", in: platform.folder, environment: ["LANG": language], expecting: 65)
      #expect(refused.errors.contains("customers.csv:2:3: "))
      #expect(refused.errors.contains(said), "\(refused.errors)")
    }
    let skipped = try await billing(
      "import", "set", "--skip-bad-rows", in: platform.folder, expecting: 0)
    #expect(skipped.errors.contains("set/rejects.csv, byte for byte"))
    #expect(skipped.errors.contains("Not all of it is UTF-8"))
    let name: [UInt8] = [0xC8, 0xAB, 0xB1, 0xE6, 0xB5, 0xBF]
    let rejects = try Data(
      contentsOf: URL(fileURLWithPath: platform.folder.file("set/rejects.csv")))
    let row = Data(#""1,"#.utf8) + Data(name) + Data(",c1@example.com,010-0000-0001,".utf8)
    #expect(rejects.range(of: row) != nil)
    // Saved as UTF-8, as the message says, it is taken.
    let file = platform.folder.file("set/customers.csv")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes.replaceSubrange(try #require(bytes.range(of: Data(name))), with: Data("홍길동".utf8))
    try bytes.write(to: URL(fileURLWithPath: file))
    try await billing("import", "set", in: platform.folder, expecting: 0)
  }

  @Test("blank rows are counted, and advice is given only where it helps")
  func words() async throws {
    let platform = try await PlatformFolder()
    let blank = try await platform.importSet(
      files: SmallSet.files([
        "subscriptions.csv": SmallSet.lineHeader + "\n,,,,\n" + SmallSet.line(11, of: 1)
      ]), expecting: 0)
    #expect(blank.errors.contains("subscriptions.csv: 2 blank rows were skipped.\n"))
    let few = try await platform.importSet(
      files: SmallSet.files(["subscriptions.csv": SmallSet.lineHeader + "11\n"]), expecting: 65)
    #expect(few.errors.contains("1 field instead of 5\n"))
    #expect(!few.errors.contains("quotes"))
    #expect(few.errors.contains("--skip-bad-rows"))
    // No row can be skipped of a file of which none is known.
    let header = SmallSet.lineHeader.replacing(",", with: ";")
    let separated = try await platform.importSet(
      files: SmallSet.files(["subscriptions.csv": header]), expecting: 65)
    #expect(separated.errors.contains("separated by semicolons (;)"))
    #expect(!separated.errors.contains("--skip-bad-rows"))
    let catalog = SmallSet.catalog().replacing("unit: 10", with: "unit: 0")
    try platform.folder.write(catalog, to: "set/catalog.yaml")
    let refused = try await billing(
      "import", "set", in: platform.folder, environment: ["LANG": "ko_KR.UTF-8"], expecting: 65)
    #expect(
      refused.errors.contains("요금제 정책표가 아닙니다: rounding.unit: 1 이상이어야 합니다"),
      "\(refused.errors)")
  }

  @Test(
    "--reason is checked as --why is", arguments: ["kim@example.com asked", "call 010-1234-5678"])
  func reason(text: String) async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try platform.folder.write("1\n", to: "ids")
    let contact = try await platform.settle(
      "--correct", "--customers", "ids", "--reason", text, expecting: 2)
    #expect(contact.errors.contains("--reason") && !contact.errors.contains(text))
    for unseen in ["wrong\u{202E}tariff", "wrong\ntariff", "wrong\u{200B}tariff"] {
      let refused = try await platform.settle(
        "--correct", "--customers", "ids", "--reason", unseen, expecting: 2)
      #expect(refused.errors.contains("--reason") && refused.errors.contains("U+"))
    }
    for length in [" ", String(repeating: "x", count: 501)] {
      try await platform.settle(
        "--correct", "--customers", "ids", "--reason", length, expecting: 2)
    }
    let why = try await billing(
      "deliveries", "retry", "--month", "2026-10", "--yes", "--why", "out\u{202E}age",
      in: platform.folder, expecting: 2)
    #expect(why.errors.contains("--why") && why.errors.contains("U+202E"))
  }
}
