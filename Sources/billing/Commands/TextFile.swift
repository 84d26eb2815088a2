import Foundation

/// A text that somebody names on the command line.
enum TextFile {
  static func read(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandFailure(.badInput, .unreadableList(path), remedy: .nameReadableFile)
    }
    return text
  }
}
