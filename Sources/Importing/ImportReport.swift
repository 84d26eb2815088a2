/// How a set is to be imported.
package struct ImportOptions: Hashable, Sendable {
  /// Checks everything, references included, and stores nothing.
  package var dryRun: Bool
  /// Stores the good rows and writes the bad ones to `rejectsPath`; otherwise one bad row refuses
  /// the set. A file whose header or catalog is wrong refuses the set all the same.
  package var skipBadRows: Bool
  /// Where bad rows go; `rejects.csv` in the folder of the set when `nil`.
  package var rejectsPath: String?

  package init(dryRun: Bool = false, skipBadRows: Bool = false, rejectsPath: String? = nil) {
    self.dryRun = dryRun
    self.skipBadRows = skipBadRows
    self.rejectsPath = rejectsPath
  }
}

/// How far an import is.
package struct ImportProgress: Hashable, Sendable {
  package var file: InputFile
  /// Of this file.
  package var bytesDone: Int64
  package var bytesTotal: Int64
  /// Of all files together.
  package var setBytesDone: Int64
  package var setBytesTotal: Int64
  /// Rows of this file so far, bad ones included.
  package var rows: Int

  package init(
    file: InputFile, bytesDone: Int64, bytesTotal: Int64, setBytesDone: Int64,
    setBytesTotal: Int64, rows: Int
  ) {
    self.file = file
    self.bytesDone = bytesDone
    self.bytesTotal = bytesTotal
    self.setBytesDone = setBytesDone
    self.setBytesTotal = setBytesTotal
    self.rows = rows
  }
}

/// What an import did.
package struct ImportReport: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// Stored under this record number.
    case recorded(number: Int64)
    /// Everything was there already: nothing was written, no number taken.
    case unchanged
    /// A dry run that nothing stands in the way of.
    case checked
    /// Something is refused: nothing is stored.
    case refused
  }

  package var outcome: Outcome
  /// The files that were there, in the order in which they were read.
  package var files: [FileReport]
  /// The first of what is refused; `refusedCount` says of how many.
  package var refusals: [Refusal]
  package var refusedCount: Int
  /// A header or the catalog is wrong: then there are no good rows to go on with.
  package var hasUnreadableFile: Bool
  package var warnings: [ImportWarning]
  /// Where the bad rows were written; `nil` unless they were to be skipped.
  package var rejectsPath: String?
  /// Some of them are not UTF-8, and are there as they are.
  package var rejectsHoldOtherEncodings = false

  package init(
    outcome: Outcome, files: [FileReport], refusals: [Refusal], refusedCount: Int,
    hasUnreadableFile: Bool, warnings: [ImportWarning], rejectsPath: String?
  ) {
    self.outcome = outcome
    self.files = files
    self.refusals = refusals
    self.refusedCount = refusedCount
    self.hasUnreadableFile = hasUnreadableFile
    self.warnings = warnings
    self.rejectsPath = rejectsPath
  }
}

/// One file's share. A catalog counts as one row.
package struct FileReport: Hashable, Sendable {
  package var file: InputFile
  package var counts: InputCounts
  package var refused: Int
  /// Rows without anything in them, which are passed over.
  package var blank: Int
  /// Rows in all, without the blank ones.
  package var rows: Int { counts.new + counts.changed + counts.unchanged + refused }

  package init(
    file: InputFile, counts: InputCounts = InputCounts(), refused: Int = 0, blank: Int = 0
  ) {
    self.file = file
    self.counts = counts
    self.refused = refused
    self.blank = blank
  }
}

package enum ImportWarning: Hashable, Sendable {
  /// A file of the folder that is no part of an import set, and was not read.
  case unknownFile(String)
}
