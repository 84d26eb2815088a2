import Assembly
import Billing
import Importing

/// What an import says when it is over.
struct ImportReportText {
  private let report: ImportReport
  private let language: Language

  init(_ report: ImportReport, language: Language) {
    self.report = report
    self.language = language
  }

  var table: String {
    let titles: [Phrase] = [.file, .newRows, .changedRows, .unchangedRows, .refused]
    var table = Table(
      titles.enumerated().map {
        Table.Column($1.text(in: language), $0 == 0 ? .left : .right)
      })
    for file in report.files {
      let counts = file.counts
      table.add(
        [file.file.rawValue]
          + [counts.new, counts.changed, counts.unchanged, file.refused].map(grouped))
    }
    return table.text()
  }

  /// A line a refusal, then how many more there are; then what was passed over.
  var remarks: [Phrase] {
    let locale: BillLocale = language == .korean ? .korean : .english
    var lines = report.refusals.map { refusal in
      Phrase(verbatim: "\(refusal.place): \(refusal.reason.text(in: locale))")
    }
    let more = report.refusedCount - report.refusals.count
    if more > 0 { lines.append(.andMore(more)) }
    for file in report.files where file.blank > 0 {
      lines.append(.blankRows(file.blank, in: file.file.rawValue))
    }
    return lines
      + report.warnings.map { warning in
        switch warning {
        case .unknownFile(let name): .notOfTheSet(name)
        }
      }
  }

  /// Where the rows are that were left out, and that nothing was done to them.
  var rejects: [Phrase] {
    guard let path = report.rejectsPath, report.refusedCount > 0 else { return [] }
    let written = Phrase.rejectsWritten(report.refusedCount, path)
    return report.rejectsHoldOtherEncodings ? [written, .rejectsAreNotUTF8] : [written]
  }

  var closing: Phrase {
    switch report.outcome {
    case .recorded(let number): .recorded(number)
    case .unchanged: .nothingNew
    case .checked: report.refusedCount > 0 ? .wouldImportOthers(report.refusedCount) : .wouldImport
    case .refused: .refusedRows(report.refusedCount)
    }
  }
}
