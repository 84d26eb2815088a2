import Billing
import BillingTestKit
import Importing
import Testing

@Suite("What an import refuses")
struct ImportRefusalTests {
  struct BadRow: Sendable, CustomTestStringConvertible {
    let file: InputFile
    /// Added to the small set's file of that name.
    let row: String
    /// Of the column, or the character.
    let column: String
    let reason: RefusalReason

    init(_ file: InputFile, _ row: String, _ column: String, _ reason: RefusalReason) {
      self.file = file
      self.row = row
      self.column = column
      self.reason = reason
    }

    var testDescription: String { "\(file.rawValue) \(column) \(reason)" }
  }

  /// A customer row with one field replaced.
  private static func customer(_ column: String, _ value: String) -> String {
    var fields = [
      "1003", "김별", "c1003@example.com", "01000001003", "25", "", "Asia/Seoul", "ko-KR", "email",
      "active", "2020-01-01", "",
    ]
    fields[InputFile.customers.columns.firstIndex(of: column)!] = value
    return fields.joined(separator: ",")
  }

  private static func bad(
    _ column: String, _ value: String, _ reason: RefusalReason
  ) -> BadRow {
    BadRow(.customers, customer(column, value), column, reason)
  }

  static let customers: [BadRow] = [
    bad("customer_id", "0", .notAnID("0")), bad("customer_id", "-5", .notAnID("-5")),
    bad("customer_id", "abc", .notAnID("abc")), bad("customer_id", "", .notAnID(nil)),
    bad("customer_id", "9223372036854775808", .notAnID("9223372036854775808")),
    bad("name", "", .empty), bad("name", "\"김\n별\"", .text(.lineBreak(.init("\n")))),
    bad("name", "\"김\r\n별\"", .text(.lineBreak(.init("\r")))),
    bad("name", "김\u{2028}별", .text(.lineBreak(.init("\u{2028}")))),
    bad("name", "김\u{85}별", .text(.lineBreak(.init("\u{85}")))),
    bad("name", "김\u{1B}별", .text(.controlCharacter(.init("\u{1B}")))),
    bad("name", "김\u{9F}별", .text(.controlCharacter(.init("\u{9F}")))),
    bad("name", "김\u{0}별", .text(.controlCharacter(.init("\u{0}")))),
    bad("name", "김\u{202E}별", .text(.turnsDirection(.init("\u{202E}")))),
    bad("name", "김\u{61C}별", .text(.turnsDirection(.init("\u{61C}")))),
    bad("name", "김\u{2069}별", .text(.turnsDirection(.init("\u{2069}")))),
    bad("name", "김\u{200B}별", .text(.invisible(.init("\u{200B}")))),
    bad("name", "김\u{200D}별", .text(.invisible(.init("\u{200D}")))),
    bad("name", "김\u{AD}별", .text(.invisible(.init("\u{AD}")))),
    bad("name", "\u{3164}", .text(.invisible(.init("\u{3164}")))),
    bad("name", "김별\u{FE0F}", .text(.invisible(.init("\u{FE0F}")))),
    bad("name", "김별\u{E0041}", .text(.invisible(.init("\u{E0041}")))),
    bad("name", " ", .text(.blank(.init(" ")))),
    bad("name", "\u{3000}\u{A0}", .text(.blank(.init("\u{3000}")))),
    bad("name", String(repeating: "별", count: 201), .tooLong(maximumCharacters: 200)),
    bad("email", "\"a@example.com\nBcc: b@example.com\"", .text(.lineBreak(.init("\n")))),
    bad("email", "nobody", .notAnEmail), bad("email", "a@b@c", .notAnEmail),
    bad("email", "a b@example.com", .notAnEmail), bad("email", "a@example", .notAnEmail),
    bad("email", "a\u{202E}b@example.com", .text(.turnsDirection(.init("\u{202E}")))),
    bad("email", "a\u{A0}b@example.com", .notAnEmail),
    bad("phone", "call me", .notAPhone), bad("phone", "01012", .notAPhone),
    bad("phone", "1012345678", .phoneWithoutZero), bad("phone", "1.01E+09", .notAPhone),
    bad("phone", "010\u{200B}12345678", .text(.invisible(.init("\u{200B}")))),
    bad("phone", "\"010\n1\"", .text(.lineBreak(.init("\n")))),
    bad("send_day", "32", .notASendDay("32")), bad("send_day", "0", .notASendDay("0")),
    bad("send_day", "", .notASendDay(nil)), bad("send_day", "1.5", .notASendDay("1.5")),
    bad("send_day", "01012345678", .notASendDay(nil)),
    bad("quiet_slots", "12", .notASlot("12")), bad("quiet_slots", "1;;2", .notASlot(nil)),
    bad("quiet_slots", "1;x", .notASlot("x")), bad("quiet_slots", "3;3", .slotTwice("3")),
    bad("quiet_slots", "0;1;2;3;4;5;6;7;8;9;10;11", .allSlotsQuiet),
    bad("time_zone", "Asia/Soul", .unknownZone("Asia/Soul")),
    // The sign of the kelvin is equal to a K as text.
    bad("time_zone", "Asia/\u{212A}olkata", .unknownZone(nil)),
    bad("time_zone", "KST", .unknownZone("KST")), bad("time_zone", "", .unknownZone(nil)),
    bad("locale", "de-DE", .unknownLocale("de-DE")), bad("locale", "", .unknownLocale(nil)),
    bad("channels", "fax", .unknownChannel("fax")),
    bad("channels", "email;email", .channelTwice("email")),
    bad("channels", "email;", .unknownChannel(nil)),
    bad("status", "gone", .unknownStatus("gone")), bad("status", "", .unknownStatus(nil)),
    bad("activated_on", "2026-02-30", .noSuchDay("2026-02-30")),
    bad("activated_on", "", .notADay(nil)),
    bad("terminated_on", "2025-02-29", .noSuchDay("2025-02-29")),
    bad("terminated_on", "2026/01/01", .notADay("2026/01/01")),
    bad("terminated_on", "1999-12-31", .endsBeforeItBegins),
  ]

