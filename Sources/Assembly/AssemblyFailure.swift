import Billing

/// Why the platform cannot be put together as it is configured: a code with its arguments.
package enum AssemblyFailure: Error, Hashable, Sendable {
  // MARK: Settings

  case configurationUnreadable(path: String, ConfigurationFault)
  /// A name that no setting has; the nearest that there is.
  case unknownSetting(String, place: String, nearest: String?)
  /// What a setting says, where, and what it should say.
  case wrongValue(setting: String, text: String, place: String, expected: ExpectedValue)
  /// A list or a map where a value belongs.
  case notSingleValue(setting: String, place: String)
  case secretInFile(setting: String, place: String, variable: String)
  /// The first must be smaller than the second.
  case settingsDisagree(smaller: String, larger: String)
  /// No adapter for the scheme is built in; the embedded default's scheme.
  case notBuiltIn(scheme: String, setting: String, embedded: String)
  case timingBreaks(String)

  // MARK: Stores and keys

  /// `billing init` has not made it.
  case notSetUp(path: String)
  case keyMissing(path: String)
  case keyFileOpenToOthers(path: String)
  case keyMalformed(place: String)
  case keyOfAnotherLedger

  // MARK: Providers

  /// A provider of its own has its own clock: no ledger can take it along through simulated time.
  case cannotSimulate(setting: String)
  case tooFewFiles(limit: Int, needed: Int)
  case cannotListen(address: String, reason: String)
}

/// What is wrong with a configuration file as a whole.
package enum ConfigurationFault: Hashable, Sendable {
  case noSuchFile
  case notUTF8
  case notYAML(String)
  case noSettings
}

/// What a setting may say.
package enum ExpectedValue: Hashable, Sendable {
  case anything
  case language
  case logLevel
  case percentage
  case duration
  case wholeNumber(ClosedRange<Int>)
  case ledger
  case store(scheme: String)
  case providerAddress
  /// `KEY=VALUE`.
  case assignment(of: String)
}
