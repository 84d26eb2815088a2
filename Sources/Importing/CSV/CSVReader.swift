/// Reads RFC 4180 rows from a stream of bytes, in memory that does not grow with the stream.
///
/// Lines end with LF or CR LF; a byte order mark at the beginning, empty lines and a missing last
/// line end are accepted. After a fault it goes on at the line that follows the one on which the
/// faulty row began, so that an unclosed quote costs one row and not the rest of the file.
///
/// A field is valid until `next()` is called again, and must not be kept beyond that: the buffer
/// would be copied.
package final class CSVReader {
  package enum Outcome: Hashable, Sendable {
    /// A row of at least one field.
    case row
    case fault(CSVFault)
    case end
  }

  /// The physical line on which the current row begins, from 1.
  package private(set) var line = 1
  /// Bytes of the source that lie behind the current row.
  package private(set) var bytesConsumed: Int64 = 0
  /// Empty lines passed over so far.
  package private(set) var emptyLines = 0

  private let source: any ByteSource
  private let blockBytes: Int
  private let maximumRowBytes: Int
  private var buffer: [UInt8] = []
  private var fields: [Field] = []
  private var sourceEnded = false
  private var begun = false
  /// The current row is `buffer[rowStart..<rowEnd]` without its line end; the next one begins at
  /// `nextStart`.
  private var rowStart = 0
  private var rowEnd = 0
  private var nextStart = 0
  /// Whether the rest of an endless line is still to be passed over.
  private var isSkippingLine = false

  private struct Field {
    var start: Int
    var end: Int
    var hasDoubledQuotes: Bool
  }

  /// - Parameters:
  ///   - blockBytes: read at once, 1 or more.
  ///   - maximumRowBytes: a row longer than this is a fault.
  package init(
    source: any ByteSource, blockBytes: Int = 262_144, maximumRowBytes: Int = 65_536
  ) {
    precondition(blockBytes > 0 && maximumRowBytes > 0)
    self.source = source
    self.blockBytes = blockBytes
    self.maximumRowBytes = maximumRowBytes
  }

  /// Goes to the next row. Throws what the source throws.
  package func next() throws -> Outcome {
    if !begun { try passByteOrderMark() }
    passRow()
    while true {
      if isSkippingLine { try skipLine() }
      if rowStart == buffer.count {
        if sourceEnded { return .end }
        try fill()
        continue
      }
      switch scan() {
      case .incomplete:
        try fill()
      case .row(let end, let next):
        (rowEnd, nextStart) = (end, next)
        if end == rowStart, fields.count == 1 {
          emptyLines += 1
          passRow()
          continue
        }
        if let invalid = firstInvalidByte() { return fault(.invalidUTF8, at: invalid) }
        return .row
      case .fault(let kind, let position):
        if try recover() { return fault(kind, at: position) }
      }
    }
  }

  package var fieldCount: Int { fields.count }

  /// The bytes of a field, unquoted.
  package func field(_ index: Int) -> ArraySlice<UInt8> {
    let field = fields[index]
    let bytes = buffer[field.start..<field.end]
    return field.hasDoubledQuotes ? Self.singleQuotes(in: bytes) : bytes
  }

  /// The current row, or the faulty line, as it stands in the file, without its line end; of an
  /// endless line its beginning.
  package var rawRow: ArraySlice<UInt8> { buffer[rowStart..<rowEnd] }

  /// The character at which a field begins, from 1.
  package func character(ofField index: Int) -> Int {
    let quoted = fields[index].start > rowStart && buffer[fields[index].start - 1] == Byte.quote
    return place(of: fields[index].start - (quoted ? 1 : 0)).character
  }

  // MARK: The buffer

  private func passByteOrderMark() throws {
    begun = true
    while buffer.count < 3, !sourceEnded { try fill() }
    if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
      (rowStart, rowEnd, nextStart) = (3, 3, 3)
      bytesConsumed = 3
    }
  }

  private func passRow() {
    line += lineBreaks(rowStart..<nextStart)
    bytesConsumed += Int64(nextStart - rowStart)
    (rowStart, rowEnd) = (nextStart, nextStart)
  }

  /// Drops what is behind the current row's beginning and reads one more block.
  private func fill() throws {
    if rowStart > 0 {
      buffer.removeSubrange(0..<rowStart)
      (rowStart, rowEnd, nextStart) = (0, 0, 0)
    }
    if try source.append(to: &buffer, atMost: blockBytes) == 0 { sourceEnded = true }
  }

  private func skipLine() throws {
    while true {
      if let lineFeed = buffer[rowStart...].firstIndex(of: Byte.lineFeed) {
        nextStart = lineFeed + 1
        isSkippingLine = false
        return passRow()
      }
      nextStart = buffer.count
      passRow()
      if sourceEnded {
        isSkippingLine = false
        return
      }
      try fill()
    }
  }

  /// Finds where to go on after a fault: whether it could be told, or more had to be read first.
  private func recover() throws -> Bool {
    let longest = rowStart + maximumRowBytes
    if let lineFeed = buffer[rowStart...].firstIndex(of: Byte.lineFeed) {
      let hasReturn = lineFeed > rowStart && buffer[lineFeed - 1] == Byte.carriageReturn
      rowEnd = min(hasReturn ? lineFeed - 1 : lineFeed, longest)
      nextStart = lineFeed + 1
      return true
    }
    if !sourceEnded, buffer.count <= longest {
      try fill()
      return false
    }
    isSkippingLine = !sourceEnded
    (rowEnd, nextStart) = (min(buffer.count, longest), buffer.count)
    return true
  }

  // MARK: One row

  private enum Scan {
    /// More bytes are needed to tell.
    case incomplete
    case row(end: Int, next: Int)
    case fault(CSVFault.Kind, at: Int)
  }

  private enum FieldEnd {
    case incomplete
    case comma(next: Int)
    case row(end: Int, next: Int)
    case fault(CSVFault.Kind, at: Int)
  }

  private func scan() -> Scan {
    var found = fields
    fields = []
    found.removeAll(keepingCapacity: true)
    defer { fields = found }
    return buffer.withUnsafeBufferPointer { bytes in
      let limit = min(bytes.count, rowStart + maximumRowBytes)
      var at = rowStart
      while true {
        let end =
          at < limit && bytes[at] == Byte.quote
          ? scanQuoted(bytes, from: at, limit: limit, into: &found)
          : scanPlain(bytes, from: at, limit: limit, into: &found)
        switch end {
        case .incomplete: return .incomplete
        case .comma(let next): at = next
        case .row(let end, let next): return .row(end: end, next: next)
        case .fault(let kind, let position): return .fault(kind, at: position)
        }
      }
    }
  }

  private func scanPlain(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int, into fields: inout [Field]
  ) -> FieldEnd {
    var at = start
    while at < limit {
      let byte = bytes[at]
      // Above these four lies nearly every byte of a field.
      if byte > Byte.comma {
        at += 1
        continue
      }
      switch byte {
      case Byte.comma, Byte.lineFeed, Byte.carriageReturn:
        let end = fieldEnd(bytes, at: at, limit: limit)
        fields.append(Field(start: start, end: at, hasDoubledQuotes: false))
        return end
      case Byte.quote: return .fault(.strayQuote, at: at)
      default: at += 1
      }
    }
    guard limit == bytes.count else { return tooLong }
    guard sourceEnded else { return .incomplete }
    fields.append(Field(start: start, end: limit, hasDoubledQuotes: false))
    return .row(end: limit, next: limit)
  }

  private func scanQuoted(
    _ bytes: UnsafeBufferPointer<UInt8>, from open: Int, limit: Int, into fields: inout [Field]
  ) -> FieldEnd {
    var at = open + 1
    var doubled = false
    while at < limit {
      guard bytes[at] == Byte.quote else {
        at += 1
        continue
      }
      if at + 1 < bytes.count, bytes[at + 1] == Byte.quote {
        doubled = true
        at += 2
        continue
      }
      if at + 1 == bytes.count, !sourceEnded { return .incomplete }
      fields.append(Field(start: open + 1, end: at, hasDoubledQuotes: doubled))
      return fieldEnd(bytes, at: at + 1, limit: limit, afterQuote: true)
    }
    return limit == bytes.count && !sourceEnded ? .incomplete : .fault(.unclosedQuote, at: open)
  }

  /// What ends a field at that position.
  private func fieldEnd(
    _ bytes: UnsafeBufferPointer<UInt8>, at: Int, limit: Int, afterQuote: Bool = false
  ) -> FieldEnd {
    guard at < limit else {
      if limit < bytes.count { return tooLong }
      return sourceEnded ? .row(end: at, next: at) : .incomplete
    }
    switch bytes[at] {
    case Byte.comma: return .comma(next: at + 1)
    case Byte.lineFeed: return .row(end: at, next: at + 1)
    case Byte.carriageReturn:
      if at + 1 < bytes.count {
        return bytes[at + 1] == Byte.lineFeed
          ? .row(end: at, next: at + 2) : .fault(.strayCarriageReturn, at: at)
      }
      return sourceEnded ? .fault(.strayCarriageReturn, at: at) : .incomplete
    default:
      return .fault(afterQuote ? .textAfterQuote : .strayQuote, at: at)
    }
  }

  private var tooLong: FieldEnd {
    .fault(.rowTooLong(maximumBytes: maximumRowBytes), at: rowStart)
  }

  // MARK: Places

  private func firstInvalidByte() -> Int? {
    buffer.withUnsafeBufferPointer { bytes in
      UTF8Check.firstInvalid(UnsafeBufferPointer(rebasing: bytes[rowStart..<rowEnd]))
        .map { $0 + rowStart }
    }
  }

  private func fault(_ kind: CSVFault.Kind, at position: Int) -> Outcome {
    let place = place(of: position)
    return .fault(CSVFault(kind, line: place.line, character: place.character))
  }

  private func place(of position: Int) -> (line: Int, character: Int) {
    let before = buffer[rowStart..<position]
    let lineStart = before.lastIndex(of: Byte.lineFeed).map { $0 + 1 } ?? rowStart
    // Every byte but a continuation begins a character.
    let characters = buffer[lineStart..<position].count { $0 & 0xC0 != 0x80 }
    return (line + lineBreaks(rowStart..<lineStart), characters + 1)
  }

  private func lineBreaks(_ range: Range<Int>) -> Int {
    buffer.withUnsafeBufferPointer { bytes in
      var count = 0
      for at in range where bytes[at] == Byte.lineFeed { count += 1 }
      return count
    }
  }

  private static func singleQuotes(in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var isSecond = false
    for byte in bytes {
      if byte == Byte.quote {
        isSecond.toggle()
        if !isSecond { continue }
      }
      result.append(byte)
    }
    return result[...]
  }
}

enum Byte {
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let quote: UInt8 = 0x22
  static let comma: UInt8 = 0x2C
}
