/// At which of the times that a process comes to a moment it is met, try after try.
///
/// How often it comes there is not the same twice: with more to do beside it a consumer records more
/// outcomes at once, polls less, stores fewer offsets. So what the process that was missed did says
/// where the next one is looked for, always earlier than before, and in the end at the first time: a
/// moment that is missed even then is one that no process comes to.
struct CrashTries {
  private let occurrence: CrashPoint.Occurrence
  private var number: Int
  private var adapted = 0
  private var atFirst = 0

  /// Tries at numbers that the missed ones say, before only the first is left.
  private static let maxAdapted = 5
  private static let maxAtFirst = 4

  init(meant number: Int, occurrence: CrashPoint.Occurrence) {
    self.number = number
    self.occurrence = occurrence
  }

  /// `nil` when all of them missed.
  var next: Int? { atFirst < Self.maxAtFirst ? number : nil }

  mutating func missed(ofCount count: Int) {
    guard number > 1 else {
      atFirst += 1
      return
    }
    adapted += 1
    let there = occurrence.number(of: count) ?? 1
    number = adapted < Self.maxAdapted ? max(1, min(there, number - 1)) : 1
  }
}
