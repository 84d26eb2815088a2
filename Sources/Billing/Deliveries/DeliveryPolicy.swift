import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder

/// A versioned rule set for making and sending bills (발송 정책). Immutable once active.
package struct DeliveryPolicy: Hashable, Sendable, Codable {
  /// 1 or more.
  package var version: Int
  /// The channels that a bill is made for, in the order in which a customer without a preference
  /// of its own would be told.
  package var channels: [String]
  /// The version of the templates, per channel and locale.
  package var templateVersion: Int
  /// Attempts on one channel before the next, 1…10.
  package var attemptsPerChannel: Int
  /// The wait before the second attempt; doubled before each further one.
  package var backoffSeconds: Int
  package var maxBackoffSeconds: Int
  /// What becomes of an uncertain delivery where the provider can neither keep a key nor be asked.
  package var uncertain: UncertainRule
  /// Whether a bill shows 홍*동 for 홍길동.
  package var masksNames: Bool
  /// The day of the month after the billing month by which a bill is to be paid, 1…31.
  package var dueDay: Int
  /// Days that a customer has to pay from the first day on which the bill can be told, 0…60: where
  /// these end after `dueDay`, the bill is due then.
  package var daysToPay: Int

  package enum UncertainRule: String, Hashable, Sendable, Codable {
    /// Parked for an operator.
    case atMostOnce
    /// Sent again, and counted.
    case atLeastOnce
  }

  package init(
    version: Int, channels: [Channel], templateVersion: Int, attemptsPerChannel: Int,
    backoffSeconds: Int, maxBackoffSeconds: Int, uncertain: UncertainRule, masksNames: Bool,
    dueDay: Int, daysToPay: Int = defaultDaysToPay
  ) {
    self.version = version
    self.channels = channels.map(\.rawValue)
    self.templateVersion = templateVersion
    self.attemptsPerChannel = attemptsPerChannel
    self.backoffSeconds = backoffSeconds
    self.maxBackoffSeconds = maxBackoffSeconds
    self.uncertain = uncertain
    self.masksNames = masksNames
    self.dueDay = dueDay
    self.daysToPay = daysToPay
  }

  /// What a policy has that does not say.
  package static let defaultDaysToPay = 7

  /// `channels` as values.
  package var billChannels: [Channel] { channels.compactMap(Channel.init(rawValue:)) }

  /// What `billing init` begins with.
  package static let first = DeliveryPolicy(
    version: 1, channels: [.email, .sms], templateVersion: 1, attemptsPerChannel: 3,
    backoffSeconds: 60, maxBackoffSeconds: 3600, uncertain: .atMostOnce, masksNames: true,
    dueDay: 25)
}

extension DeliveryPolicy {
  /// Reads what `json` writes. Policies are few and small: reflection does no harm here.
  package init(json: String) throws {
    self = try JSONDecoder().decode(DeliveryPolicy.self, from: Data(json.utf8))
  }

  /// The policy as the ledger keeps it: JSON with sorted keys.
  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
