import Billing

/// Every setting that there is, by its name in billing.yaml.
///
/// One word more here is all that a new setting needs to be known everywhere: in the file, as a
/// variable, with --set, in what `billing init` writes.
package enum Setting: String, CaseIterable, Sendable {
  case ledger
  case statements
  case bills
  case events
  case postgresConnections = "postgres.connections"
  case postgresConnectSeconds = "postgres.connectSeconds"
  case postgresStatementSeconds = "postgres.statementSeconds"
  case postgresLockSeconds = "postgres.lockSeconds"
  case postgresRetrySeconds = "postgres.retrySeconds"
  case keysFile = "keys.file"
  case keysContact = "keys.contact"
  case workers
  case locale
  case logLevel = "log.level"
  case runsLeaseSeconds = "runs.leaseSeconds"
  case settlementDay = "settlement.day"
  case settlementMaxParked = "settlement.maxParked"
  case settlementChunkSize = "settlement.chunkSize"
  case dispatchMaxLateness = "dispatch.maxLateness"
  case dispatchRepublishSeconds = "dispatch.republishSeconds"
  case deliveryMaxInFlight = "delivery.maxInFlight"
  case deliveryLeaseSeconds = "delivery.leaseSeconds"
  case deliveryLeaseGuardSeconds = "delivery.leaseGuardSeconds"
  case deliverySlotGuardSeconds = "delivery.slotGuardSeconds"
  case deliveryCallSeconds = "delivery.callSeconds"
  case deliveryReapSeconds = "delivery.reapSeconds"
  case deliveryGraceSeconds = "delivery.graceSeconds"
  case providersLog = "providers.log"
  case providersSeed = "providers.seed"
  case providersSettleSeconds = "providers.settleSeconds"
  case providersEmailURL = "providers.email.url"
  case providersEmailMilliseconds = "providers.email.milliseconds"
  case providersEmailFailures = "providers.email.failures"
  case providersSMSURL = "providers.sms.url"
  case providersSMSMilliseconds = "providers.sms.milliseconds"
  case providersSMSFailures = "providers.sms.failures"

  /// The environment variable that sets it, such as `BILLING_SETTLEMENT_MAX_PARKED`.
  package var variable: String {
    var text = "BILLING_"
    var previous: Character = "."
    for character in rawValue {
      if character.isUppercase, previous.isLowercase { text.append("_") }
      text += character == "." ? "_" : character.uppercased()
      previous = character
    }
    return text
  }

  /// Comes from a variable or a file of its own; never from billing.yaml or a flag, never printed.
  package var isSecret: Bool { self == .keysContact }

  /// Names a store or a server: its value may hold a password and is never printed.
  package var isStore: Bool {
    switch self {
    case .ledger, .statements, .bills, .events, .providersLog, .providersEmailURL, .providersSMSURL:
      true
    default: false
    }
  }

  /// What holds where nobody says otherwise; `nil` where only somebody can say.
  package var defaultText: String? {
    switch self {
    case .ledger: "sqlite:data/ledger.sqlite"
    case .statements: "sqlite:data/statements.sqlite"
    case .bills: "file:data"
    case .events: "sqlite:data/events.sqlite"
    case .postgresConnections: "8"
    case .postgresConnectSeconds: "10"
    case .postgresStatementSeconds: "600"
    case .postgresLockSeconds: "60"
    case .postgresRetrySeconds: "60"
    case .keysFile: "billing.key"
    case .keysContact: nil
    case .workers, .locale, .logLevel: "auto"
    case .runsLeaseSeconds: "60"
    case .settlementDay: "3"
    case .settlementMaxParked: "1 %"
    case .settlementChunkSize: "2000"
    case .dispatchMaxLateness: "7d"
    case .dispatchRepublishSeconds: "60"
    case .deliveryMaxInFlight: "10000"
    case .deliveryLeaseSeconds: "60"
    case .deliveryLeaseGuardSeconds: "25"
    case .deliverySlotGuardSeconds: "30"
    case .deliveryCallSeconds: "20"
    case .deliveryReapSeconds: "10"
    case .deliveryGraceSeconds: "30"
    case .providersLog: "sqlite:data/providers.sqlite"
    case .providersSeed: "1"
    case .providersSettleSeconds: "60"
    case .providersEmailURL, .providersSMSURL: "none"
    case .providersEmailMilliseconds, .providersSMSMilliseconds: "1000"
    case .providersEmailFailures: "1 %"
    case .providersSMSFailures: "0 %"
    }
  }

  /// Where a channel's provider is.
  static func providerURL(of channel: Channel) -> Setting {
    switch channel {
    case .email: .providersEmailURL
    case .sms: .providersSMSURL
    }
  }

  /// One line about it, for billing.yaml.
  package var comment: String {
    switch self {
    case .ledger:
      "Inputs, runs, bills and deliveries. sqlite:PATH, sqlite:///ABSOLUTE/PATH, or "
        + "postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full (a password: by PGPASSFILE)."
    case .statements: "Statements. sqlite:PATH."
    case .bills: "Bills are kept below this folder, in bills/. file:PATH."
    case .events: "The topic between dispatch and delivery. sqlite:PATH."
    case .postgresConnections: "Connections of one process to a ledger on PostgreSQL, 1 to 100."
    case .postgresConnectSeconds: "A connection has this long to come about, 1 to 600."
    case .postgresStatementSeconds: "A statement has this long, 1 to 86400."
    case .postgresLockSeconds: "It waits this long for what others hold, 1 to 3600."
    case .postgresRetrySeconds:
      "What a lost connection or another transaction undid is tried again this long, 1 to 3600."
    case .keysFile: "32 secret bytes that seal e-mail and phone. Back it up; keep it to yourself."
    case .keysContact: "The same secret in a variable instead of a file."
    case .workers: "Tasks that work on a run in this process, 1 to 64; auto: one a processor."
    case .locale: "en or ko; auto: as LC_ALL, LC_MESSAGES or LANG say."
    case .logLevel:
      "trace, debug, info, notice, warning, error or critical; "
        + "auto: warning on a terminal, else notice."
    case .runsLeaseSeconds: "Whoever works on a run is taken for dead after this long, 2 to 3600."
    case .settlementDay: "The day of the next month on which a month is to be settled, 1 to 31."
    case .settlementMaxParked: "A run in which more of its customers are parked than this fails."
    case .settlementChunkSize: "Customers in one chunk, 1 to 100000."
    case .dispatchMaxLateness:
      "Later than this, a delivery waits for an operator: 90s, 10m, 12h, 7d."
    case .dispatchRepublishSeconds:
      "An event that is not known to be on the topic is published again after this, 1 to 3600."
    case .deliveryMaxInFlight: "Messages under way at once in one process, 1 to 100000."
    case .deliveryLeaseSeconds: "A claim may be taken over after this long, 2 to 3600."
    case .deliveryLeaseGuardSeconds: "An intent needs a lease that is good for this much longer."
    case .deliverySlotGuardSeconds: "An intent needs a slot that lasts this much longer."
    case .deliveryCallSeconds: "A provider has this long to answer, 1 to 600."
    case .deliveryReapSeconds: "A call not recorded so long after its end is uncertain, 1 to 3600."
    case .deliveryGraceSeconds: "On SIGTERM, what is in flight has this long to finish, 0 to 600."
    case .providersLog: "What the stand-in providers accepted, for the proof. sqlite:PATH."
    case .providersSeed: "The stand-in providers' outcomes follow from this number."
    case .providersSettleSeconds:
      "The stand-in providers are sure of what they took so long after a call's end, 1 to 3600."
    case .providersEmailURL:
      "The e-mail provider, https://HOST:PORT/PATH; none: a stand-in in this process."
    case .providersSMSURL:
      "The SMS provider, https://HOST:PORT/PATH; none: a stand-in in this process."
    case .providersEmailMilliseconds: "How long the stand-in e-mail provider takes, 0 to 60000."
    case .providersEmailFailures: "How many of its attempts fail."
    case .providersSMSMilliseconds: "How long the stand-in SMS provider takes, 0 to 60000."
    case .providersSMSFailures: "How many of its attempts fail."
    }
  }

  /// The setting whose name is nearest to a mistyped one; `nil` when none is near.
  package static func nearest(to name: String) -> Setting? {
    nearest(to: name, by: \.rawValue)
  }

  /// The setting whose variable is nearest to a mistyped one.
  package static func nearest(toVariable name: String) -> Setting? {
    nearest(to: name, by: \.variable)
  }

  private static func nearest(to name: String, by spelling: (Setting) -> String) -> Setting? {
    let scored = allCases.map { setting in
      (setting, editDistance(spelling(setting).lowercased(), name.lowercased()))
    }
    guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, name.count / 4) else {
      // A name without its section: `maxParked` for `settlement.maxParked`.
      return allCases.first { spelling($0).lowercased().hasSuffix(name.lowercased()) }
    }
    return best.0
  }
}

/// How many letters must be put in, taken out or replaced to make one text of the other.
package func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left)
  let right = Array(right)
  var row = Array(0...right.count)
  for (position, letter) in left.enumerated() {
    var diagonal = row[0]
    row[0] = position + 1
    for (column, other) in right.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
    }
  }
  return row[right.count]
}
