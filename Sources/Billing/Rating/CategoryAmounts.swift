/// What one line is charged in each category, less what discounts took off so far. Minor units.
struct CategoryAmounts {
  var plan: Int64 = 0
  var addOn: Int64 = 0
  var usage: Int64 = 0

  subscript(category: ChargeCategory) -> Int64 {
    get {
      switch category {
      case .plan: plan
      case .addOn: addOn
      case .usage: usage
      }
    }
    set {
      switch category {
      case .plan: plan = newValue
      case .addOn: addOn = newValue
      case .usage: usage = newValue
      }
    }
  }

  func total() throws(ParkingReason) -> Int64 {
    var sum = plan
    try sum.add(addOn)
    try sum.add(usage)
    return sum
  }

  func sum(of categories: [ChargeCategory]) throws(ParkingReason) -> Int64 {
    var sum: Int64 = 0
    for category in categories { try sum.add(self[category]) }
    return sum
  }

  /// Takes an amount off the categories in the order they are listed, each as far as it goes. The
  /// amount is at most their sum.
  mutating func take(_ amount: Int64, from categories: [ChargeCategory]) {
    var left = amount
    for category in categories where left > 0 {
      let taken = min(left, self[category])
      self[category] -= taken
      left -= taken
    }
  }
}

extension Int64 {
  /// Adds, or parks the customer where the sum leaves the range of an amount.
  mutating func add(_ other: Int64) throws(ParkingReason) {
    let (sum, overflow) = addingReportingOverflow(other)
    if overflow { throw ParkingReason(.overflow, "a sum is beyond 64 bits") }
    self = sum
  }

  /// An exact result as an amount, or parks the customer where it is none.
  init(amount: Int128) throws(ParkingReason) {
    guard let fitting = Int64(exactly: amount) else {
      throw ParkingReason(.overflow, "an amount is beyond 64 bits")
    }
    self = fitting
  }
}

extension Array {
  /// The same elements in ascending order; costs one comparison each where they already are.
  func ordered(by precedes: (Element, Element) -> Bool) -> [Element] {
    var position = 1
    while position < count {
      if precedes(self[position], self[position - 1]) { return sorted(by: precedes) }
      position += 1
    }
    return self
  }
}
