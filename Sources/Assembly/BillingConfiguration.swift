package import Billing
import Foundation
package import HTTPProvider
package import Logging

/// Everything that can be configured, read once at the start of a command and checked as a whole.
package struct BillingConfiguration: Sendable {
  /// The configuration file, which need not be there.
  package let path: String
  /// Absolute paths of the embedded stores, and where the ledger is.
  package let stores: StorePaths
  package let keys: KeySource
  /// 1…64.
  package let workers: Int
  /// `nil`: as the environment says.
  package let language: Language?
  /// `nil`: as it fits where standard error goes.
  package let logLevel: Logger.Level?
  package let runLeaseSeconds: Int
  package let settlement: SettlementSettings
  /// How late a delivery may be and still go by itself.
  package let maxLatenessSeconds: Int64
  package let republishSeconds: Int
  package let delivery: DeliverySettings
  package let providers: ProviderSettings

  package struct StorePaths: Hashable, Sendable {
    package var ledger: LedgerAddress
    package var statements: String
    package var bills: String
    package var events: String
    /// What the stand-in providers accepted.
    package var acceptances: String
  }

  /// Where the secret comes from that seals contact data.
  package enum KeySource: Hashable, Sendable {
    case variable(String)
    case file(String)
  }

  package struct SettlementSettings: Hashable, Sendable {
    /// 1…31, of the month after the billing month.
    package var day: Int
    /// Percent of the targets, 0…100.
    package var maxParkedPercent: FixedDecimal
    package var chunkSize: Int
  }

  package struct DeliverySettings: Hashable, Sendable {
    package var maxInFlight: Int
    package var leaseSeconds: Int
    package var leaseGuardSeconds: Int
    package var slotGuardSeconds: Int
    package var callSeconds: Int
    package var reapSeconds: Int
    package var graceSeconds: Int
  }

  package struct ProviderSettings: Hashable, Sendable {
    package var seed: UInt64
    package var settleSeconds: Int
    /// The stand-in of each channel.
    package var standIns: [Channel: StandIn]
    /// Providers that are spoken to over HTTP; the others are stand-ins in this process.
    package var addresses: [Channel: ProviderAddress]

    package struct StandIn: Hashable, Sendable {
      package var milliseconds: Int
      /// Percent of the attempts, 0…100.
      package var failurePercent: FixedDecimal
    }
  }
}

extension BillingConfiguration {
  /// Checks every setting, also those that the command at hand does not use: a wrong one is found
  /// when it is written, not when it is needed.
  package init(from sources: ConfigurationSources) throws {
    let read = SettingReader(sources: sources)
    path = sources.path
    stores = StorePaths(
      ledger: try read.ledger(),
      statements: try read.path(.statements, scheme: "sqlite"),
      bills: try read.path(.bills, scheme: "file"),
      events: try read.path(.events, scheme: "sqlite"),
      acceptances: try read.path(.providersLog, scheme: "sqlite"))
    keys = try read.keySource()
    workers =
      try read.unlessAuto(.workers) { try read.integer($0, in: 1...64) }
      ?? min(ProcessInfo.processInfo.activeProcessorCount, 64)
    language = try read.unlessAuto(.locale) { try read.value($0, .language, Language.init(tag:)) }
    logLevel = try read.unlessAuto(.logLevel) {
      try read.value($0, .logLevel) { Logger.Level(rawValue: $0) }
    }
    runLeaseSeconds = try read.integer(.runsLeaseSeconds, in: 2...3600)
    settlement = SettlementSettings(
      day: try read.integer(.settlementDay, in: 1...31),
      maxParkedPercent: try read.percent(.settlementMaxParked),
      chunkSize: try read.integer(.settlementChunkSize, in: 1...100_000))
    maxLatenessSeconds = try read.duration(.dispatchMaxLateness)
    republishSeconds = try read.integer(.dispatchRepublishSeconds, in: 1...3600)
    delivery = try Self.delivery(read)
    providers = ProviderSettings(
      seed: UInt64(try read.integer(.providersSeed, in: 0...Int.max)),
      settleSeconds: try read.integer(.providersSettleSeconds, in: 1...3600),
      standIns: [
        .email: ProviderSettings.StandIn(
          milliseconds: try read.integer(.providersEmailMilliseconds, in: 0...60_000),
          failurePercent: try read.percent(.providersEmailFailures)),
        .sms: ProviderSettings.StandIn(
          milliseconds: try read.integer(.providersSMSMilliseconds, in: 0...60_000),
          failurePercent: try read.percent(.providersSMSFailures)),
      ],
      addresses: Dictionary(
        uniqueKeysWithValues: try Channel.allCases.compactMap { channel in
          try read.address(.providerURL(of: channel)).map { (channel, $0) }
        }))
  }

