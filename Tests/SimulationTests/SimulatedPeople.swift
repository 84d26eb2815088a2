import Billing
import BillingTestKit
import FaultInjection
import Foundation
import Importing
import Synchronization

/// The customers of the simulation: their first data, and what they change while everything runs.
final class SimulatedPeople: Sendable {
  let world: SimulatedWorld
  let seal: ContactSeal
  private let folder: TestFolder
  private let current: Mutex<[Scenario.Person]>
  private let written = Mutex(0)

  init(_ world: SimulatedWorld, seal: ContactSeal) throws {
    self.world = world
    self.seal = seal
    folder = try TestFolder()
    current = Mutex(world.scenario.people)
  }

  private static let catalog = """
    version: "c1"
    effectiveFrom: "2026-01"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan, addOn, usage] }
    rounding: { unit: 10, mode: down }
    plans:
      - { code: SMALL, name: "Small", monthlyFee: 31000 }
      - { code: LARGE, name: "Large", monthlyFee: 62000 }
    addOns: []
    discounts: []
    """

  func importAll() async throws {
    let people = world.scenario.people
    try await importing([
      "catalog.yaml": Self.catalog,
      "customers.csv": Self.customerHeader + people.map { row($0, mail: 1) }.joined(),
      "subscriptions.csv": Self.lineHeader + people.map { line($0.id, "SMALL") }.joined(),
    ])
    for person in people { note(person, mail: 1) }
    await settle(people)
  }

  /// Quiet slots, channels or the e-mail address of somebody become different.
  func changeSomebody(mail: Int) async throws {
    let people = current.withLock { $0 }
    let position = Int(world.random.next() % UInt64(people.count))
    var person = people[position]
    var mailOf = 1
    switch world.random.next() % 3 {
    case 0:
      person.quiet = (0..<12).filter { slot in
        world.random.next() % 100 < (slot < 4 ? 50 : 10)
      }
      if person.quiet.count == 12 { person.quiet = [] }
    case 1:
      person.channels =
        ["email;sms", "sms;email", "sms", "email", ""][
          Int(world.random.next() % 5)]
    default: mailOf = mail
    }
    current.withLock { $0[position] = person }
    note(person, mail: mailOf)
    try await importing(["customers.csv": Self.customerHeader + row(person, mail: mailOf)])
    await settle([person])
  }

  /// From now on this is what they want: nothing that is begun later may follow an older wish.
  private func settle(_ people: [Scenario.Person]) async {
    for person in people {
      world.invariants.settleWishes(
        of: CustomerID(person.id), at: Timestamp(milliseconds: world.loop.now))
    }
    await world.loop.sleep(until: world.loop.now + 1)
  }

  /// The slot that it is now becomes quiet for each.
  func quietenAll() async throws {
    try await changeAll { person in
      guard let zone = ZoneRules(person.zone) else { return }
      let slot = zone.slotNumber(at: Timestamp(milliseconds: world.loop.now))
      person.quiet = Set(person.quiet).union([slot]).sorted()
      if person.quiet.count == 12 { person.quiet = [slot] }
    }
  }

  func optOutAll() async throws {
    try await changeAll { $0.channels = "" }
  }

  private func changeAll(_ change: (inout Scenario.Person) -> Void) async throws {
    var people = current.withLock { $0 }
    for position in people.indices { change(&people[position]) }
    current.withLock { $0 = people }
    for person in people { note(person, mail: 1) }
    try await importing([
      "customers.csv": Self.customerHeader + people.map { row($0, mail: 1) }.joined()
    ])
    await settle(people)
  }

  /// Another plan from the beginning on: a correction's reason.
  func changePlan(of customer: CustomerID) async throws {
    try await importing(
      ["subscriptions.csv": Self.lineHeader + line(customer.number, "LARGE")])
  }

  private func note(_ person: Scenario.Person, mail: Int) {
    let mask = person.quiet.reduce(Int64(0)) { $0 | 1 << Int64($1) }
    world.invariants.wishes(
      CustomerID(person.id),
      Invariants.Wish(
        from: Timestamp(milliseconds: world.loop.now), quietMask: mask,
        channels: Set(
          person.channels.split(separator: ";").compactMap {
            Channel(rawValue: String($0))
          }),
        contacts: [.email: email(person, mail), .sms: phone(person)]))
  }

  private func importing(_ files: [String: String]) async throws {
    let number = written.withLock { number in
      number += 1
      return number
    }
    let set = folder.file("set-\(number)")
    try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
    for (name, text) in files {
      try text.write(toFile: set + "/" + name, atomically: false, encoding: .utf8)
    }
    // Whatever became of the last try: the same set again.
    let report = try await world.insisting("importer\(number)") { node in
      try await Importer(ledger: GatedInputLedger(world.ledger, gate: node), seal: seal)
        .run(directory: set)
    }
    guard report?.outcome != .refused else {
      throw Unexpected("refused: \(report?.refusals.first.map { "\($0)" } ?? "")")
    }
  }

  private static let customerHeader =
    "customer_id,name,email,phone,send_day,quiet_slots,time_zone,locale,channels,status,"
    + "activated_on,terminated_on\n"
  private static let lineHeader = "line_id,customer_id,plan_code,active_from,active_to\n"

  private func row(_ person: Scenario.Person, mail: Int) -> String {
    let quiet = person.quiet.map(String.init).joined(separator: ";")
    return "\(person.id),Name \(person.id),\(email(person, mail)),"
      + "\(phone(person)),1,\(quiet),\(person.zone),\(person.locale),"
      + "\(person.channels),active,2020-01-01,\n"
  }

  private func email(_ person: Scenario.Person, _ number: Int) -> String {
    "m\(number).c\(person.id)@example.com"
  }

  private func phone(_ person: Scenario.Person) -> String { "010-0000-\(1000 + person.id)" }

  private func line(_ customer: Int64, _ plan: String) -> String {
    "\(customer),\(customer),\(plan),2020-01-01,\n"
  }
}

/// Corrections that somebody asked for.
final class Corrections: Sendable {
  struct Request: Hashable, Sendable {
    var customer: CustomerID
    var from: Int64
  }

  private let open = Mutex<[Request]>([])

  func ask(_ request: Request) { open.withLock { $0.append(request) } }

  func due(at now: Int64) -> [Request] { open.withLock { $0.filter { $0.from <= now } } }

  func finish(_ request: Request) { open.withLock { $0.removeAll { $0 == request } } }

  var areDone: Bool { open.withLock { $0.isEmpty } }
}
