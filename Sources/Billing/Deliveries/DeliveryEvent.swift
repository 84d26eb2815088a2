/// The doorbell: what a dispatcher puts on the topic when a delivery is queued.
///
/// It holds no personal data, and nothing is believed because an event says so: a consumer acts
/// only where the ledger's row still is at this generation.
package struct DeliveryEvent: Hashable, Sendable {
  package var delivery: DeliveryKey
  package var generation: Int
  package var bill: BillKey
  /// Of the bill's bytes as they lie in the bill store.
  package var sha256: ContentHash
  package var slotEnd: Timestamp

  package var channel: Channel { bill.channel }

  package init(
    delivery: DeliveryKey, generation: Int, bill: BillKey, sha256: ContentHash, slotEnd: Timestamp
  ) {
    self.delivery = delivery
    self.generation = generation
    self.bill = bill
    self.sha256 = sha256
    self.slotEnd = slotEnd
  }

  /// A JSON object of one line, its members always in the same order.
  package var json: [UInt8] {
    var text = EventWriter()
    text.append("{\"delivery\":\"")
    text.append(delivery)
    text.append("\",\"generation\":")
    text.append(Int64(generation))
    text.append(",\"month\":\"")
    text.append(delivery.month)
    text.append("\",\"channel\":\"")
    text.append(channel.rawValue)
    text.append("\",\"bill\":\"")
    text.append(bill)
    text.append("\",\"sha256\":\"")
    text.append(sha256)
    text.append("\",\"slotEnd\":")
    text.append(slotEnd.milliseconds)
    text.append("}")
    return text.bytes
  }

  /// Reads exactly what `json` writes; `nil` for anything else.
  package init?(json: some Collection<UInt8>) {
    var text = EventReader(json)
    guard text.expect("{\"delivery\":"), let delivery = text.quoted().flatMap({ DeliveryKey($0) }),
      text.expect(",\"generation\":"), let generation = text.number(),
      text.expect(",\"month\":"), let month = text.quoted().flatMap({ BillingMonth($0) }),
      text.expect(",\"channel\":"), let channel = text.quoted().flatMap(Channel.init(rawValue:)),
      text.expect(",\"bill\":"), let bill = text.quoted().flatMap({ BillKey(path: $0) }),
      text.expect(",\"sha256\":"), let sha256 = text.quoted().flatMap({ ContentHash(hex: $0) }),
      text.expect(",\"slotEnd\":"), let slotEnd = text.number(), text.expect("}"), text.isAtEnd,
      month == delivery.month, month == bill.statement.month, channel == bill.channel,
      delivery.customer == bill.statement.customer, DeliveryKey.counts.contains(Int(generation))
    else { return nil }
    self.init(
      delivery: delivery, generation: Int(generation), bill: bill, sha256: sha256,
      slotEnd: Timestamp(milliseconds: slotEnd))
  }
}

extension BillKey {
  /// Reads what `path` writes; `nil` for any other text.
  package init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "bills", let month = BillingMonth(parts[1]) else {
      return nil
    }
    let versions = parts[2].split(separator: "-", omittingEmptySubsequences: false)
    let name = parts[4].split(separator: ".", omittingEmptySubsequences: false)
    guard versions.count == 2, versions[0].first == "p", versions[1].first == "t",
      let policy = Int(versions[0].dropFirst()), let template = Int(versions[1].dropFirst()),
      name.count >= 5, let customer = Int64(name[0]), name[1].first == "v",
      let version = Int(name[1].dropFirst()), name[2].first == "i",
      let issue = Int(name[2].dropFirst()), let channel = Channel(rawValue: String(name[3])),
      [policy, template, version, issue].allSatisfy(DeliveryKey.counts.contains)
    else { return nil }
    self.init(
      statement: StatementKey(month: month, customer: CustomerID(customer), version: version),
      issue: issue, policy: policy, template: template, channel: channel)
    // The fan-out, the extension and every leading zero: only what is written back is a path.
    guard self.path == path else { return nil }
  }
}

/// Writes ASCII straight into bytes: a month of events is made at a hundred thousand a second.
private struct EventWriter {
  private(set) var bytes: [UInt8] = []

  init() {
    bytes.reserveCapacity(288)
  }

  mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ number: Int64) {
    guard number >= 0 else { return append(String(number)) }
    append(digits: UInt64(number), width: 1)
  }

  mutating func append(_ month: BillingMonth) {
    append(digits: UInt64(month.year), width: 4)
    append("-")
    append(digits: UInt64(month.month), width: 2)
  }

  mutating func append(_ key: DeliveryKey) {
    append(key.month)
    append(":")
    append(key.customer.number)
    append(":")
    append(key.kind.rawValue)
    append(":")
    append(Int64(key.sequence))
  }

  mutating func append(_ bill: BillKey) {
    append("bills/")
    append(bill.statement.month)
    append("/p")
    append(Int64(bill.policy))
    append("-t")
    append(Int64(bill.template))
    append("/")
    append(hex: bill.statement.customer.hash8)
    append("/")
    append(bill.statement.customer.number)
    append(".v")
    append(Int64(bill.statement.version))
    append(".i")
    append(Int64(bill.issue))
    append(".")
    append(bill.channel.rawValue)
    append(".")
    append(bill.fileExtension)
  }

  mutating func append(_ hash: ContentHash) {
    hash.withBytes { for byte in $0 { append(hex: byte) } }
  }

  private mutating func append(hex byte: UInt8) {
    for digit in [byte >> 4, byte & 15] {
      bytes.append(digit < 10 ? 48 + digit : 87 + digit)
    }
  }

  private mutating func append(digits number: UInt64, width: Int) {
    let start = bytes.count
    var rest = number
    repeat {
      bytes.append(48 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    while bytes.count - start < width { bytes.append(48) }
    bytes[start...].reverse()
  }
}

private struct EventReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: some Collection<UInt8>) {
    self.bytes = Array(bytes)
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func expect(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] {
      return false
    }
    position += count
    return true
  }

  /// What is between two quotes; nothing in an event needs escaping.
  mutating func quoted() -> String? {
    guard expect("\""), let end = bytes[position...].firstIndex(of: UInt8(ascii: "\"")) else {
      return nil
    }
    defer { position = end + 1 }
    return String(validating: bytes[position..<end], as: UTF8.self)
  }

  mutating func number() -> Int64? {
    var end = position
    while end < bytes.count, bytes[end] == UInt8(ascii: "-") || (48...57).contains(bytes[end]) {
      end += 1
    }
    defer { position = end }
    return Int64(String(decoding: bytes[position..<end], as: UTF8.self))
  }
}
