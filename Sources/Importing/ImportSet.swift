import Billing
import Foundation

/// The files that a folder holds, looked at before any of them is read.
struct ImportSet: Sendable {
  /// In the order in which they are read.
  let files: [InputFile]
  let warnings: [ImportWarning]
  private let directory: String

  /// Throws `ImportError` when there is nothing there to import.
  init(directory: String) throws(ImportError) {
    let names: Set<String>
    do {
      names = Set(try FileManager.default.contentsOfDirectory(atPath: directory))
    } catch {
      throw .notAFolder(directory)
    }
    self.directory = directory
    files = InputFile.allCases.filter { names.contains($0.rawValue) }
    guard !files.isEmpty else { throw .nothingToImport(directory) }
    let known = Set(InputFile.allCases.map(\.rawValue) + [RejectsFile.name])
    warnings = names.subtracting(known).filter { !$0.hasPrefix(".") }.sorted()
      .map(ImportWarning.unknownFile)
  }

  func path(of file: InputFile) -> String { directory + "/" + file.rawValue }

  /// What the record number is noted to come from: the folder's own name.
  var source: String { "import \(URL(fileURLWithPath: directory).lastPathComponent)" }
}

/// Why an import cannot even begin.
package enum ImportError: Error, Hashable, Sendable {
  case notAFolder(String)
  /// The folder holds none of `InputFile`.
  case nothingToImport(String)
}
