import Billing
import Foundation

/// The rows that an import left out, with the reasons: `file,line,column,reason,row`.
///
/// It repeats rows byte for byte, personal data included, so only its owner may read it: what was
/// not UTF-8 is not UTF-8 here either, and nothing is done to what a spreadsheet would take for a
/// formula. It appears under its name when the good rows are stored, not before.
final class RejectsFile {
  static let name = "rejects.csv"
  private let file: BufferedFile
  /// Some of the rows are not UTF-8.
  private(set) var holdsOtherEncodings = false

  init(path: String) throws(StoreError) {
    file = try BufferedFile(path: Self.unfinished(path))
    try file.append("file,line,column,reason,row\n")
  }

  /// - Parameter row: as it stands in its file.
  func append(_ refusal: Refusal, row: [UInt8]) throws(StoreError) {
    if row.withUnsafeBufferPointer(UTF8Check.firstInvalid) != nil { holdsOtherEncodings = true }
    try file.append(
      CSVField.row([
        .text(refusal.file.rawValue), .number(Int64(refusal.line)),
        .text(refusal.column.map { "\($0)" } ?? ""), .text(refusal.reason.text(in: .english)),
        .asIs(row),
      ]))
  }

  func finish() throws(StoreError) { try file.finish(durably: true) }

  /// Puts the finished file in its place.
  static func publish(_ path: String) throws(StoreError) {
    guard rename(unfinished(path), path) == 0 else {
      throw .file(.broken, "write \(path)", code: errno)
    }
  }

  /// Removes what an import that stored nothing has begun.
  static func discard(_ path: String) {
    unlink(unfinished(path))
  }

  private static func unfinished(_ path: String) -> String { path + ".unfinished" }
}
