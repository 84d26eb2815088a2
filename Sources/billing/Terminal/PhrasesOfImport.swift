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

  static func rejectsWritten(_ refused: Int, _ path: String) -> Phrase {
    Phrase(
      "\(refused == 1 ? "1 row was" : "\(grouped(refused)) rows were") refused and written to "
        + "\(path), byte for byte as in the file, with the reason.",
      ko: "거부한 \(grouped(refused))행은 파일에 있던 바이트 그대로 이유와 함께 \(path)에 있습니다.")
  }

  static let rejectsAreNotUTF8 = Phrase(
    "Not all of it is UTF-8: its rows keep the encoding of their files.",
    ko: "모두 UTF-8인 것은 아닙니다. 각 행은 원래 파일의 인코딩 그대로입니다.")

  static func blankRows(_ count: Int, in file: String) -> Phrase {
    Phrase(
      "\(file): \(count == 1 ? "1 blank row was" : "\(grouped(count)) blank rows were") skipped.",
      ko: "\(file): 빈 행 \(grouped(count))개를 건너뛰었습니다.")
  }

  static func notOfTheSet(_ name: String) -> Phrase {
    Phrase(
      "\(name) is not a file of an import set and was not read.",
      ko: "\(name)은(는) 가져올 파일이 아니어서 읽지 않았습니다.")
  }

  static let nothingNew = Phrase(
    "Everything was there already; nothing was written.",
    ko: "이미 모두 있어 아무것도 쓰지 않았습니다.")

  static let wouldImport = Phrase(
    "Nothing stands in the way of importing it; nothing was stored.",
    ko: "가져오는 데 문제가 없습니다. 아무것도 저장하지 않았습니다.")

  static func wouldImportOthers(_ refused: Int) -> Phrase {
    Phrase(
      "All but \(refused == 1 ? "the refused row" : "the \(grouped(refused)) refused rows") could "
        + "be imported; nothing was stored.",
      ko: "거부한 \(grouped(refused))행을 뺀 나머지는 가져올 수 있습니다. 아무것도 저장하지 않았습니다.")
  }

  static func refusedRows(_ count: Int) -> Phrase {
    Phrase(
      "Refused: \(grouped(count)); nothing of the set was stored.",
      ko: "거부 \(grouped(count))건. 아무것도 저장하지 않았습니다.")
  }

  static let mendRowsOrSkip = Phrase(
    "Mend what is listed above, or import the rest with --skip-bad-rows.",
    ko: "위에 적힌 곳을 고치거나 --skip-bad-rows로 나머지만 가져오십시오.")

  /// Rows cannot be skipped where it is not known what they are.
  static let mendFile = Phrase(
    "Mend what is listed above, then import the set again.",
    ko: "위에 적힌 곳을 고친 뒤 다시 가져오십시오.")

  static func notAFolder(_ path: String) -> Phrase {
    Phrase("\(path) is not a folder that can be read.", ko: "\(path)은(는) 읽을 수 있는 폴더가 아닙니다.")
  }

  static func nothingToImport(_ path: String) -> Phrase {
    Phrase(
      "Nothing to import: \(path) holds no file of an import set.",
      ko: "가져올 것이 없습니다. \(path)에 가져올 파일이 하나도 없습니다.")
  }

  static let nameImportSet = Phrase(
    "Name the folder of an import set; docs/IMPORT.md lists its files.",
    ko: "가져올 폴더를 지정하십시오. 파일 목록은 docs/IMPORT.md에 있습니다.")

  static func writing(_ directory: String) -> Phrase {
    Phrase("customers to \(directory)", ko: "\(directory)에 고객 생성")
  }

  static let sampleSize = Phrase(
    "A sample has 1 to 100,000,000 customers.", ko: "예제의 고객 수는 1~100,000,000명입니다.")

  static let samplePoison = Phrase(
    "From none to all customers of a sample can be ones that cannot be rated.",
    ko: "과금할 수 없는 고객 수는 0명부터 예제의 고객 수까지입니다.")

  static let sampleMonth = Phrase(
    "A sample is for a month from 1970-01 to 9998-12.",
    ko: "예제의 월은 1970-01부터 9998-12까지입니다.")

  static func importSetThere(_ path: String) -> Phrase {
    Phrase("\(path) is there already.", ko: "\(path)이(가) 이미 있습니다.")
  }

  static let forceSample = Phrase(
    "Name another folder, or write over it with --force.",
    ko: "다른 폴더를 지정하거나 --force로 덮어쓰십시오.")

  static let seeSampleHelp = Phrase(
    "See `billing help sample`.", ko: "`billing help sample`을 참고하십시오.")
}
