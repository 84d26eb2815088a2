import Billing
import Foundation

/// The rows that an import left out, with the reasons: `file,line,column,reason,row`.
///
/// It repeats rows as they are, personal data included, so only its owner may read it. It appears
/// under its name when the good rows are stored, not before.
struct RejectsFile {
  static let name = "rejects.csv"
  private let file: BufferedFile

  init(path: String) throws(StoreError) {
    file = try BufferedFile(path: Self.unfinished(path), mode: 0o600)
    try file.append("file,line,column,reason,row\n")
  }

  /// - Parameter row: as it stands in its file; bytes that are not UTF-8 become U+FFFD.
  func append(_ refusal: Refusal, row: [UInt8]) throws(StoreError) {
    let fields = [
      refusal.file.rawValue, String(refusal.line), refusal.column.map { "\($0)" } ?? "",
      refusal.reason.text(in: .english), String(decoding: row, as: UTF8.self),
    ]
    try file.append(fields.map(CSVField.text).joined(separator: ",") + "\n")
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

/// How a field is written.
enum CSVField {
  /// Quoted where it must be.
  static func text(_ text: String) -> String {
    guard text.utf8.contains(where: { "\",\n\r".utf8.contains($0) }) else { return text }
    var quoted = "\""
    for character in text.unicodeScalars {
      if character == "\"" { quoted.unicodeScalars.append(character) }
      quoted.unicodeScalars.append(character)
    }
    return quoted + "\""
  }
}
