/// Where each column of a file stands, as its header says.
struct CSVHeader {
  /// The field of a row in which column `n` of `InputFile.columns` stands.
  let positions: [Int]

  /// Reads the header; what is wrong with it makes the whole file unreadable.
  static func read(_ reader: CSVReader, of file: InputFile) throws -> Result {
    switch try reader.next() {
    case .end:
      return .refused([Refusal(file: file, line: 1, column: nil, reason: noHeader(of: file))])
    case .fault(let fault):
      guard let reason = FirstLook.reason(for: reader.rawRow, columns: file.columns) else {
        return .refused([Refusal(file: file, fault: fault)])
      }
      return .refused([Refusal(file: file, line: fault.line, column: nil, reason: reason)])
    case .row: return examine(reader, of: file)
    }
  }

  enum Result {
    case header(CSVHeader)
    case refused([Refusal])
  }

  private static func examine(_ reader: CSVReader, of file: InputFile) -> Result {
    let columns = file.columns
    var positions = [Int?](repeating: nil, count: columns.count)
    var refusals: [Refusal] = []
    for position in 0..<reader.fieldCount {
      let name = String(decoding: reader.field(position), as: UTF8.self)
      func refuse(_ reason: RefusalReason) {
        let place = RefusalColumn.character(reader.character(ofField: position))
        refusals.append(Refusal(file: file, line: reader.line, column: place, reason: reason))
      }
      guard let index = columns.firstIndex(of: name) else {
        refuse(.unknownColumn(Quotable.columnName(name)))
        continue
      }
      if positions[index] != nil { refuse(.columnTwice(name)) }
      positions[index] = position
    }
    // A first row without a single known name is data, and is not to be quoted as one.
    if positions.allSatisfy({ $0 == nil }) {
      let reason = FirstLook.reason(for: reader.rawRow, columns: columns) ?? noHeader(of: file)
      return .refused([Refusal(file: file, line: reader.line, column: nil, reason: reason)])
    }
    for (index, position) in positions.enumerated() where position == nil {
      refusals.append(
        Refusal(
          file: file, line: reader.line, column: .named(columns[index]), reason: .missingColumn))
    }
    guard refusals.isEmpty else { return .refused(refusals) }
    return .header(CSVHeader(positions: positions.compactMap(\.self)))
  }

  private static func noHeader(of file: InputFile) -> RefusalReason {
    .noHeader(columns: file.columns)
  }
}
