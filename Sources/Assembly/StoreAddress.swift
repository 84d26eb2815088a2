/// Where a store is, as its URL says. The embedded stores are files and folders; the schemes of
/// stores that need a server are known by name, so that the answer is better than "wrong value".
package enum StoreAddress: Hashable, Sendable {
  /// A path as written: absolute, or relative to the configuration file.
  case path(String)
  case notBuiltIn(scheme: String)
  case malformed

  /// - Parameter scheme: the one that the embedded default has, `sqlite` or `file`.
  package init(_ text: String, embedded scheme: String) {
    guard let colon = text.firstIndex(of: ":") else {
      self = .malformed
      return
    }
    let found = text[..<colon].lowercased()
    var rest = text[text.index(after: colon)...]
    guard found == scheme else {
      let servers = ["postgres", "postgresql", "mongodb", "mongodb+srv", "s3", "kafka"]
      self = servers.contains(found) ? .notBuiltIn(scheme: found) : .malformed
      return
    }
    if rest.hasPrefix("//") {
      // sqlite:///absolute: between the second and the third slash stands the host, which is none.
      rest = rest.dropFirst(2)
      guard rest.hasPrefix("/") else {
        self = .malformed
        return
      }
    }
    self = rest.isEmpty || rest.contains("\0") ? .malformed : .path(String(rest))
  }
}
