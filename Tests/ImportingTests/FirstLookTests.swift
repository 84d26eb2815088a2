import Billing
import Importing
import Testing

@Suite("What an import says of a file that is something else")
struct FirstLookTests {
  private static let header = Array("line_id,month,metric,quantity\n".utf8)
  /// 홍길동 in CP949.
  private static let hong: [UInt8] = [0xC8, 0xAB, 0xB1, 0xE6, 0xB5, 0xBF]

  private func refusals(of file: InputFile, _ bytes: [UInt8]) async throws -> ImportReport {
    let imports = try await TestImports()
    var files = TestImports.small.mapValues { Array($0.utf8) }
    files[file.rawValue] = bytes
    var report = try await imports.run(try imports.set(files))
    #expect(report.outcome == .refused)
    #expect(try imports.probe.versionCount() == 0)
    // Without customers no other row has one.
    report.refusals.removeAll { $0.file != file }
    return report
  }

  private static func utf16(_ text: String, littleEndian: Bool, marked: Bool) -> [UInt8] {
    ((marked ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit in
      let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
      return littleEndian ? bytes.reversed() : bytes
    }
  }

  @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
  func `UTF-16 is named, with and without its mark`(littleEndian: Bool, marked: Bool) async throws {
    for file in [InputFile.usage, .catalog] {
      let bytes = Self.utf16(
        "line_id,month,metric,quantity\r\n1,2026-10,sms,1\r\n", littleEndian: littleEndian,
        marked: marked)
      let report = try await refusals(of: file, bytes)
      #expect(report.refusals.map(\.reason) == [.otherEncoding(.utf16)])
      #expect(report.refusals.first?.line == 1)
      #expect(report.hasUnreadableFile)
    }
  }

  @Test func `CP949 is named, in the header, in a row and in the catalog`() async throws {
    let inHeader = try await refusals(of: .customers, Self.hong + [0x2C] + Self.hong + [0x0A])
    #expect(inHeader.refusals.map(\.reason) == [.otherEncoding(.cp949)])
    #expect(inHeader.hasUnreadableFile)
    let row = Self.header + Array("1,2026-10,".utf8) + Self.hong + Array(",1\n".utf8)
    let inRow = try await refusals(of: .usage, row)
    #expect(inRow.refusals.map(\.reason) == [.otherEncoding(.cp949)])
    #expect(inRow.refusals.map(\.place) == ["usage.csv:2:11"])
    #expect(!inRow.hasUnreadableFile)
    let inCatalog = try await refusals(
      of: .catalog, Array("version: \"1\"\nname: \"".utf8) + Self.hong + Array("\"\n".utf8))
    #expect(inCatalog.refusals.map(\.reason) == [.otherEncoding(.cp949)])
    #expect(inCatalog.refusals.map(\.place) == ["catalog.yaml:2:8"])
  }

  @Test(
    arguments: [
      // José and Müller in Latin-1; a lone byte; 鈴木 in Shift_JIS; the first half of a pair.
      [0x4A, 0x6F, 0x73, 0xE9], [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72], [0xFF],
      [0x97, 0xE9, 0x96, 0xD8], [0xC8, 0xAB, 0xB1],
    ] as [[UInt8]])
  func `what looks like nothing that is known is only said not to be UTF-8`(
    bytes: [UInt8]
  ) async throws {
    let row = Self.header + Array("1,2026-10,".utf8) + bytes + Array(",1\n".utf8)
    let report = try await refusals(of: .usage, row)
    #expect(report.refusals.map(\.reason) == [.form(.invalidUTF8)])
  }

  @Test(
    arguments: [
      (";", "line_id;month;metric;quantity\n1;2026-10;sms;1\n", GuessedSeparator.semicolon),
      (";", "\"line_id\";\"month\";\"metric\";\"quantity\"\n", .semicolon),
      ("tab", "line_id\tmonth\tmetric\tquantity\n", .tab),
      ("|", "line_id|month|metric|quantity\n", .bar),
    ])
  func `another separator is named`(
    name: String, text: String, separator: GuessedSeparator
  ) async throws {
    let report = try await refusals(of: .usage, Array(text.utf8))
    #expect(report.refusals.map(\.reason) == [.otherSeparator(separator)])
    let english = try #require(report.refusals.first).reason.text(in: .english)
    #expect(english.contains(name) && english.contains("commas"))
  }

  @Test func `in a row too`() async throws {
    let report = try await refusals(of: .usage, Self.header + Array("1;2026-10;sms;1\n".utf8))
    #expect(report.refusals.map(\.reason) == [.otherSeparator(.semicolon)])
    let few = try await refusals(of: .usage, Self.header + Array("1;2026-10\n".utf8))
    #expect(few.refusals.map(\.reason) == [.tooFewFields(expected: 4, found: 1)])
    #expect(
      few.refusals.map { $0.reason.text(in: .english) } == ["1 field instead of 4"])
  }

