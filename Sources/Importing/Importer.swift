package import Billing

/// Loads an import set: a folder of CSV files and a catalog, in one transaction of the ledger.
///
/// Files are read as streams, so they may be larger than memory. Without `skipBadRows` one bad row
/// refuses the set and nothing of it is stored; the report then lists many at once, so that they
/// can be mended at once.
package struct Importer: Sendable {
  private let ledger: any InputLedger
  private let seal: ContactSeal
  private let limits: Limits

  struct Limits: Sendable {
    /// Rows handed to the ledger at once.
    var batchRows: Int
    /// Bytes read from a file at once.
    var blockBytes: Int
    /// Refusals that a report lists; the others are counted.
    var listedRefusals: Int
  }

  package init(
    ledger: any InputLedger, seal: ContactSeal, batchRows: Int = 1000,
    blockBytes: Int = 262_144, listedRefusals: Int = 100
  ) {
    precondition(batchRows > 0 && blockBytes > 0 && listedRefusals >= 0)
    self.ledger = ledger
    self.seal = seal
    limits = Limits(
      batchRows: batchRows, blockBytes: blockBytes, listedRefusals: listedRefusals)
  }

  /// Imports a folder. Bad data is in the report; what is thrown is `ImportError` (nothing there),
  /// `StoreError` (a file or the ledger fails), or `CancellationError`; nothing is stored then.
  ///
  /// - Parameters:
  ///   - progress: called after every batch, from the thread that imports.
  ///   - isCancelled: asked after every batch.
  package func run(
    directory: String, options: ImportOptions = ImportOptions(),
    progress: @escaping @Sendable (ImportProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { Task.isCancelled }
  ) async throws -> ImportReport {
    let set = try ImportSet(directory: directory)
    let rejectsPath =
      options.skipBadRows && !options.dryRun
      ? options.rejectsPath ?? directory + "/" + RejectsFile.name : nil
    do {
      let recorded = try await ledger.recordInputs(source: set.source) { writer in
        let pass = ImportPass(
          set: set, writer: writer, seal: seal, limits: limits, options: options,
          rejects: try rejectsPath.map(RejectsFile.init(path:)))
        return try pass.run(progress: progress, isCancelled: isCancelled)
      }
      var report = recorded.result
      guard report.outcome != .refused else {
        if let rejectsPath { RejectsFile.discard(rejectsPath) }
        return report
      }
      if let rejectsPath { try RejectsFile.publish(rejectsPath) }
      report.rejectsPath = rejectsPath
      switch recorded.outcome {
      case .recorded(let number): report.outcome = .recorded(number: number)
      case .unchanged: report.outcome = .unchanged
      case .discarded: report.outcome = .checked
      }
      return report
    } catch {
      if let rejectsPath { RejectsFile.discard(rejectsPath) }
      throw error
    }
  }
}
