import Billing

/// One import set on its way into one open transaction. Lives on the thread of that transaction.
final class ImportPass {
  private let set: ImportSet
  private let writer: any InputWriter
  private let seal: ContactSeal
  private let limits: Importer.Limits
  private let options: ImportOptions
  private let rejects: RejectsFile?

  private var files: [FileReport] = []
  private var refusals: [Refusal] = []
  private var refusedCount = 0
  /// A header or a catalog is wrong: there are no rows to skip.
  private var hasUnreadableFile = false
  private var setBytesDone: Int64 = 0

  init(
    set: ImportSet, writer: any InputWriter, seal: ContactSeal, limits: Importer.Limits,
    options: ImportOptions, rejects: RejectsFile?
  ) {
    self.set = set
    self.writer = writer
    self.seal = seal
    self.limits = limits
    self.options = options
    self.rejects = rejects
  }

  /// Reads and writes every file, and decides whether the ledger is to keep it.
  func run(
    progress: (ImportProgress) -> Void, isCancelled: () -> Bool
  ) throws -> InputDecision<ImportReport> {
    var sources: [(InputFile, FileBytes)] = []
    for file in set.files { sources.append((file, try FileBytes(path: set.path(of: file)))) }
    let setBytes = sources.reduce(0) { $0 + $1.1.byteCount }
    for (file, source) in sources {
      if isCancelled() { throw CancellationError() }
      files.append(FileReport(file: file))
      if file == .catalog {
        try importCatalog(source)
      } else {
        try importRows(of: file, source) { done, rows in
          progress(
            ImportProgress(
              file: file, bytesDone: done, bytesTotal: source.byteCount,
              setBytesDone: setBytesDone + done, setBytesTotal: setBytes, rows: rows))
          if isCancelled() { throw CancellationError() }
        }
      }
      setBytesDone += source.byteCount
    }
    try rejects?.finish()
    return decision
  }

  private var decision: InputDecision<ImportReport> {
    let isRefused = hasUnreadableFile || (refusedCount > 0 && !options.skipBadRows)
    var report = ImportReport(
      outcome: isRefused ? .refused : .checked, files: files, refusals: refusals,
      refusedCount: refusedCount, hasUnreadableFile: hasUnreadableFile, warnings: set.warnings,
      rejectsPath: nil)
    report.rejectsHoldOtherEncodings = rejects?.holdsOtherEncodings ?? false
    return isRefused || options.dryRun ? .discard(report) : .keep(report)
  }

  // MARK: The catalog

  static let maximumCatalogBytes = 4_194_304

