package import Billing
import Foundation

/// Writes a made-up import set for one month: a Korean carrier's customers with families, plan
/// changes, usage, refunds, quiet slots and sparse ids. The same seed gives the same bytes.
///
/// It is meant for a fresh ledger: samples of two months know nothing of each other.
package struct Sample: Sendable {
  private let seed: UInt64
  private let customers: Int
  private let poison: Int
  private let month: BillingMonth

  package enum Invalid: Error, Hashable, Sendable {
    /// Not 1…100,000,000.
    case customers(Int)
    /// Not 0…customers.
    case poison(Int)
    /// Not 1970-01…9998-12: its customers have been there for years before it.
    case month(BillingMonth)
  }

  /// - Parameters:
  ///   - customers: 1…100,000,000.
  ///   - poison: exactly so many customers cannot be rated and will be parked.
  ///   - month: 1970-01…9998-12.
  package init(seed: UInt64, customers: Int, poison: Int = 0, month: BillingMonth) throws(Invalid) {
    guard (1...100_000_000).contains(customers) else { throw .customers(customers) }
    guard (0...customers).contains(poison) else { throw .poison(poison) }
    guard (1970...9998).contains(month.year) else { throw .month(month) }
    self.seed = seed
    self.customers = customers
    self.poison = poison
    self.month = month
  }

  /// The files of an import set that are in a folder already.
  package static func filesThere(in directory: String) -> [String] {
    InputFile.allCases.map { directory + "/" + $0.rawValue }
      .filter { FileManager.default.fileExists(atPath: $0) }
  }

  /// Makes the folder if it is missing, and writes the files of an import set into it, over those
  /// that are there. Throws `StoreError` where that fails.
  ///
  /// - Parameter progress: called with the customers written so far, every thousand.
  package func write(
    to directory: String, progress: (_ customers: Int) throws -> Void = { _ in }
  ) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(
        .unreachable, operation: "make the folder \(directory)",
        detail: error.localizedDescription)
    }
    let catalog = try BufferedFile(
      path: directory + "/" + InputFile.catalog.rawValue)
    try catalog.append(SampleCatalog.text(for: month))
    try catalog.finish(durably: false)
    let files = try SampleFiles(directory: directory)
    var writer = SampleWriter(random: SampleRandom(seed: seed), month: month, files: files)
    var poisonLeft = poison
    for written in 0..<customers {
      // Each customer is poisoned with the share of those still to be: in the end exactly as many.
      let isPoisoned = writer.random.below(customers - written) < poisonLeft
      if isPoisoned { poisonLeft -= 1 }
      try writer.writeCustomer(isPoisoned: isPoisoned)
      if (written + 1) % 1000 == 0 { try progress(written + 1) }
    }
    try files.finish()
    try progress(customers)
  }
}
