import Billing

/// Reads rows of `customers.csv`, remembering the zones that the system was already asked about.
struct CustomerFields {
  private var zones: Set<String> = []

  static let maximumNameLength = 200
  static let maximumPhoneLength = 32

  mutating func read(_ row: inout RowFields) throws(FieldFault) -> Customer {
    var customer = Customer(
      id: try row.customer(),
      name: try row.text(1...Self.maximumNameLength, .name),
      email: try email(&row),
      phone: try phone(&row),
      sendDay: try sendDay(&row),
      quietSlots: try quietSlots(&row),
      timeZone: try timeZone(&row),
      locale: try choice(&row, RefusalReason.unknownLocale),
      channels: try channels(&row),
      status: try choice(&row, RefusalReason.unknownStatus),
      activatedOn: try row.day(),
      terminatedOn: nil)
    customer.terminatedOn = try row.end(notBefore: customer.activatedOn)
    return customer
  }

  private func email(_ row: inout RowFields) throws(FieldFault) -> String {
    let text = try row.text(0...EmailAddress.maximumLength, .name)
    guard text.isEmpty || EmailAddress.isPlausible(text) else { throw row.fault(.notAnEmail) }
    return text
  }

  private func phone(_ row: inout RowFields) throws(FieldFault) -> String {
    let text = try row.text(0...Self.maximumPhoneLength, .name)
    guard !text.isEmpty else { return text }
    switch PhoneNumber.fault(in: text) {
    case nil: return text
    case .notANumber: throw row.fault(.notAPhone)
    case .noLeadingZero: throw row.fault(.phoneWithoutZero)
    }
  }

  private func sendDay(_ row: inout RowFields) throws(FieldFault) -> Int {
    let bytes = row.next()
    guard let day = Self.smallNumber(bytes), (1...31).contains(day) else {
      throw row.fault(.notASendDay(Quotable.besideContact(bytes)))
    }
    return day
  }

  private func quietSlots(_ row: inout RowFields) throws(FieldFault) -> QuietSlots {
    let bytes = row.next()
    var mask: UInt16 = 0
    for part in Self.parts(bytes) {
      guard let slot = Self.smallNumber(part), (0...11).contains(slot) else {
        throw row.fault(.notASlot(Quotable.besideContact(part)))
      }
      guard mask & 1 << slot == 0 else {
        throw row.fault(.slotTwice(Quotable.besideContact(part)))
      }
      mask |= 1 << slot
    }
    guard let slots = QuietSlots(mask: mask), !slots.coverTheDay else {
      throw row.fault(.allSlotsQuiet)
    }
    return slots
  }

  private mutating func timeZone(_ row: inout RowFields) throws(FieldFault) -> String {
    let bytes = row.next()
    let name = String(decoding: bytes, as: UTF8.self)
    // As text, a K is also the sign of the kelvin, by which no zone is known.
    guard bytes.allSatisfy({ $0 < 0x80 }) else {
      throw row.fault(.unknownZone(Quotable.besideContact(bytes)))
    }
    if zones.contains(name) { return name }
    guard bytes.count <= 64, ZoneRules(name) != nil else {
      throw row.fault(.unknownZone(Quotable.besideContact(bytes)))
    }
    zones.insert(name)
    return name
  }

  private func channels(_ row: inout RowFields) throws(FieldFault) -> [Channel] {
    var channels: [Channel] = []
    for part in Self.parts(row.next()) {
      guard let channel = Channel(rawValue: String(decoding: part, as: UTF8.self)) else {
        throw row.fault(.unknownChannel(Quotable.besideContact(part)))
      }
      guard !channels.contains(channel) else { throw row.fault(.channelTwice(channel.rawValue)) }
      channels.append(channel)
    }
    return channels
  }

  private func choice<Choice: RawRepresentable<String>>(
    _ row: inout RowFields, _ reason: (String?) -> RefusalReason
  ) throws(FieldFault) -> Choice {
    let bytes = row.next()
    guard bytes.allSatisfy({ $0 < 0x80 }),
      let choice = Choice(rawValue: String(decoding: bytes, as: UTF8.self))
    else {
      throw row.fault(reason(Quotable.besideContact(bytes)))
    }
    return choice
  }

  /// What stands between semicolons; nothing at all for an empty field.
  private static func parts(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    bytes.isEmpty
      ? [] : bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
  }

  /// One or two digits.
  private static func smallNumber(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard (1...2).contains(bytes.count), bytes.allSatisfy({ (48...57).contains($0) }) else {
      return nil
    }
    return bytes.reduce(0) { $0 * 10 + Int($1 - 48) }
  }
}