  private func importCatalog(_ source: FileBytes) throws {
    var bytes: [UInt8] = []
    while try source.append(to: &bytes, atMost: limits.blockBytes) > 0 {
      guard bytes.count <= Self.maximumCatalogBytes else {
        return try refuseFile(
          .catalog, .catalogTooLarge(maximumBytes: Self.maximumCatalogBytes))
      }
    }
    // A zero is in no text, and every second byte of UTF-16.
    let invalid = bytes.withUnsafeBufferPointer(UTF8Check.firstInvalid)
    if let invalid = invalid ?? bytes.firstIndex(of: 0) {
      return try refuseFile(Self.refusal(of: bytes, invalidFrom: invalid))
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let catalog: Catalog
    do {
      catalog = try Catalog(yaml: text)
    } catch {
      return try refuseFile(Self.refusal(of: error))
    }
    let outcome = try writer.record(
      catalog: CatalogText(
        version: catalog.version, effectiveFrom: catalog.effectiveFrom, currency: catalog.currency,
        text: text))
    files[files.count - 1].counts += outcome.counts
    for refusal in outcome.refusals { try refuseFile(.catalog, .ledger(refusal.reason)) }
  }

  private static func refusal(of bytes: [UInt8], invalidFrom position: Int) -> Refusal {
    let before = bytes[..<position]
    let lineStart = before.lastIndex(of: Byte.lineFeed).map { $0 + 1 } ?? 0
    let lineEnd = bytes[position...].firstIndex(of: Byte.lineFeed) ?? bytes.count
    let fault = CSVFault(
      .invalidUTF8, line: before.count { $0 == Byte.lineFeed } + 1,
      character: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    return Refusal(file: .catalog, fault: fault, in: bytes[lineStart..<lineEnd])
  }

  private static func refusal(of error: CatalogError) -> Refusal {
    Refusal(
      file: .catalog, line: error.line ?? 1, column: error.column.map(RefusalColumn.character),
      reason: .notACatalog(error))
  }

  private func refuseFile(_ file: InputFile, _ reason: RefusalReason) throws {
    try refuseFile(Refusal(file: file, line: 1, column: nil, reason: reason))
  }

  private func refuseFile(_ refusal: Refusal) throws {
    hasUnreadableFile = true
    try refuse(refusal, row: [])
  }

  // MARK: Rows

  /// Rows read and not yet handed over, and those already found bad, until both go out together.
  private struct Pending {
    var rows: RowBuffer
    /// Where the good rows stand.
    var lines: [Int] = []
    /// The good rows as they stand in the file, where they may have to be repeated.
    var texts: [[UInt8]] = []
    var bad: [(refusal: Refusal, text: [UInt8])] = []

    var count: Int { lines.count + bad.count }
  }

  private func importRows(
    of file: InputFile, _ source: FileBytes, _ afterBatch: (Int64, Int) throws -> Void
  ) throws {
    let reader = CSVReader(source: source, blockBytes: limits.blockBytes)
    let header: CSVHeader
    switch try CSVHeader.read(reader, of: file) {
    case .header(let read): header = read
    case .refused(let refusals):
      for refusal in refusals { try refuseFile(refusal) }
      return
    }
    var pending = Pending(rows: RowBuffer(file: file))
    while try read(reader, header, file, into: &pending) {
      guard pending.count >= limits.batchRows else { continue }
      try hand(over: &pending, of: file)
      try afterBatch(reader.bytesConsumed, files[files.count - 1].rows)
    }
    try hand(over: &pending, of: file)
    files[files.count - 1].blank += reader.emptyLines
    try afterBatch(reader.bytesConsumed, files[files.count - 1].rows)
  }

  /// Whether there was a row.
  private func read(
    _ reader: CSVReader, _ header: CSVHeader, _ file: InputFile, into pending: inout Pending
  ) throws -> Bool {
    switch try reader.next() {
    case .end: return false
    case .fault(let fault):
      let refusal = Refusal(file: file, fault: fault, in: reader.rawRow)
      pending.bad.append((refusal, text(reader)))
    case .row:
      // A spreadsheet writes an empty row as commas alone.
      guard !BlankRow.isCurrent(of: reader) else {
        files[files.count - 1].blank += 1
        return true
      }
      let expected = header.positions.count
      guard reader.fieldCount == expected else {
        pending.bad.append((Self.wrongCount(reader, header, file), text(reader)))
        return true
      }
      var fields = RowFields(reader: reader, header: header)
      do {
        try pending.rows.append(&fields)
        pending.lines.append(reader.line)
        if rejects != nil { pending.texts.append(text(reader)) }
      } catch {
        let refusal = Refusal(
          file: file, line: reader.line, column: .named(file.columns[error.column]),
          reason: error.reason)
        pending.bad.append((refusal, text(reader)))
      }
    }
    return true
  }

  private func text(_ reader: CSVReader) -> [UInt8] {
    rejects == nil ? [] : Array(reader.rawRow)
  }

  /// Too few: the first column that has no field; too many: the first field that has no column.
  private static func wrongCount(
    _ reader: CSVReader, _ header: CSVHeader, _ file: InputFile
  ) -> Refusal {
    let (expected, found) = (header.positions.count, reader.fieldCount)
    if found > expected {
      let isSurplus = (expected..<found).allSatisfy { reader.field($0).isEmpty }
      return Refusal(
        file: file, line: reader.line,
        column: .character(reader.character(ofField: expected)),
        reason: isSurplus
          ? .surplusCommas(expected: expected, found: found)
          : .tooManyFields(expected: expected, found: found))
    }
    if found == 1, let other = GuessedSeparator.inRow(reader.rawRow, fields: expected) {
      return Refusal(file: file, line: reader.line, column: nil, reason: .otherSeparator(other))
    }
    let missing = header.positions.firstIndex(of: found) ?? expected - 1
    return Refusal(
      file: file, line: reader.line, column: .named(file.columns[missing]),
      reason: .tooFewFields(expected: expected, found: found))
  }

  /// Gives the good rows to the ledger, and notes what is refused in the order of the file.
  private func hand(over pending: inout Pending, of file: InputFile) throws {
    if !pending.lines.isEmpty {
      let outcome = try writer.record(pending.rows.batch(seal: seal))
      files[files.count - 1].counts += outcome.counts
      for refused in outcome.refusals {
        let refusal = Refusal(
          file: file, line: pending.lines[refused.row],
          column: refused.reason.column(in: file).map(RefusalColumn.named),
          reason: .ledger(refused.reason))
        pending.bad.append((refusal, rejects == nil ? [] : pending.texts[refused.row]))
      }
      if !outcome.refusals.isEmpty { pending.bad.sort { $0.refusal.line < $1.refusal.line } }
    }
    for (refusal, text) in pending.bad { try refuse(refusal, row: text) }
    pending.rows.removeAll()
    pending.lines.removeAll(keepingCapacity: true)
    pending.texts.removeAll(keepingCapacity: true)
    pending.bad.removeAll(keepingCapacity: true)
  }

  private func refuse(_ refusal: Refusal, row: [UInt8]) throws {
    refusedCount += 1
    files[files.count - 1].refused += 1
    if refusals.count < limits.listedRefusals { refusals.append(refusal) }
    try rejects?.append(refusal, row: row)
  }
}

extension LedgerRefusal {
  /// The column that a refusal of a row is about.
  fileprivate func column(in file: InputFile) -> String? {
    switch self {
    case .unknownCustomer: "customer_id"
    case .unknownLine, .lineOfAnotherCustomer: "line_id"
    case .chargeOfAnotherCustomer: "charge_id"
    case .chargeOfSettledMonth: "charged_on"
    case .statedTwice: file.columns.first
    case .catalogDiffers: nil
    }
  }
}
