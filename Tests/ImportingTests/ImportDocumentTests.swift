import Billing
import BillingTestKit
import Foundation
import Importing
import Testing

@Suite("docs/IMPORT.md says what is so")
struct ImportDocumentTests {
  private static let path = Fixture.folder("../docs/IMPORT.md")

  /// The blocks that are headed by the name of a file.
  private func files() throws -> [String: String] {
    var files: [String: String] = [:]
    var name: String?
    for line in try Fixture.text(Self.path).components(separatedBy: "\n") {
      if let open = name {
        if line == "```" { name = nil } else { files[open, default: ""] += line + "\n" }
      } else if line.hasPrefix("```") {
        name = line.split(separator: " ").dropFirst().first.map(String.init)
      }
    }
    return files
  }

  @Test func `its example is a set of every file, and is imported`() async throws {
    let files = try files()
    #expect(Set(files.keys) == Set(InputFile.allCases.map(\.rawValue)))
    let imports = try await TestImports()
    let report = try await imports.run(try imports.set(files))
    #expect(report.outcome == .recorded(number: 1), "\(report.refusals)")
    #expect(report.files.map(\.counts.new) == [1, 2, 2, 1, 1, 2, 2, 2])
  }

  @Test func `its columns are the columns`() throws {
    let text = try Fixture.text(Self.path)
    for file in InputFile.allCases where file != .catalog {
      #expect(text.contains("| `\(file.rawValue)` | `\(file.columns.joined(separator: ","))` |"))
    }
  }

  /// Rows of the table of what is said.
  private struct Said {
    var file: InputFile
    var column: Int
    var value: String
    var what: String
  }

  private func said() throws -> [Said] {
    try Fixture.text(Self.path).components(separatedBy: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4, let file = InputFile(rawValue: cells[0].unquoted),
        let column = file.columns.firstIndex(of: cells[1].unquoted)
      else { return nil }
      return Said(file: file, column: column, value: cells[2].unquoted.spelt, what: cells[3])
    }
  }

  @Test func `what it says is said is what is said`() async throws {
    let all = try said()
    #expect(all.count == 20)
    for said in all {
      var files = try files()
      var rows = try #require(files[said.file.rawValue]).split(separator: "\n").map(String.init)
      // The first row has no commas but those between its fields.
      var fields = rows[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[said.column] = said.value
      rows[1] = fields.joined(separator: ",")
      files[said.file.rawValue] = rows.joined(separator: "\n") + "\n"
      let imports = try await TestImports()
      let report = try await imports.run(try imports.set(files))
      let first = try #require(report.refusals.first, "\(said)")
      #expect(first.reason.text(in: .english) == said.what)
      #expect(first.place == "\(said.file.rawValue):2:\(said.file.columns[said.column])")
    }
  }

  /// The bounds in its table are those of the types.
  @Test func `its ranges are taken to their ends`() async throws {
    let imports = try await TestImports()
    let end = Int64.max
    let report = try await imports.run(
      try imports.set([
        "customers.csv": TestImports.customersHeader
          + "\(end),\(String(repeating: "별", count: 200)),,,1,,UTC,ko-KR,,active,0001-01-01,9999-12-31\n",
        "subscriptions.csv":
          "line_id,customer_id,plan_code,active_from,active_to\n"
          + "\(end),\(end),\(String(repeating: "뮒", count: 64)),0001-01-01,9999-12-31\n",
        "usage.csv": "line_id,month,metric,quantity\n\(end),0001-01,m,999999999999999999\n"
          + "\(end),9998-12,m,999999999.999999999\n",
        "charges.csv": "charge_id,customer_id,charged_on,category,description,amount,taxable\n"
          + "a,\(end),0001-01-01,x,,\(Int64.min),true\nb,\(end),9999-12-31,x,,\(end),true\n",
      ]))
    #expect(report.outcome == .recorded(number: 1), "\(report.refusals)")
  }
}

extension String {
  fileprivate var unquoted: String { replacingOccurrences(of: "`", with: "") }

  /// With characters that are named by their numbers put in: `A U+200B B`.
  fileprivate var spelt: String {
    var result = ""
    for part in split(separator: " ") {
      let number = part.hasPrefix("U+") ? UInt32(part.dropFirst(2), radix: 16) : nil
      if let scalar = number.flatMap(Unicode.Scalar.init) {
        result.unicodeScalars.append(scalar)
      } else {
        result += part
      }
    }
    return result
  }
}
