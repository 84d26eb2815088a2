/// The languages that the command speaks to a person.
package enum Language: String, CaseIterable, Sendable {
  case english = "en"
  case korean = "ko"

  /// Reads `en`, `ko` and what a locale begins with: `ko_KR.UTF-8`, `en-US`.
  package init?(tag text: String) {
    let tag = text.prefix { $0.isLetter }.lowercased()
    guard let match = Self(rawValue: tag) else { return nil }
    self = match
  }

  /// The one that `--locale` asks for, in a command line that may be wrong otherwise.
  package init?(arguments: [String]) {
    let own = arguments.prefix { $0 != "--" }
    let joined = own.last { $0.hasPrefix("--locale=") }.map { String($0.dropFirst(9)) }
    let apart = own.firstIndex(of: "--locale").flatMap {
      own.indices.contains($0 + 1) ? own[$0 + 1] : nil
    }
    guard let tag = apart ?? joined, let language = Self(tag: tag) else { return nil }
    self = language
  }

  /// The language that the environment asks for; English where it asks for none that we speak.
  package init(environment: [String: String]) {
    let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy
      .compactMap { environment[$0] }.first { !$0.isEmpty }
    self = asked.flatMap(Self.init(tag:)) ?? .english
  }
}
