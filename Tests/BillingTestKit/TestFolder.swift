import Foundation

/// A folder of a test's own, removed when it is let go.
package final class TestFolder: Sendable {
  package let path: String

  package init() throws {
    let template = FileManager.default.temporaryDirectory
      .appendingPathComponent("billing-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    path = template.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { path + "/" + name }
}
