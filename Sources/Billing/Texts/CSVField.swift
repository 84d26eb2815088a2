/// One field of a CSV file that the platform writes.
///
/// A spreadsheet takes a text that begins like a formula for one, and works it out on the computer of
/// whoever opens the file. So a text that does gets an apostrophe before it, by which a spreadsheet
/// knows a text; a number stays a number. What has to be byte for byte as it was is written `asIs`:
/// such a file is for a program, or says so.
package enum CSVField: Sendable {
  case number(Int64)
  case text(String)
  case asIs([UInt8])

  package func append(to row: inout [UInt8]) {
    switch self {
    case .number(let number): row.append(contentsOf: String(number).utf8)
    case .text(let text):
      let isFormula = text.unicodeScalars.first.map(Self.beginsFormula) ?? false
      Self.quote(Array((isFormula ? "'" + text : text).utf8), into: &row)
    case .asIs(let bytes): Self.quote(bytes, into: &row)
    }
  }

  /// A row with its line end.
  package static func row(_ fields: [CSVField]) -> [UInt8] {
    var row: [UInt8] = []
    for (position, field) in fields.enumerated() {
      if position > 0 { row.append(UInt8(ascii: ",")) }
      field.append(to: &row)
    }
    row.append(UInt8(ascii: "\n"))
    return row
  }

  /// What a formula begins with, in full width too; a tab or a line's end is passed over before it.
  private static func beginsFormula(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠": true
    default: false
    }
  }

  /// In quotes where it holds what could end it, for spreadsheets that separate by something else too.
  private static func quote(_ bytes: [UInt8], into row: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    guard bytes.contains(where: { "\",;\t\n\r".utf8.contains($0) }) else {
      row.append(contentsOf: bytes)
      return
    }
    row.append(quote)
    for byte in bytes {
      if byte == quote { row.append(quote) }
      row.append(byte)
    }
    row.append(quote)
  }
}