  static let others: [BadRow] = [
    BadRow(
      .subscriptions, "3,1009,LTE-33,2026-01-01,",
      "customer_id", .ledger(.unknownCustomer(.init(1009)))),
    BadRow(
      .subscriptions, "1,1002,LTE-33,2027-01-01,",
      "line_id", .ledger(.lineOfAnotherCustomer(.init(1)))),
    BadRow(.subscriptions, "x,1001,LTE-33,2026-01-01,", "line_id", .notAnID("x")),
    BadRow(.subscriptions, "3,1001,,2026-01-01,", "plan_code", .empty),
    BadRow(
      .subscriptions, "3,1001,\(String(repeating: "P", count: 65)),2026-01-01,",
      "plan_code", .tooLong(maximumCharacters: 64)),
    BadRow(.subscriptions, "3,1001,LTE-33,2026-02-30,", "active_from", .noSuchDay("2026-02-30")),
    BadRow(.subscriptions, "3,1001,LTE-33,2026-02-03,2026-02-02", "active_to", .endsBeforeItBegins),
    BadRow(.subscriptions, "2,1002,STANDARD,2021-09-07,", "line_id", .ledger(.statedTwice)),
    BadRow(.addOns, "9,BOOKS,2026-01-01,", "line_id", .ledger(.unknownLine(.init(9)))),
    BadRow(.addOns, "1,BOOKS,2026-01-02,2026-01-01", "active_to", .endsBeforeItBegins),
    BadRow(.discounts, "9,MILITARY,2026-01-01,", "line_id", .ledger(.unknownLine(.init(9)))),
    BadRow(.bundles, "B1,9,2026-01-01,", "line_id", .ledger(.unknownLine(.init(9)))),
    BadRow(.bundles, ",1,2026-01-01,", "bundle_id", .empty),
    BadRow(.bundles, " B1,1,2026-01-01,", "bundle_id", .text(.blankAtEdge(.init(" ")))),
    BadRow(
      .bundles, "B1\u{3000},1,2026-01-01,", "bundle_id", .text(.blankAtEdge(.init("\u{3000}")))),
    BadRow(
      .addOns, "1,BO\u{2060}OKS,2026-01-01,", "add_on_code",
      .text(.invisible(.init("\u{2060}")))),
    BadRow(
      .usage, "1,2026-10,s\u{378}ms,1", "metric", .text(.noCharacter(.init("\u{378}")))),
    BadRow(.usage, "1,9999-01,sms,1", "month", .notAMonth("9999-01")),
    BadRow(.usage, "1,0000-12,sms,1", "month", .notAMonth("0000-12")),
    BadRow(
      .usage, "1,2026-10,sms,9999999999999999999", "quantity",
      .quantityOutOfRange("9999999999999999999")),
    BadRow(.charges, "CH2,1001,10000-01-01,fee,x,1,true", "charged_on", .notADay(nil)),
    BadRow(.charges, "CH2,1001,0000-01-01,fee,x,1,true", "charged_on", .noSuchDay("0000-01-01")),
    BadRow(
      .charges, "CH2,1001,2026-10-01,fee,a\u{202E}b,1,true", "description",
      .text(.turnsDirection(.init("\u{202E}")))),
    BadRow(
      .bundles, "\(String(repeating: "뮒", count: 65)),1,2026-01-01,",
      "bundle_id", .tooLong(maximumCharacters: 64)),
    BadRow(.usage, "9,2026-10,sms,1", "line_id", .ledger(.unknownLine(.init(9)))),
    BadRow(.usage, "1,2026-13,sms,1", "month", .notAMonth("2026-13")),
    BadRow(.usage, "1,2026-10,sms,-1", "quantity", .negativeQuantity("-1")),
    BadRow(.usage, "1,2026-10,sms,1e3", "quantity", .notAQuantity("1e3")),
    BadRow(.usage, "1,2026-10,sms,1.0123456789", "quantity", .quantityOutOfRange("1.0123456789")),
    BadRow(.usage, "1,2026-10,sms,", "quantity", .notAQuantity(nil)),
    BadRow(
      .charges, "CH2,1009,2026-10-01,refund,x,1,true",
      "customer_id", .ledger(.unknownCustomer(.init(1009)))),
    BadRow(
      .charges, "CH1,1002,2026-10-26,refund,x,1,true",
      "charge_id", .ledger(.chargeOfAnotherCustomer)),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,x,9223372036854775808,true",
      "amount", .amountOutOfRange("9223372036854775808")),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,x,-9223372036854775809,true",
      "amount", .amountOutOfRange("-9223372036854775809")),
    BadRow(.charges, "CH2,1001,2026-10-01,refund,x,12.5,true", "amount", .notAnAmount("12.5")),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,\"x\ny\",1,true", "description",
      .text(.lineBreak(.init("\n")))),
    BadRow(.charges, "CH2,1001,2026-10-01,refund,x,1,yes", "taxable", .notTrueOrFalse("yes")),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,x,1",
      "taxable", .tooFewFields(expected: 7, found: 6)),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,x,1,true,more",
      "37", .tooManyFields(expected: 7, found: 8)),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,x,1,true,,",
      "37", .surplusCommas(expected: 7, found: 9)),
    BadRow(.charges, "CH2,1001,2026-10-01,refund,a\"b,1,true", "29", .form(.strayQuote)),
    BadRow(
      .charges, "CH2,1001,2026-10-01,refund,\"never closed,1,true",
      "28", .form(.unclosedQuote)),
  ]

  @Test(arguments: customers + others)
  func `a bad row is refused with its place, and nothing of the set is stored`(
    _ bad: BadRow
  ) async throws {
    let imports = try await TestImports()
    var files = TestImports.small
    let before = files[bad.file.rawValue]!
    files[bad.file.rawValue] = before + bad.row + "\n"
    let report = try await imports.run(try imports.set(files))
    let line = before.utf8.count { $0 == 0x0A } + 1
    #expect(report.outcome == .refused)
    #expect(report.refusals.map(\.reason) == [bad.reason])
    #expect(report.refusals.map(\.place) == ["\(bad.file.rawValue):\(line):\(bad.column)"])
    #expect(report.refusedCount == 1)
    #expect(try imports.probe.versionCount() == 0)
  }

  @Test func `a byte that is not UTF-8 is refused`() async throws {
    let imports = try await TestImports()
    var files = TestImports.small.mapValues { Array($0.utf8) }
    files["customers.csv"]! += Array("1003,".utf8) + [0xB1, 0xE8] + Array(",,,1,,".utf8)
    let report = try await imports.run(try imports.set(files))
    #expect(report.refusals.map(\.place) == ["customers.csv:4:6"])
    #expect(report.refusals.map(\.reason) == [.otherEncoding(.cp949)])
    #expect(try imports.probe.versionCount() == 0)
  }

  @Test(
    arguments: [
      ("line_id,month,metric\n", ["usage.csv:1:quantity: the header lacks this column"]),
      (
        "line_id,month,metric,quantity,extra_column\n",
        ["usage.csv:1:31: the header names an unknown column 'extra_column'"]
      ),
      (
        "line_id,month,line_id,metric,quantity\n",
        ["usage.csv:1:15: the header names 'line_id' twice"]
      ),
      (
        "1,2026-10,sms,1\n",
        [
          "usage.csv:1: the first line is not a header; it has to be line_id,month,metric,quantity"
        ]
      ),
      (
        "",
        [
          "usage.csv:1: the first line is not a header; it has to be line_id,month,metric,quantity"
        ]
      ),
      ("line_id,\"month\n", ["usage.csv:1:9: the quoted field that begins here is not closed"]),
      (
        "line_id,month,metric,\"홍길동 c@example.com\"\n",
        [
          "usage.csv:1:22: the header names an unknown column",
          "usage.csv:1:quantity: the header lacks this column",
        ]
      ),
    ])
  func `a wrong header refuses the set, bad rows skipped or not`(
    _ header: String, _ expected: [String]
  ) async throws {
    let imports = try await TestImports()
    var files = TestImports.small
    files["usage.csv"] = header
    let set = try imports.set(files)
    for skipBadRows in [false, true] {
      let report = try await imports.run(set, ImportOptions(skipBadRows: skipBadRows))
      #expect(report.outcome == .refused)
      #expect(report.refusals.map(\.description) == expected)
    }
    #expect(try imports.probe.versionCount() == 0)
  }

  @Test func `columns may stand in another order`() async throws {
    let imports = try await TestImports()
    var files = TestImports.small
    files["subscriptions.csv"] =
      "active_to,plan_code,line_id,active_from,customer_id\n,LTE-33,1,2020-04-28,1001\n"
      + ",LTE-33,2,2021-09-07,1002\n"
    let report = try await imports.run(try imports.set(files))
    #expect(report.outcome == .recorded(number: 1))
    #expect(
      try await imports.probe.rows(.segments, asOf: 1)
        == ["1001|1|2020-04-28|LTE-33|", "1002|2|2021-09-07|LTE-33|"])
  }

  @Test func `many refusals are listed at once, in the order of the file, and all are counted`()
    async throws
  {
    let imports = try await TestImports()
    var files = TestImports.small
    files["usage.csv"]! += (0..<50).map { row in
      row.isMultiple(of: 2) ? "9,2026-10,m\(row),1\n" : "1,2026-10,m\(row),-1\n"
    }.joined()
    let report = try await imports.run(
      try imports.set(files), batchRows: 7, listedRefusals: 20)
    #expect(report.refusedCount == 50)
    #expect(report.refusals.map(\.line) == Array(4..<24))
    #expect(report.files.first { $0.file == .usage }?.refused == 50)
  }

  @Test func `no refusal repeats a name, an address, a number or free text`() async throws {
    let imports = try await TestImports()
    let secrets = ["홍길동", "secret@example.com", "01098765432", "비밀 메모", "O'Brien"]
    let good: [InputFile: String] = [
      .customers: Self.customer("quiet_slots", "1"), .subscriptions: "3,1001,P,2026-01-01,",
      .addOns: "1,A,2026-01-01,", .discounts: "1,D,2026-01-01,", .bundles: "B,1,2026-01-01,",
      .usage: "1,2026-10,sms,1", .charges: "C,1001,2026-10-01,fee,x,1,true",
    ]
    // Each of them in every column in turn: columns shifted by a mistake.
    var files = TestImports.small
    for (file, row) in good {
      for secret in secrets {
        for column in file.columns.indices {
          var fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
          fields[column] = secret
          files[file.rawValue]! += fields.joined(separator: ",") + "\n"
        }
      }
    }
    let report = try await imports.run(try imports.set(files), listedRefusals: 10_000)
    #expect(report.refusals.count == report.refusedCount && report.refusedCount > 60)
    for refusal in report.refusals {
      let texts = [refusal.description, refusal.reason.text(in: .korean)]
      // Elsewhere than in the customers' file a row of digits is an id, and may be named.
      for secret in secrets where refusal.file == .customers || !secret.hasPrefix("010") {
        #expect(texts.allSatisfy { !$0.contains(secret) }, "\(refusal.place)")
      }
    }
  }
}
