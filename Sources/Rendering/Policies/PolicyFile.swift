package import Billing
import Yams

/// What is wrong with a policy's text, and where.
package struct PolicyFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The key, or empty for the whole text.
  package var key: String
  /// From 1, where the parser gives it.
  package var line: Int?
  package var detail: String

  package var description: String {
    [line.map { "line \($0)" }, key.isEmpty ? nil : key, detail].compactMap { $0 }
      .joined(separator: ": ")
  }
}

extension DeliveryPolicy {
  /// Reads `policy.yaml`. Strict: every key is known and there once, every value within its range.
  ///
  ///     version: 2
  ///     templateVersion: 2
  ///     channels: [email, sms]
  ///     attemptsPerChannel: 3
  ///     backoffSeconds: 60
  ///     maxBackoffSeconds: 3600
  ///     uncertain: atMostOnce        # or atLeastOnce
  ///     masksNames: true
  ///     dueDay: 25
  ///     daysToPay: 7                 # may be left out: 7
  package init(yaml: String) throws(PolicyFileError) {
    var fields = try PolicyFields(yaml: yaml)
    let version = try fields.number("version", 1...1_000_000)
    let templateVersion = try fields.number("templateVersion", 1...1_000_000)
    let channels = try fields.channels("channels")
    let attempts = try fields.number("attemptsPerChannel", 1...10)
    let backoff = try fields.number("backoffSeconds", 1...86_400)
    let maxBackoff = try fields.number("maxBackoffSeconds", backoff...604_800)
    let uncertain = try fields.word("uncertain", UncertainRule.init(rawValue:))
    let masksNames = try fields.word("masksNames") { ["true": true, "false": false][$0] }
    let dueDay = try fields.number("dueDay", 1...31)
    let daysToPay = try fields.number(
      "daysToPay", 0...60, otherwise: DeliveryPolicy.defaultDaysToPay)
    try fields.refuseOthers()
    self.init(
      version: version, channels: channels, templateVersion: templateVersion,
      attemptsPerChannel: attempts, backoffSeconds: backoff, maxBackoffSeconds: maxBackoff,
      uncertain: uncertain, masksNames: masksNames, dueDay: dueDay,
      daysToPay: daysToPay)
  }
}

/// The keys of a policy's text; each is taken once.
private struct PolicyFields {
  private var nodes: [String: Node] = [:]

  init(yaml: String) throws(PolicyFileError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml, .basic)
    } catch {
      throw PolicyFileError(key: "", line: nil, detail: "not YAML: \(error)")
    }
    guard case .mapping(let mapping) = root else {
      throw PolicyFileError(key: "", line: 1, detail: "expected keys and values")
    }
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      guard nodes.updateValue(value, forKey: name) == nil else {
        throw PolicyFileError(key: name, line: key.mark?.line, detail: "the key is there twice")
      }
    }
  }

  /// - Parameter otherwise: what holds where the key is not there; `nil`: it has to be.
  mutating func number(
    _ key: String, _ range: ClosedRange<Int>, otherwise: Int? = nil
  ) throws(PolicyFileError) -> Int {
    if let otherwise, nodes[key] == nil { return otherwise }
    let node = try take(key)
    guard let text = node.scalar?.string, let number = Int(text), range.contains(number) else {
      throw error(
        key, node, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func word<Value>(
    _ key: String, _ value: (String) -> Value?
  ) throws(PolicyFileError) -> Value {
    let node = try take(key)
    guard let found = node.scalar.flatMap({ value($0.string) }) else {
      throw error(key, node, "none of the words allowed here")
    }
    return found
  }

  mutating func channels(_ key: String) throws(PolicyFileError) -> [Channel] {
    let node = try take(key)
    let channels = node.sequence?.map { $0.scalar.flatMap { Channel(rawValue: $0.string) } } ?? []
    let known = channels.compactMap { $0 }
    guard !known.isEmpty, known.count == channels.count, Set(known).count == known.count else {
      throw error(key, node, "expected a list of different channels: email, sms")
    }
    return known
  }

  func refuseOthers() throws(PolicyFileError) {
    guard let (key, node) = nodes.min(by: { $0.key < $1.key }) else { return }
    throw error(key, node, "unknown key")
  }

  private mutating func take(_ key: String) throws(PolicyFileError) -> Node {
    guard let node = nodes.removeValue(forKey: key) else {
      throw PolicyFileError(key: key, line: nil, detail: "missing")
    }
    return node
  }

  private func error(_ key: String, _ node: Node, _ detail: String) -> PolicyFileError {
    PolicyFileError(key: key, line: node.mark?.line, detail: detail)
  }
}
