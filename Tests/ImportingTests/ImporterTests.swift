import Billing
import BillingTestKit
import Foundation
import Importing
import Synchronization
import Testing

@Suite("Importing a set")
struct ImporterTests {
  @Test func `the rating fixture is stored whole, and again changes nothing`() async throws {
    let imports = try await TestImports()
    let first = try await imports.run(Fixture.rating)
    #expect(first.outcome == .recorded(number: 1))
    #expect(first.refusedCount == 0)
    #expect(first.warnings == [.unknownFile("expected.csv")])
    #expect(first.files.map(\.file) == InputFile.allCases)
    #expect(first.files.map(\.counts.new) == [1, 300, 592, 720, 507, 293, 1129, 286])
    let rows = try imports.probe.versionCount()
    let bytes = try imports.probe.texts("SELECT hex(email_sealed) FROM customers ORDER BY 1")
    let again = try await imports.run(Fixture.rating)
    #expect(again.outcome == .unchanged)
    #expect(again.files.map(\.counts.unchanged) == first.files.map(\.counts.new))
    #expect(try imports.probe.versionCount() == rows)
    #expect(
      try imports.probe.texts("SELECT hex(email_sealed) FROM customers ORDER BY 1") == bytes)
    #expect(try await imports.probe.lastRecordNumber() == 1)
  }

  @Test(arguments: [(1, 1), (3, 64), (7, 5), (1000, 4096)])
  func `batches and blocks of any size store the same`(batchRows: Int, blockBytes: Int) async throws
  {
    let imports = try await TestImports()
    let report = try await imports.run(
      try imports.set(TestImports.small), batchRows: batchRows, blockBytes: blockBytes)
    #expect(report.outcome == .recorded(number: 1))
    #expect(
      try await imports.probe.rows(.customers, asOf: 1) == [
        "1001|홍길동|25|2051|Asia/Seoul|ko-KR|12|1|2020-04-28|",
        "1002|조뮒|31|0|America/New_York|en-US|2|2|2021-09-07|",
      ])
    #expect(
      try await imports.probe.rows(.segments, asOf: 1) == [
        "1001|1|2020-04-28|5G-SLIM|2026-10-14", "1001|1|2026-10-14|LTE-33|",
        "1002|2|2021-09-07|LTE-33|",
      ])
    #expect(
      try await imports.probe.rows(.usage, asOf: 1)
        == ["2026-10|1001|1|data_mb|12345.678", "2026-10|1002|2|sms|0"])
    #expect(
      try await imports.probe.rows(.charges, asOf: 1)
        == ["1001|CH1|1|2026-10-26|refund|콘텐츠, \"기타\"|-770|0"])
  }

  @Test func `contact data reaches the ledger only sealed`() async throws {
    let imports = try await TestImports()
    try await _ = imports.run(try imports.set(TestImports.small))
    for file in ["ledger.sqlite", "ledger.sqlite-wal"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: imports.folder.file(file)))
      for secret in ["c1001@example.com", "01000001001", "01000001002"] {
        #expect(bytes.range(of: Data(secret.utf8)) == nil)
      }
    }
    let sealed = try await imports.probe.sealedEmail(of: CustomerID(1001), asOf: 1)
    #expect(try imports.seal.open(sealed ?? [], column: .email) == "c1001@example.com")
    #expect(try await imports.probe.sealedEmail(of: CustomerID(1002), asOf: 1) == [])
  }

  @Test func `a set may lack files, and what is known already need not be said again`() async throws
  {
    let imports = try await TestImports()
    _ = try await imports.run(try imports.set(TestImports.small))
    let late =
      "charge_id,customer_id,charged_on,category,description,amount,taxable\n"
      + "CH1,1001,2026-10-26,refund,\"콘텐츠, \"\"기타\"\"\",-880,false\n"
      + "CH2,1002,2026-10-01,refund,환불,-1,true\n"
    let report = try await imports.run(try imports.set(["charges.csv": late]))
    #expect(report.outcome == .recorded(number: 2))
    #expect(report.files.map(\.counts) == [InputCounts(new: 1, changed: 1)])
    #expect(
      try await imports.probe.rows(.charges, asOf: 2) == [
        "1001|CH1|1|2026-10-26|refund|콘텐츠, \"기타\"|-880|0",
        "1002|CH2|2|2026-10-01|refund|환불|-1|1",
      ])
  }

  @Test func `a folder without any import file is an error`() async throws {
    let imports = try await TestImports()
    let empty = try imports.set(["readme.txt": "x"])
    await #expect(throws: ImportError.nothingToImport(empty)) { try await imports.run(empty) }
    await #expect(throws: ImportError.notAFolder("/no/such")) { try await imports.run("/no/such") }
  }

  @Test func `a dry run checks everything and stores nothing`() async throws {
    let imports = try await TestImports()
    let dry = try await imports.run(Fixture.rating, ImportOptions(dryRun: true))
    #expect(dry.outcome == .checked)
    #expect(dry.files.map(\.counts.new) == [1, 300, 592, 720, 507, 293, 1129, 286])
    #expect(try imports.probe.versionCount() == 0)
    var files = TestImports.small
    files["usage.csv"]! += "9,2026-10,sms,1\n"
    let bad = try imports.set(files)
    let refused = try await imports.run(bad, ImportOptions(dryRun: true))
    #expect(refused.outcome == .refused)
    #expect(refused.refusals.map(\.description) == ["usage.csv:4:line_id: there is no line 9"])
    let skipping = try await imports.run(bad, ImportOptions(dryRun: true, skipBadRows: true))
    #expect(skipping.outcome == .checked)
    #expect(skipping.refusedCount == 1)
    #expect(!FileManager.default.fileExists(atPath: bad + "/rejects.csv"))
    #expect(try imports.probe.versionCount() == 0)
  }

  @Test func `skipping bad rows stores the good ones and writes the bad ones down`() async throws {
    let imports = try await TestImports()
    var files = TestImports.small
    files["customers.csv"]! +=
      "1003,\"김, 별\",c@example.com,01000001003,32,,Asia/Seoul,ko-KR,,active,2020-01-01,\n"
    files["subscriptions.csv"]! += "3,1003,LTE-33,2020-01-01,\n4,1001,LTE-33,2020-01-01,\n"
    files["usage.csv"]! += "4,2026-10,sms,\"1\n4,2026-10,voice_s,7\n"
    let set = try imports.set(files)
    let report = try await imports.run(set, ImportOptions(skipBadRows: true))
    #expect(report.outcome == .recorded(number: 1))
    #expect(report.refusedCount == 3)
    #expect(report.rejectsPath == set + "/rejects.csv")
    #expect(try await imports.probe.rows(.customers, asOf: 1).count == 2)
    #expect(try await imports.probe.rows(.segments, asOf: 1).count == 4)
    #expect(try await imports.probe.rows(.usage, asOf: 1).contains("2026-10|1001|4|voice_s|7"))
    let rejects = try String(contentsOfFile: set + "/rejects.csv", encoding: .utf8)
    #expect(
      rejects == """
        file,line,column,reason,row
        customers.csv,4,send_day,32 is not a day from 1 to 31,"1003,""김, 별"",c@example.com,01000001003,32,,\
        Asia/Seoul,ko-KR,,active,2020-01-01,"
        subscriptions.csv,5,customer_id,there is no customer 1003,"3,1003,LTE-33,2020-01-01,"
        usage.csv,4,15,the quoted field that begins here is not closed,"4,2026-10,sms,""1"

        """)
    let mode = try FileManager.default.attributesOfItem(atPath: set + "/rejects.csv")[
      .posixPermissions]
    #expect(mode as? Int == 0o600)
    // Again: the good rows are there, the file of the import itself is not an unknown one.
    let again = try await imports.run(set, ImportOptions(skipBadRows: true))
    #expect(again.outcome == .unchanged)
    #expect(again.warnings.isEmpty)
  }

  @Test func `rejects can be written elsewhere, and nothing is left where nothing was stored`()
    async throws
  {
    let imports = try await TestImports()
    var files = TestImports.small
    files["usage.csv"]! += "9,2026-10,sms,1\n"
    let set = try imports.set(files)
    let rejects = imports.folder.file("elsewhere.csv")
    let report = try await imports.run(
      set, ImportOptions(skipBadRows: true, rejectsPath: rejects))
    #expect(report.rejectsPath == rejects)
    #expect(FileManager.default.fileExists(atPath: rejects))
    files["usage.csv"] = "nonsense\n"
    let broken = try imports.set(files)
    #expect(try await imports.run(broken, ImportOptions(skipBadRows: true)).outcome == .refused)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: broken).allSatisfy {
        !$0.contains("rejects")
      })
    await #expect(throws: StoreError.self) {
      try await imports.run(
        set, ImportOptions(skipBadRows: true, rejectsPath: "/no/such/rejects.csv"))
    }
  }

  @Test func `a cancelled import stores nothing`() async throws {
    let imports = try await TestImports()
    let batches = Mutex(0)
    await #expect(throws: CancellationError.self) {
      try await imports.run(
        Fixture.rating, ImportOptions(skipBadRows: true, rejectsPath: imports.folder.file("r.csv")),
        batchRows: 50, progress: { _ in batches.withLock { $0 += 1 } },
        isCancelled: { batches.withLock { $0 >= 20 } })
    }
    #expect(batches.withLock { $0 } == 20)
    #expect(try imports.probe.versionCount() == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: imports.folder.path).allSatisfy {
        !$0.hasPrefix("r.csv")
      })
  }

  @Test func `progress runs to the end of every file`() async throws {
    let imports = try await TestImports()
    let seen = Mutex<[ImportProgress]>([])
    _ = try await imports.run(
      Fixture.rating, batchRows: 100, blockBytes: 1000,
      progress: { step in seen.withLock { $0.append(step) } })
    let steps = seen.withLock { $0 }
    for (before, after) in zip(steps, steps.dropFirst()) {
      #expect(before.setBytesDone <= after.setBytesDone)
    }
    let last = try #require(steps.last)
    #expect(last.setBytesDone == last.setBytesTotal && last.bytesDone == last.bytesTotal)
    #expect(last.rows == 286)
    #expect(Set(steps.map(\.file)).count == 7)
  }

  @Test(
    arguments: [
      ("version: [", "catalog.yaml:"), ("version: \"1\"\n", "catalog.yaml:1:"),
      (
        "version: \"2026-10\"\nunknownKey: 1\n",
        "catalog.yaml:"
      ),
    ])
  func `a wrong catalog refuses the set`(_ text: String, _ place: String) async throws {
    let imports = try await TestImports()
    let set = try imports.set(
      ["catalog.yaml": text].merging(TestImports.small) { first, _ in first })
    let report = try await imports.run(set, ImportOptions(skipBadRows: true))
    #expect(report.outcome == .refused)
    #expect(report.refusals.count == 1)
    #expect(report.refusals.first?.description.hasPrefix(place) == true)
    #expect(try imports.probe.versionCount() == 0)
  }

  @Test func `another text under a catalog's version is refused, with everything beside it`()
    async throws
  {
    let imports = try await TestImports()
    let text = try Fixture.text(Fixture.rating + "/catalog.yaml")
    _ = try await imports.run(try imports.set(["catalog.yaml": text]))
    let other = try imports.set(
      ["catalog.yaml": text.replacing("95000", with: "95001")]
        .merging(TestImports.small) { first, _ in first })
    let report = try await imports.run(other)
    #expect(report.outcome == .refused)
    #expect(
      report.refusals.map(\.reason) == [.ledger(.catalogDiffers(version: "2026-10"))])
    #expect(try await imports.probe.rows(.customers, asOf: 9).isEmpty)
    let new = try imports.set([
      "catalog.yaml": text.replacing("95000", with: "95001")
        .replacing("\"2026-10\"", with: "\"2026-10b\"")
    ])
    #expect(try await imports.run(new).outcome == .recorded(number: 2))
  }

  @Test func `a change that deliveries copy reaches the unfinished ones in the same transaction`()
    async throws
  {
    let imports = try await TestImports()
    _ = try await imports.run(try imports.set(TestImports.small))
    let policy = String(decoding: try JSONEncoder().encode(DeliveryPolicy.first), as: UTF8.self)
    try imports.probe.execute("INSERT INTO policies VALUES (1, 2, '\(policy)')")
    for customer in [1001, 1002] {
      try imports.probe.execute(
        """
        INSERT INTO deliveries (month, customer_id, kind, sequence, state, version, policy, template,
          channels, channel, quiet_mask, time_zone, due_day, due_at, made_at, next_at, changed_at)
        VALUES (24321, \(customer), 1, 1, 1, 1, 1, 1, 12, 1, 2051, 'Asia/Seoul', 0, 0, 0, 0, 0)
        """)
    }
    // The name of one is changed, and the quiet slots of the other.
    var files = ["customers.csv": TestImports.small["customers.csv"]!]
    files["customers.csv"] = files["customers.csv"]!
      .replacing("조뮒", with: "조별").replacing("0;1;11", with: "0;2")
    let report = try await imports.run(try imports.set(files))
    #expect(report.files.map(\.counts) == [InputCounts(changed: 2)])
    #expect(
      try imports.probe.texts(
        "SELECT customer_id || ':' || quiet_mask || ':' || generation FROM deliveries ORDER BY 1")
        == ["1001:5:2", "1002:2051:1"])
  }
}
