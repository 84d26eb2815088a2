import Foundation

/// Where a provider is: `https://host:port/path`; `http` only on this machine, since contacts and
/// bills go there.
package struct ProviderAddress: Hashable, Sendable {
  /// Without a slash at its end.
  let text: String
  /// `host`, or `host:port` where the port is not the scheme's own: what a request to it calls it.
  package let authority: String

  /// `nil` for anything else, also for plain `http` to another machine, and for an address with a
  /// password in it, a query or a fragment.
  package init?(_ text: String) {
    guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme),
      let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil,
      parts.query == nil, parts.fragment == nil,
      parts.scheme == "https" || Self.isThisMachine(host),
      parts.port.map({ (1...65_535).contains($0) }) ?? true
    else { return nil }
    self.text = text.hasSuffix("/") ? String(text.dropLast()) : text
    let usual = parts.scheme == "https" ? 443 : 80
    authority = parts.port.flatMap { $0 == usual ? nil : "\(host):\($0)" } ?? host
  }

  /// By the text alone: what a name stands for can change.
  private static func isThisMachine(_ host: String) -> Bool {
    if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { $0.allSatisfy(\.isNumber) && UInt8($0) != nil }
  }

  /// The address of something below it; each part is escaped.
  func url(_ parts: String...) -> URL? {
    let escaped = parts.map {
      $0.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? ""
    }
    return URL(string: ([text] + escaped).joined(separator: "/"))
  }

  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
