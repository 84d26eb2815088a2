import Billing

/// Writes the rows of a `COPY … FROM STDIN (FORMAT binary)`. Each row is `row()`, then a value for
/// every column in order, in the column's own type: here nothing is cast.
final class CopyWriter {
  private let columnCount: Int
  private let send: (UnsafeBufferPointer<CChar>) throws -> Void
  private var bytes: [UInt8] = []
  private static let flushSize = 65_536

  init(columnCount: Int, send: @escaping (UnsafeBufferPointer<CChar>) throws -> Void) {
    self.columnCount = columnCount
    self.send = send
    bytes.reserveCapacity(Self.flushSize + 4096)
    bytes.append(contentsOf: Array("PGCOPY\n".utf8) + [0xFF] + Array("\r\n".utf8) + [0])
    // No flags, no extension of the header.
    bytes.append(bigEndian: Int64(0))
  }

  func row() throws {
    if bytes.count >= Self.flushSize { try flush() }
    bytes.append(bigEndian: Int16(columnCount))
  }

  func null() { bytes.append(bigEndian: Int32(-1)) }

  /// A `bigint`.
  func int8(_ value: Int64) {
    bytes.append(bigEndian: Int32(8))
    bytes.append(bigEndian: value)
  }

  func int8(_ value: Int64?) {
    if let value { int8(value) } else { null() }
  }

  /// An `integer`.
  func int4(_ value: some BinaryInteger) {
    bytes.append(bigEndian: Int32(4))
    bytes.append(bigEndian: Int32(value))
  }

  func int4(_ value: (some BinaryInteger)?) {
    if let value { int4(value) } else { null() }
  }

  /// A `smallint`.
  func int2(_ value: some BinaryInteger) {
    bytes.append(bigEndian: Int32(2))
    bytes.append(bigEndian: Int16(value))
  }

  func bool(_ value: Bool) {
    bytes.append(bigEndian: Int32(1))
    bytes.append(value ? 1 : 0)
  }

  func text(_ value: String) {
    var value = value
    value.withUTF8 { utf8 in
      bytes.append(bigEndian: Int32(utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  func text(_ value: String?) {
    if let value { text(value) } else { null() }
  }

  func bytes(_ value: [UInt8]) {
    bytes.append(bigEndian: Int32(value.count))
    bytes.append(contentsOf: value)
  }

  func bytes(_ value: [UInt8]?) {
    if let value { bytes(value) } else { null() }
  }

  func hash(_ value: ContentHash) {
    bytes.append(bigEndian: Int32(32))
    value.withBytes { bytes.append(contentsOf: $0) }
  }

  func hash(_ value: ContentHash?) {
    if let value { hash(value) } else { null() }
  }

  func end() throws {
    bytes.append(bigEndian: Int16(-1))
    try flush()
  }

  private func flush() throws {
    try bytes.withUnsafeBytes { try send($0.bindMemory(to: CChar.self)) }
    bytes.removeAll(keepingCapacity: true)
  }
}
