/// What is said while a command works.
extension Phrase {
  static func timeLeft(_ time: String) -> Phrase {
    Phrase("\(time) left", ko: "\(time) 남음")
  }
}
