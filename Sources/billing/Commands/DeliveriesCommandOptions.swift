import ArgumentParser
import Assembly
import Billing
import Delivery
import Foundation
import Operations

/// Which deliveries are meant: those that match everything that is given.
struct PredicateOptions: ParsableArguments {
  @Option(
    name: .customLong("state"), parsing: .singleValue,
    help: ArgumentHelp("In this state; may be given several times.", valueName: "state"))
  var states: [DeliveryState] = []

  @Option(name: .long, help: ArgumentHelp("Of this billing month.", valueName: "month"))
  var month: BillingMonth?

  @Option(name: .long, help: ArgumentHelp("Of this customer.", valueName: "id"))
  var customer: CustomerID?

  @Option(
    name: .long,
    help: ArgumentHelp("Whose latest or next attempt is on this channel.", valueName: "channel"))
  var channel: Channel?

  @Option(
    name: .long,
    help: ArgumentHelp("Whose latest attempt was with this provider.", valueName: "name"))
  var provider: String?

  @Option(
    name: .long,
    help: ArgumentHelp("In their state for this reason, such as rejected.", valueName: "reason"))
  var reason: DeliveryReason?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "In their state for at least this long: 90s, 10m, 12h, 7d.", valueName: "duration"))
  var olderThan: String?

  @Option(name: .long, help: ArgumentHelp("Show, or change, at most so many.", valueName: "count"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError(.numberFromOne("--limit")) }
    if let provider, (try? String(code: provider)) == nil {
      throw ValidationError(.providerName)
    }
    if let olderThan, durationSeconds(olderThan) == nil {
      throw ValidationError(.olderThanDuration)
    }
  }

  private var choosesNothing: Bool {
    states.isEmpty && month == nil && customer == nil && channel == nil && provider == nil
      && reason == nil && olderThan == nil
  }

  /// - Parameter states: those meant where no state is given.
  func query(of states: Set<DeliveryState>) throws -> DeliveryQuery {
    if choosesNothing {
      throw CommandFailure(.wrongUsage, .nothingChosen, remedy: .chooseDeliveries)
    }
    let query = DeliveryQuery(
      states: self.states.isEmpty ? states : Set(self.states), month: month, customer: customer,
      channel: channel, provider: try provider.map { try String(code: $0) }, reason: reason,
      olderThanSeconds: olderThan.flatMap(durationSeconds))
    guard query.isBounded else {
      throw CommandFailure(.wrongUsage, .tooManyToLookThrough, remedy: .narrowDeliveries)
    }
    return query
  }

  /// The deliveries that an action is for.
  func query(for action: OperatorAction) throws -> DeliveryQuery {
    let others = Set(states).subtracting(action.states).sorted { $0.code < $1.code }
    guard others.isEmpty else { throw OperationFailure.notForStates(action, others) }
    return try query(of: action.states)
  }
}

/// For what changes something: nothing is done without consent and a reason.
struct ConsentOptions: ParsableArguments {
  @Flag(name: .long, help: "Do it. Without this, only what would be done is said.")
  var yes = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Why, for the deliveries' logs; nothing personal. Required with --yes.", valueName: "text"))
  var why: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Who decides it (default: your login name).", valueName: "name"))
  var who: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only if it is still what the dry run showed: the confirmation it printed. With --yes.",
      valueName: "confirmation"))
  var expect: String?

  func validate() throws {
    try KeptText.why.validate(why)
    try KeptText.who.validate(who)
    if yes, why == nil { throw ValidationError(.yesNeedsWhy) }
    if expect != nil, !yes { throw ValidationError(.belongsTo("--expect", "--yes")) }
  }

  /// What is kept for good must hold nobody's contact.
  func checkTexts() throws {
    try KeptText.why.check(why)
    try KeptText.who.check(who)
  }

  /// `nil` without consent.
  var signature: OperatorSignature? {
    get throws {
      guard yes, let why else { return nil }
      let who = who ?? NSUserName()
      // A login name may be an address.
      guard !who.isEmpty, (try? KeptText.who.check(who)) != nil else {
        throw CommandFailure(.wrongUsage, .nobodyToName, remedy: .nameYourself)
      }
      return OperatorSignature(who: who, why: why)
    }
  }
}

extension DeliveryState: ExpressibleByArgument {}
extension DeliveryReason: ExpressibleByArgument {}
