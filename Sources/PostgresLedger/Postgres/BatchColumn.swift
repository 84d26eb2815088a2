import Billing

/// One column of a batch of rows, as an array parameter: `unnest($1, $2, …)` makes rows of them.
///
/// Integers travel as `bigint[]` and are cast to the width of the column that they are written to.
struct BatchColumn {
  fileprivate let bytes: [UInt8]

  /// - Parameter encode: appends an element's bytes, or says `false`: NULL.
  private init<Rows: Collection>(
    _ rows: Rows, of element: UInt32, bytesEach: Int,
    _ encode: (Rows.Element, inout [UInt8]) -> Bool
  ) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20 + rows.count * (4 + bytesEach))
    // An empty array has no dimension.
    bytes.append(bigEndian: Int32(rows.isEmpty ? 0 : 1))
    bytes.append(bigEndian: Int32(1))
    bytes.append(bigEndian: element)
    if !rows.isEmpty {
      bytes.append(bigEndian: Int32(rows.count))
      bytes.append(bigEndian: Int32(1))
    }
    for row in rows {
      let place = bytes.count
      bytes.append(bigEndian: Int32(-1))
      guard encode(row, &bytes) else { continue }
      let length = Int32(bytes.count - place - 4)
      withUnsafeBytes(of: length.bigEndian) { length in
        for offset in 0..<4 { bytes[place + offset] = length[offset] }
      }
    }
    self.bytes = bytes
  }
}

/// A `bigint[]`.
struct IntegerColumn: PostgresValue {
  static var type: UInt32 { PostgresType.int8Array }
  private let column: BatchColumn

  init<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> some PostgresInteger) {
    column = BatchColumn(integers: rows) { value($0).postgresInteger }
  }

  init<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> Int64) {
    column = BatchColumn(integers: rows) { value($0) }
  }

  init<Rows: Collection>(optional rows: Rows, _ value: (Rows.Element) -> Int64?) {
    column = BatchColumn(integers: rows, value)
  }

  func encode(into bytes: inout [UInt8]) -> Bool { column.append(to: &bytes) }
}

/// A `text[]`.
struct TextColumn: PostgresValue {
  static var type: UInt32 { PostgresType.textArray }
  private let column: BatchColumn

  /// A value that is `nil` is NULL.
  init<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> String?) {
    column = BatchColumn(values: rows, of: PostgresType.text, bytesEach: 16, value)
  }

  func encode(into bytes: inout [UInt8]) -> Bool { column.append(to: &bytes) }
}

/// A `bytea[]`.
struct BytesColumn: PostgresValue {
  static var type: UInt32 { PostgresType.byteaArray }
  private let column: BatchColumn

  /// A value that is `nil` is NULL.
  init<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> [UInt8]?) {
    column = BatchColumn(values: rows, of: PostgresType.bytea, bytesEach: 32, value)
  }

  init<Rows: Collection>(hashes rows: Rows, _ value: (Rows.Element) -> ContentHash?) {
    column = BatchColumn(values: rows, of: PostgresType.bytea, bytesEach: 32, value)
  }

  func encode(into bytes: inout [UInt8]) -> Bool { column.append(to: &bytes) }
}

/// A `boolean[]`.
struct BooleanColumn: PostgresValue {
  static var type: UInt32 { PostgresType.boolArray }
  private let column: BatchColumn

  init<Rows: Collection>(_ rows: Rows, _ value: (Rows.Element) -> Bool) {
    column = BatchColumn(values: rows, of: PostgresType.bool, bytesEach: 1, value)
  }

  func encode(into bytes: inout [UInt8]) -> Bool { column.append(to: &bytes) }
}

extension BatchColumn {
  fileprivate init<Rows: Collection>(integers rows: Rows, _ value: (Rows.Element) -> Int64?) {
    self.init(rows, of: PostgresType.int8, bytesEach: 8) { row, bytes in
      value(row).encode(into: &bytes)
    }
  }

  fileprivate init<Rows: Collection>(
    values rows: Rows, of element: UInt32, bytesEach: Int,
    _ value: (Rows.Element) -> (some PostgresValue)?
  ) {
    self.init(rows, of: element, bytesEach: bytesEach) { row, bytes in
      value(row).encode(into: &bytes)
    }
  }

  fileprivate func append(to bytes: inout [UInt8]) -> Bool {
    bytes.append(contentsOf: self.bytes)
    return true
  }
}
