import Billing
import Foundation
import Testing

/// The table of number formats in `docs/RATING.md`, row by row.
@Suite("Numbers as documented")
struct DocumentedNumbersTests {
  @Test("Every row of the table is read as it says")
  func table() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../docs/RATING.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    var rows = 0
    for line in text.split(separator: "\n") where line.hasPrefix("| ") && line.contains("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3, let read = read(cells[1].filter { $0 != "`" }, as: cells[0]) else {
        continue
      }
      #expect(read == cells[2], "\(line)")
      rows += 1
    }
    #expect(rows == 17)
  }

  private func read(_ text: String, as kind: String) -> String? {
    let value: String?
    switch kind {
    case "quantity or rate": value = FixedDecimal(text)?.description
    case "day": value = CalendarDay(text)?.description
    case "month": value = BillingMonth(text)?.description
    default: return nil
    }
    return value ?? "refused"
  }
}
