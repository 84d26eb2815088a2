/// The billing.yaml that `billing init` writes: every setting with its comment and its default;
/// what everybody looks at first is set, the rest waits behind a `#`.
package enum ConfigurationFile {
  private static let set: Set<Setting> = [
    .ledger, .statements, .bills, .events, .keysFile, .settlementDay, .settlementMaxParked,
  ]

  package static func text() -> String {
    var text = """
      # Settings of the billing platform. A flag (--set KEY=VALUE) goes over a variable, a variable
      # over this file, this file over the defaults. Lines like "#workers: auto" show a default: take
      # the "#" away, and the one of the section above it, to change it. Relative paths begin at the
      # folder of this file.


      """
    var section: [String] = []
    for setting in Setting.allCases where !setting.isSecret {
      let words = setting.rawValue.split(separator: ".").map(String.init)
      let isSet = set.contains(setting)
      text += header(of: Array(words.dropLast()), after: section, isSet: isSet)
      section = Array(words.dropLast())
      let indentation = String(repeating: "  ", count: section.count)
      let value = quotedWhereNeeded(setting.defaultText ?? "")
      text += "\(indentation)# \(setting.comment) (\(setting.variable))\n"
      text += "\(indentation)\(isSet ? "" : "#")\(words.last ?? ""): \(value)\n"
    }
    return text
  }

  /// The lines that open the sections which the last setting did not stand in. A section whose
  /// settings are all behind a `#` is behind one too.
  private static func header(of section: [String], after previous: [String], isSet: Bool) -> String
  {
    guard section != previous else { return "" }
    var text = "\n"
    let shared = zip(section, previous).prefix { $0 == $1 }.count
    for depth in shared..<section.count {
      let indentation = String(repeating: "  ", count: depth)
      text += "\(indentation)\(isSet ? "" : "#")\(section[depth]):\n"
    }
    return text
  }

  private static func quotedWhereNeeded(_ value: String) -> String {
    value.contains("%") ? "\"\(value)\"" : value
  }
}
