import Billing

/// Reads the rows of a `COPY … TO STDOUT (FORMAT binary)`. The server sends a row at a time, the
/// first behind the header.
struct CopyReader {
  private var hasHeader = false

  mutating func read(
    _ data: UnsafeMutableRawBufferPointer, _ body: (inout CopiedRow) throws -> Void
  ) throws {
    var row = CopiedRow(UnsafeRawBufferPointer(data))
    if !hasHeader {
      hasHeader = true
      row.skipHeader()
      if row.isAtEnd { return }
    }
    guard row.fieldCount() >= 0 else { return }
    try body(&row)
  }
}

/// One row, its columns read in order, each once; valid only inside the body that it is handed to.
struct CopiedRow {
  private let data: UnsafeRawBufferPointer
  private var position = 0

  fileprivate init(_ data: UnsafeRawBufferPointer) { self.data = data }

  fileprivate var isAtEnd: Bool { position >= data.count }

  fileprivate mutating func skipHeader() { position += 19 }

  fileprivate mutating func fieldCount() -> Int16 { load() }

  /// A `smallint`, `integer` or `bigint`; `nil` where it is NULL.
  mutating func optionalInteger() -> Int64? {
    let length: Int32 = load()
    switch length {
    case 8: return load()
    case 4: return Int64(load() as Int32)
    case 2: return Int64(load() as Int16)
    case -1: return nil
    default: preconditionFailure("a column is no integer")
    }
  }

  mutating func integer() -> Int64 { optionalInteger() ?? 0 }

  mutating func optionalBytes() -> [UInt8]? {
    let length: Int32 = load()
    guard length >= 0 else { return nil }
    defer { position += Int(length) }
    return Array(data[position..<position + Int(length)])
  }

  mutating func text() -> String { String(decoding: optionalBytes() ?? [], as: UTF8.self) }

  mutating func hash() throws -> ContentHash {
    guard let hash = optionalBytes().flatMap({ $0.withUnsafeBytes { ContentHash(bytes: $0) } })
    else { throw StoreError(.corrupt, operation: "read a hash", detail: "it is not 32 bytes") }
    return hash
  }

  private mutating func load<Value: FixedWidthInteger>() -> Value {
    defer { position += MemoryLayout<Value>.size }
    return Value(bigEndian: data.loadUnaligned(fromByteOffset: position, as: Value.self))
  }
}
