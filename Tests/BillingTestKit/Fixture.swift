import Foundation

/// Import sets and other inputs that several suites read.
package enum Fixture {
  /// The folder of the rating fixture: an import set for 2026-10 with `expected.csv` beside it.
  package static var rating: String { folder("BillingTests/Fixtures/rating") }

  /// A folder below `Tests`.
  package static func folder(_ path: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent(path).path
  }

  package static func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}
