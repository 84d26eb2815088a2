/// What is said about importing.
extension Phrase {
  static let file = Phrase("file", ko: "파일")
  static let newRows = Phrase("new", ko: "신규")
  static let changedRows = Phrase("changed", ko: "변경")
  static let unchangedRows = Phrase("unchanged", ko: "동일")
  static let refused = Phrase("refused", ko: "거부")

  static func recorded(_ number: Int64) -> Phrase {
    Phrase("Recorded under number \(number).", ko: "기록 번호 \(number)(으)로 저장했습니다.")
  }

  static func recordedWithout(_ refused: Int, _ number: Int64, _ path: String) -> Phrase {
    Phrase(
      "Recorded under number \(number); \(grouped(refused)) rows were refused and written to \(path).",
      ko: "기록 번호 \(number)(으)로 저장했습니다. 거부한 \(grouped(refused))행은 \(path)에 있습니다.")
  }

  static let nothingNew = Phrase(
    "Everything was there already; nothing was written.",
    ko: "이미 모두 있어 아무것도 쓰지 않았습니다.")

  static let wouldImport = Phrase(
    "Nothing stands in the way of importing it; nothing was stored.",
    ko: "가져오는 데 문제가 없습니다. 아무것도 저장하지 않았습니다.")

  static func refusedRows(_ count: Int) -> Phrase {
    Phrase(
      "Refused: \(grouped(count)); nothing of the set was stored.",
      ko: "거부 \(grouped(count))건. 아무것도 저장하지 않았습니다.")
  }

  static let mendRowsOrSkip = Phrase(
    "Mend what is listed above, or import the rest with --skip-bad-rows.",
    ko: "위에 적힌 곳을 고치거나 --skip-bad-rows로 나머지만 가져오십시오.")

  static func nothingToImport(_ detail: String) -> Phrase {
    Phrase("Nothing to import: \(detail).", ko: "가져올 것이 없습니다: \(detail).")
  }

  static let nameImportSet = Phrase(
    "Name the folder of an import set; docs/IMPORT.md lists its files.",
    ko: "가져올 폴더를 지정하십시오. 파일 목록은 docs/IMPORT.md에 있습니다.")

  static func writing(_ directory: String) -> Phrase {
    Phrase("customers to \(directory)", ko: "\(directory)에 고객 생성")
  }

  static func badSample(_ detail: String) -> Phrase {
    Phrase("No such sample: \(detail).", ko: "만들 수 없는 예제: \(detail).")
  }

  static func importSetThere(_ path: String) -> Phrase {
    Phrase("\(path) is there already.", ko: "\(path)이(가) 이미 있습니다.")
  }

  static let forceSample = Phrase(
    "Name another folder, or write over it with --force.",
    ko: "다른 폴더를 지정하거나 --force로 덮어쓰십시오.")

  static let seeSampleHelp = Phrase(
    "See `billing help sample`.", ko: "`billing help sample`을 참고하십시오.")
}
