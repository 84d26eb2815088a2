import ArgumentParser
import Billing

/// What somebody says in a flag and what is kept for good: why, by whom, and what another system calls
/// it.
struct KeptText {
  let option: String
  /// Characters.
  let longest: Int
  /// Digits that hang on letters are no telephone number in it.
  let isIdentifier: Bool

  static let why = KeptText(option: "--why", longest: 500, isIdentifier: false)
  static let reason = KeptText(option: "--reason", longest: 500, isIdentifier: false)
  static let who = KeptText(option: "--who", longest: 100, isIdentifier: false)
  static let reference = KeptText(option: "--reference", longest: 200, isIdentifier: true)

  /// Refuses nothing and too much, as wrong usage.
  func validate(_ text: String?) throws {
    guard let text else { return }
    guard !text.allSatisfy(\.isWhitespace), text.count <= longest else {
      throw ValidationError(.textBetween(option, longest))
    }
  }

  /// Refuses what must not be kept: anybody's contact, and what is not seen when it is read.
  func check(_ text: String?) throws(CommandFailure) {
    guard let text else { return }
    if let fault = TextRule.prose.fault(in: text) {
      throw CommandFailure(.wrongUsage, .unseenIn(option, fault), remedy: .typeItAnew)
    }
    let holdsContact =
      isIdentifier
      ? ContactInText.isPresent(inIdentifier: text) : ContactInText.isPresent(in: text)
    if holdsContact { throw CommandFailure(.wrongUsage, .contactIn(option), remedy: .nameNobody) }
  }
}
