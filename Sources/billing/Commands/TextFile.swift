import Foundation

/// A text that somebody names on the command line.
enum TextFile {
  /// The text without the byte order mark that some editors put before it.
  static func read(_ path: String) throws -> String {
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
      throw CommandFailure(.badInput, .unreadableFile(path), remedy: .nameReadableFile)
    }
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw CommandFailure(.badInput, .notUTF8(path), remedy: .saveAsUTF8)
    }
    guard text.unicodeScalars.first == "\u{FEFF}" else { return text }
    return String(text.unicodeScalars.dropFirst())
  }
}
