import Billing

/// The files of a sample while they are written.
struct SampleFiles {
  private let files: [InputFile: BufferedFile]

  init(directory: String) throws(StoreError) {
    var files: [InputFile: BufferedFile] = [:]
    for file in InputFile.allCases where file != .catalog {
      let opened = try BufferedFile(path: directory + "/" + file.rawValue)
      try opened.append(file.columns.joined(separator: ",") + "\n")
      files[file] = opened
    }
    self.files = files
    customers = files[.customers]!  // every file was just opened
    subscriptions = files[.subscriptions]!
    addOns = files[.addOns]!
    discounts = files[.discounts]!
    bundles = files[.bundles]!
    usage = files[.usage]!
    charges = files[.charges]!
  }

  // By name too, so that a row costs no look-up.
  let customers: BufferedFile
  let subscriptions: BufferedFile
  let addOns: BufferedFile
  let discounts: BufferedFile
  let bundles: BufferedFile
  let usage: BufferedFile
  let charges: BufferedFile

  func finish() throws(StoreError) {
    for file in files.values { try file.finish(durably: false) }
  }
}

/// Days as text, each written out once.
struct SampleDays {
  private var texts: [Int32: String] = [:]

  mutating func text(_ day: CalendarDay?) -> String {
    guard let day else { return "" }
    if let text = texts[day.daysSince1970] { return text }
    let text = day.description
    texts[day.daysSince1970] = text
    return text
  }
}
