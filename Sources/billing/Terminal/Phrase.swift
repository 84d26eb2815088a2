import Assembly

/// Something said to a person, in every language that the command speaks.
///
/// A phrase cannot be made without all of its texts, so a translation cannot be missing. The
/// phrases are listed by theme in `Phrases…` beside this file.
struct Phrase: Hashable, Sendable {
  let english: String
  let korean: String

  init(_ english: String, ko korean: String) {
    self.english = english
    self.korean = korean
  }

  /// The same in every language: a name, a number, what a store said.
  init(verbatim text: String) {
    english = text
    korean = text
  }

  func text(in language: Language) -> String {
    switch language {
    case .english: english
    case .korean: korean
    }
  }
}
