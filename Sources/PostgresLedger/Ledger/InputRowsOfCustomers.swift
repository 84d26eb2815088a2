import Billing
import Importing

struct InputCustomer: InputRow {
  let customer: SealedCustomer
  /// Whether this version differs from the one before in what deliveries copy.
  private(set) var concernsDeliveries = false

  init(_ customer: SealedCustomer) {
    self.customer = customer
  }

  var key: InputKey { InputKey(customer: customer.id.number) }

  mutating func read(_ version: PostgresRow, at column: Int) -> Bool {
    concernsDeliveries = !deliveryColumnsAreRecorded(in: version, at: column)
    return !concernsDeliveries
      && version.isText(customer.name, column)
      && version.isText(customer.locale.rawValue, column + 6)
      && version.int(column + 9) == Int(customer.activatedOn.daysSince1970)
      && version.isDay(customer.terminatedOn, column + 10)
  }

  private func deliveryColumnsAreRecorded(in version: PostgresRow, at column: Int) -> Bool {
    version.withBytes(column + 1) { $0.elementsEqual(customer.contact.emailHash) }
      && version.withBytes(column + 2) { $0.elementsEqual(customer.contact.phoneHash) }
      && version.int(column + 3) == customer.sendDay
      && version.int(column + 4) == Int(customer.quietSlots.mask)
      && version.isText(customer.timeZone, column + 5)
      && version.int(column + 7) == customer.channelDigits
      && version.int(column + 8) == statusCode
  }

  /// Sealed texts differ each time: their hashes say whether they are the same.
  func write(to rows: CopyWriter, as number: Int64) {
    rows.int8(customer.id.number)
    rows.int8(number)
    rows.int2(customer.sendDay)
    rows.int2(customer.quietSlots.mask)
    rows.int2(customer.channelDigits)
    rows.int2(statusCode)
    rows.int4(customer.activatedOn.daysSince1970)
    rows.int4(customer.terminatedOn?.daysSince1970)
    rows.text(customer.timeZone)
    rows.text(customer.locale.rawValue)
    rows.text(customer.name)
    rows.bytes(customer.contact.email)
    rows.bytes(customer.contact.emailHash)
    rows.bytes(customer.contact.phone)
    rows.bytes(customer.contact.phoneHash)
  }

  private var statusCode: Int {
    switch customer.status {
    case .active: 1
    case .suspended: 2
    case .terminated: 3
    }
  }
}
