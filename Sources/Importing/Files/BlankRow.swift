/// A row with nothing in it: as a spreadsheet leaves it behind where something was deleted.
enum BlankRow {
  /// Whether all fields of the reader's current row are empty, or white space alone.
  static func isCurrent(of reader: CSVReader) -> Bool {
    for position in 0..<reader.fieldCount where !isBlank(reader.field(position)) { return false }
    return true
  }

  private static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    // Printable ASCII, as nearly every row begins.
    guard first <= 0x20 || first >= 0x80 else { return false }
    return String(decoding: bytes, as: UTF8.self).unicodeScalars
      .allSatisfy(\.properties.isWhitespace)
  }
}