  @Test func `Korean column names are told what they are to be`() async throws {
    let report = try await refusals(of: .usage, Array("회선번호,월,항목,사용량\n1,2026-10,sms,1\n".utf8))
    #expect(report.refusals.map(\.reason) == [.koreanHeader(columns: InputFile.usage.columns)])
    for locale in BillLocale.allCases {
      let text = report.refusals[0].reason.text(in: locale)
      #expect(text.contains("line_id,month,metric,quantity") && !text.contains("회선번호"))
    }
    // A row of data in the place of the header is another thing.
    let data = try await refusals(of: .customers, Array("1001,홍길동,c1@example.com,010\n".utf8))
    #expect(data.refusals.map(\.reason) == [.noHeader(columns: InputFile.customers.columns)])
  }

  @Test func `blank rows are passed over and counted, in whatever way they are blank`() async throws
  {
    let imports = try await TestImports()
    var files = TestImports.small
    files["usage.csv"]! += "\n,,,\n  ,\t,,\u{3000}\n\"\",,,\n   \n1,2026-10,voice_s,5\n\r\n\n"
    let report = try await imports.run(try imports.set(files))
    #expect(report.outcome == .recorded(number: 1))
    #expect(report.refusedCount == 0)
    #expect(report.files.first { $0.file == .usage }?.counts.new == 3)
    #expect(report.files.map(\.blank) == [0, 0, 0, 0, 0, 7, 0])
  }

  @Test func `a byte order mark is no part of the first name`() async throws {
    let imports = try await TestImports()
    let files = TestImports.small.mapValues { [0xEF, 0xBB, 0xBF] + Array($0.utf8) }
    let report = try await imports.run(try imports.set(files))
    #expect(report.outcome == .recorded(number: 1), "\(report.refusals)")
  }

  @Test func `nothing English is in a Korean sentence`() async throws {
    let columns = InputFile.usage.columns
    let reasons: [RefusalReason] =
      ImportRefusalTests.customers.map(\.reason) + ImportRefusalTests.others.map(\.reason) + [
        .otherSeparator(.tab), .otherEncoding(.cp949), .koreanHeader(columns: columns),
        .noHeader(columns: columns), .missingColumn, .columnTwice("month"), .form(.invalidUTF8),
        .catalogTooLarge(maximumBytes: 5),
      ]
    // Codes, formats and what the user wrote may stand there: all else is Korean.
    let allowed =
      columns + ["utf", "csv", "cp", "euc", "kr", "lf", "cr", "yyyy", "mm", "dd", "ko", "en", "us"]
      + ["email", "sms", "active", "suspended", "terminated", "true", "false", "name", "example"]
      + ["com", "e"]
    for reason in reasons {
      let text = reason.text(in: .korean)
        .replacing(/U\+[0-9A-F]+/, with: "")
      let quoted = text.split(separator: "'", omittingEmptySubsequences: false)
      let own = quoted.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
      let words = own.joined(separator: " ").lowercased().split { !("a"..."z").contains($0) }
      let english = words.filter { word in
        !allowed.contains { $0.split(separator: "_").contains(word) }
      }
      #expect(english.isEmpty, "\(text)")
    }
  }
}