  private static func delivery(_ read: SettingReader) throws -> DeliverySettings {
    let settings = DeliverySettings(
      maxInFlight: try read.integer(.deliveryMaxInFlight, in: 1...100_000),
      leaseSeconds: try read.integer(.deliveryLeaseSeconds, in: 2...3600),
      leaseGuardSeconds: try read.integer(.deliveryLeaseGuardSeconds, in: 1...3600),
      slotGuardSeconds: try read.integer(.deliverySlotGuardSeconds, in: 1...3600),
      callSeconds: try read.integer(.deliveryCallSeconds, in: 1...600),
      reapSeconds: try read.integer(.deliveryReapSeconds, in: 1...3600),
      graceSeconds: try read.integer(.deliveryGraceSeconds, in: 0...600))
    // A call that is let begin must be over before the claim can be taken over or the slot ends.
    let relations: [(Setting, Int, Setting, Int)] = [
      (
        .deliveryCallSeconds, settings.callSeconds,
        .deliveryLeaseGuardSeconds, settings.leaseGuardSeconds
      ),
      (
        .deliveryCallSeconds, settings.callSeconds,
        .deliverySlotGuardSeconds, settings.slotGuardSeconds
      ),
      (
        .deliveryLeaseGuardSeconds, settings.leaseGuardSeconds,
        .deliveryLeaseSeconds, settings.leaseSeconds
      ),
    ]
    for (smaller, small, larger, large) in relations where small >= large {
      throw AssemblyFailure.settingsDisagree(
        smaller: smaller.rawValue, larger: larger.rawValue)
    }
    return settings
  }
}

/// Reads texts as values of a kind; a wrong one is an error that names the setting, what it says
/// and where.
package struct SettingReader {
  package let sources: ConfigurationSources

  package func integer(_ setting: Setting, in range: ClosedRange<Int>) throws -> Int {
    try value(setting, .wholeNumber(range)) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  /// `1 %`, `0.5%` or `0.5`.
  package func percent(_ setting: Setting) throws -> FixedDecimal {
    try value(setting, .percentage) { text in
      let digits = text.hasSuffix("%") ? text.dropLast() : text[...]
      guard let number = FixedDecimal(digits.drop { $0 == " " }.prefix { $0 != " " }),
        !number.isNegative,
        number.coefficient <= 100 * FixedDecimal.powerOfTen(number.scale)
      else { return nil }
      return number
    }
  }

  /// `90s`, `10m`, `12h`, `7d`, in seconds; at least one, at most 366 days.
  package func duration(_ setting: Setting) throws -> Int64 {
    try value(setting, .duration, durationSeconds)
  }

  package func path(_ setting: Setting, scheme: String) throws -> String {
    switch StoreAddress(try text(setting), embedded: scheme) {
    case .path(let path): return absolutePath(path, from: folder)
    case .notBuiltIn(let found):
      throw AssemblyFailure.notBuiltIn(
        scheme: found, setting: setting.rawValue, embedded: scheme)
    case .malformed: throw wrong(setting, .store(scheme: scheme))
    }
  }

  /// `nil` where the setting says `none`.
  package func address(_ setting: Setting) throws -> ProviderAddress? {
    guard try text(setting) != "none" else { return nil }
    return try value(setting, .providerAddress, ProviderAddress.init)
  }

  package func keySource() throws -> BillingConfiguration.KeySource {
    if let secret = sources.text(of: .keysContact) { return .variable(secret) }
    return .file(absolutePath(try text(.keysFile), from: folder))
  }

  /// `nil` where the setting says `auto`.
  package func unlessAuto<Value>(_ setting: Setting, _ read: (Setting) throws -> Value) throws
    -> Value?
  {
    try text(setting) == "auto" ? nil : try read(setting)
  }

  package func value<Value>(
    _ setting: Setting, _ expected: ExpectedValue, _ read: (String) -> Value?
  ) throws -> Value {
    guard let value = read(try text(setting)) else { throw wrong(setting, expected) }
    return value
  }

  /// Never empty: an empty value is a mistake, not a wish for the default.
  private func text(_ setting: Setting) throws -> String {
    guard let text = sources.text(of: setting), !text.isEmpty else {
      throw wrong(setting, .anything)
    }
    return text
  }

  private var folder: String {
    String(sources.path[..<(sources.path.lastIndex(of: "/") ?? sources.path.startIndex)])
  }

  private func wrong(_ setting: Setting, _ expected: ExpectedValue) -> AssemblyFailure {
    // A store's URL may hold a password.
    let shown = setting.isStore || setting.isSecret ? "…" : sources.text(of: setting) ?? ""
    return .wrongValue(
      setting: setting.rawValue, text: shown.isEmpty ? "\"\"" : shown,
      place: sources.place(of: setting), expected: expected)
  }
}

extension FixedDecimal {
  /// A percentage as whole millionths, rounded down.
  package var perMillion: Int64 { coefficient * 10_000 / FixedDecimal.powerOfTen(scale) }
}

/// Reads `90s`, `10m`, `12h`, `7d`; seconds, 1…366 days.
package func durationSeconds(_ text: String) -> Int64? {
  let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
  guard let unit = text.last.flatMap({ units[$0] }), text.utf8.count <= 12,
    text.dropLast().utf8.allSatisfy({ (48...57).contains($0) }),
    let number = Int64(text.dropLast()), number > 0, number <= 366 * 86_400 / unit
  else { return nil }
  return number * unit
}
