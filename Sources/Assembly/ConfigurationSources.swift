import Configuration
import Foundation
import Yams

/// The texts of all settings from where they may be said: flags over variables over the file over
/// defaults. A name that no setting has is refused, wherever it stands.
package struct ConfigurationSources: Sendable {
  /// The configuration file; it need not be there when nobody named it.
  package let path: String
  private let flags: [Setting: String]
  private let environment: [String: String]
  /// The line of the file on which a setting stands; empty without a file.
  private let lines: [Setting: Int]
  private let reader: ConfigReader

  package static let pathVariable = "BILLING_CONFIG"
  package static let usualPath = "billing.yaml"

  /// - Parameters:
  ///   - path: what `--config` says, if anything.
  ///   - assignments: what `--set` says, `KEY=VALUE` each.
  ///   - workingDirectory: what a relative path begins at.
  ///   - mustExist: whether a file that somebody named has to be there; `billing init` makes it.
  package init(
    path named: String?, assignments: [String], environment: [String: String],
    workingDirectory: String, mustExist: Bool = true
  ) async throws {
    self.environment = environment
    try Self.checkVariables(environment)
    flags = try Self.read(assignments)

    let asked = named ?? environment[Self.pathVariable].flatMap { $0.isEmpty ? nil : $0 }
    path = absolutePath(asked ?? Self.usualPath, from: workingDirectory)
    let isThere = FileManager.default.fileExists(atPath: path)
    if asked != nil, !isThere, mustExist {
      throw AssemblyFailure.configurationUnreadable(path: path, .noSuchFile)
    }
    lines = isThere ? try Self.checkFile(path) : [:]
    reader = try await Self.reader(flags, environment, file: isThere ? path : nil)
  }

  /// The text of a setting; `nil` only where there is no default either.
  package func text(of setting: Setting) -> String? {
    reader.string(forKey: ConfigKey(setting.rawValue), isSecret: setting.isSecret)
  }

  /// Where the text of a setting comes from, for messages.
  package func place(of setting: Setting) -> String {
    if flags[setting] != nil { return "--set" }
    if environment[setting.variable] != nil { return "variable \(setting.variable)" }
    if let line = lines[setting] { return "\(path):\(line)" }
    return "default"
  }

  // MARK: The four layers

  private static func reader(
    _ flags: [Setting: String], _ environment: [String: String], file: String?
  ) async throws -> ConfigReader {
    var providers: [any ConfigProvider] = [
      InMemoryProvider(name: "flags", values: values(flags)),
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "billing"),
    ]
    if let file {
      let location = InMemoryProvider(values: [
        "filePath": ConfigValue(.string(file), isSecret: false)
      ])
      providers.append(
        try await FileProvider<YAMLSnapshot>(config: ConfigReader(provider: location)))
    }
    var defaults: [Setting: String] = [:]
    for setting in Setting.allCases { defaults[setting] = setting.defaultText }
    providers.append(InMemoryProvider(name: "defaults", values: values(defaults)))
    return ConfigReader(providers: providers)
  }

  private static func values(_ texts: [Setting: String]) -> [AbsoluteConfigKey: ConfigValue] {
    Dictionary(
      uniqueKeysWithValues: texts.map { setting, text in
        (
          AbsoluteConfigKey(ConfigKey(setting.rawValue)),
          ConfigValue(.string(text), isSecret: setting.isSecret)
        )
      })
  }

  // MARK: Names that no setting has

  private static func checkVariables(_ environment: [String: String]) throws {
    let known = Set(Setting.allCases.map(\.variable) + [pathVariable] + Gates.variables)
    for name in environment.keys.sorted() where name.hasPrefix("BILLING_") && !known.contains(name)
    {
      throw unknown(
        name, at: "environment variable", nearest: Setting.nearest(toVariable: name)?.variable)
    }
  }

  private static func read(_ assignments: [String]) throws -> [Setting: String] {
    var flags: [Setting: String] = [:]
    for assignment in assignments {
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let setting = Setting(rawValue: name) else {
        throw unknown(name, at: "--set", nearest: Setting.nearest(to: name)?.rawValue)
      }
      if setting.isSecret { throw secret(setting, at: "--set") }
      guard parts.count == 2 else {
        throw AssemblyFailure.wrongValue(
          setting: name, text: "none", place: "--set", expected: .assignment(of: name))
      }
      flags[setting] = String(parts[1])
    }
    return flags
  }

  /// Reads the file once for what the configuration library does not look at: names that no
  /// setting has, lists and maps where a value belongs, secrets. The line of every setting in it.
  private static func checkFile(_ path: String) throws -> [Setting: Int] {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw AssemblyFailure.configurationUnreadable(path: path, .notUTF8)
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw AssemblyFailure.configurationUnreadable(path: path, .notYAML(yamlDetail(error)))
    }
    guard let mapping = root?.mapping else {
      throw AssemblyFailure.configurationUnreadable(path: path, .noSettings)
    }
    var lines: [Setting: Int] = [:]
    try check(mapping, below: "", path: path, lines: &lines)
    return lines
  }

  private static func check(
    _ mapping: Node.Mapping, below prefix: String, path: String, lines: inout [Setting: Int]
  ) throws {
    for (key, value) in mapping {
      let name = prefix + (key.string ?? "?")
      let line = key.mark?.line ?? 0
      let place = "\(path):\(line)"
      if let inner = value.mapping, Setting.allCases.contains(where: { $0.isBelow(name) }) {
        try check(inner, below: name + ".", path: path, lines: &lines)
        continue
      }
      guard let setting = Setting(rawValue: name) else {
        throw unknown(name, at: place, nearest: Setting.nearest(to: name)?.rawValue)
      }
      if setting.isSecret { throw secret(setting, at: place) }
      guard value.scalar != nil else {
        throw AssemblyFailure.notSingleValue(setting: name, place: place)
      }
      lines[setting] = line
    }
  }

  private static func unknown(
    _ name: String, at place: String, nearest: String?
  ) -> AssemblyFailure {
    .unknownSetting(name, place: place, nearest: nearest)
  }

  private static func secret(_ setting: Setting, at place: String) -> AssemblyFailure {
    .secretInFile(setting: setting.rawValue, place: place, variable: setting.variable)
  }

  private static func yamlDetail(_ error: any Error) -> String {
    // Without the excerpt that the library appends: the file could hold what is nobody's business.
    guard let error = error as? YamlError else { return "not YAML" }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return "line \(mark.line), column \(mark.column): \(problem)"
    default: return "not YAML"
    }
  }
}

extension Setting {
  /// Whether the setting stands in a section of that name, such as `settlement`.
  fileprivate func isBelow(_ section: String) -> Bool { rawValue.hasPrefix(section + ".") }
}

/// A path as seen from a folder; an absolute one as it is.
package func absolutePath(_ path: String, from folder: String) -> String {
  path.hasPrefix("/") ? path : folder + "/" + path
}
