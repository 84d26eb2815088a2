package import Billing

/// A customer with contact data sealed: what the ledger keeps of a row of `customers.csv`.
package struct SealedCustomer: Hashable, Sendable {
  package var id: CustomerID
  package var name: String
  package var contact: SealedContact
  /// 1…31.
  package var sendDay: Int
  package var quietSlots: QuietSlots
  package var timeZone: String
  package var locale: BillLocale
  package var channels: [Channel]
  package var status: CustomerStatus
  package var activatedOn: CalendarDay
  package var terminatedOn: CalendarDay?

  /// Seals a customer's e-mail address and phone number.
  package init(_ customer: Customer, seal: ContactSeal) {
    id = customer.id
    name = customer.name
    contact = SealedContact(
      email: seal.seal(customer.email, column: .email),
      emailHash: seal.lookupHash(customer.email, column: .email),
      phone: seal.seal(customer.phone, column: .phone),
      phoneHash: seal.lookupHash(customer.phone, column: .phone))
    sendDay = customer.sendDay
    quietSlots = customer.quietSlots
    timeZone = customer.timeZone
    locale = customer.locale
    channels = customer.channels
    status = customer.status
    activatedOn = customer.activatedOn
    terminatedOn = customer.terminatedOn
  }

  /// The channels as one number, the preferred one first: 12 is e-mail, then SMS; 0 is none.
  package var channelDigits: Int { channels.reduce(0) { $0 * 10 + $1.code } }
}

/// Sealed values differ each time the same text is sealed; the hashes tell whether it changed.
package struct SealedContact: Hashable, Sendable {
  /// Empty when the customer has none, as the others are.
  package var email: [UInt8]
  package var emailHash: [UInt8]
  package var phone: [UInt8]
  package var phoneHash: [UInt8]

  package init(email: [UInt8], emailHash: [UInt8], phone: [UInt8], phoneHash: [UInt8]) {
    self.email = email
    self.emailHash = emailHash
    self.phone = phone
    self.phoneHash = phoneHash
  }
}

/// A row of `subscriptions.csv`; its key is line and first day.
package struct SegmentRow: Hashable, Sendable {
  package var line: LineID
  package var customer: CustomerID
  package var segment: PlanSegment

  package init(line: LineID, customer: CustomerID, segment: PlanSegment) {
    self.line = line
    self.customer = customer
    self.segment = segment
  }
}

/// A row of `add_ons.csv` or `discounts.csv`; its key is line, code and first day.
package struct EntitlementRow: Hashable, Sendable {
  package var line: LineID
  package var entitlement: Entitlement

  package init(line: LineID, entitlement: Entitlement) {
    self.line = line
    self.entitlement = entitlement
  }
}

/// A row of `bundles.csv`; its key is bundle, line and first day.
package struct BundleRow: Hashable, Sendable {
  package var line: LineID
  package var membership: BundleMembership

  package init(line: LineID, membership: BundleMembership) {
    self.line = line
    self.membership = membership
  }
}

/// A row of `usage.csv`; its key is line, month and metric.
package struct UsageRow: Hashable, Sendable {
  package var line: LineID
  package var month: BillingMonth
  package var usage: UsageQuantity

  package init(line: LineID, month: BillingMonth, usage: UsageQuantity) {
    self.line = line
    self.month = month
    self.usage = usage
  }
}

/// A row of `charges.csv`; its key is the charge's id.
package struct ChargeRow: Hashable, Sendable {
  package var customer: CustomerID
  package var charge: OneOffCharge

  package init(customer: CustomerID, charge: OneOffCharge) {
    self.customer = customer
    self.charge = charge
  }
}

/// A catalog as its author wrote it: the text is what is kept, and what is compared.
package struct CatalogText: Hashable, Sendable {
  package var version: String
  package var effectiveFrom: BillingMonth
  package var currency: Currency
  package var text: String

  package init(version: String, effectiveFrom: BillingMonth, currency: Currency, text: String) {
    self.version = version
    self.effectiveFrom = effectiveFrom
    self.currency = currency
    self.text = text
  }
}
