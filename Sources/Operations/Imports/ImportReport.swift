import Billing
package import Importing

extension ImportReport {
  package var json: JSON {
    var number: JSON = .null
    if case .recorded(let recorded) = outcome { number = .integer(recorded) }
    return [
      "outcome": .string(outcomeName),
      "recordNumber": number,
      "files": .array(
        files.map { file in
          [
            "file": .string(file.file.rawValue), "new": .number(file.counts.new),
            "changed": .number(file.counts.changed), "unchanged": .number(file.counts.unchanged),
            "refused": .number(file.refused), "blank": .number(file.blank),
          ]
        }),
      "refused": .number(refusedCount),
      "refusals": .array(
        refusals.map { refusal in
          [
            "file": .string(refusal.file.rawValue), "line": .number(refusal.line),
            "column": .optional(refusal.column?.description),
            "reason": .string(refusal.reason.text(in: .english)),
          ]
        }),
      "rejects": .optional(rejectsPath),
    ]
  }

  private var outcomeName: String {
    switch outcome {
    case .recorded: "recorded"
    case .unchanged: "unchanged"
    case .checked: "checked"
    case .refused: "refused"
    }
  }
}
