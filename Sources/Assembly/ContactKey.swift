package import Billing
import Foundation

/// The secret that seals e-mail and phone: 32 bytes as 64 hexadecimal digits, in a file that only
/// its owner may read, or in a variable.
package enum ContactKey {
  /// The seal that contact data of this ledger is under.
  package static func seal(from source: BillingConfiguration.KeySource) throws -> ContactSeal {
    switch source {
    case .variable(let text):
      return try seal(hexadecimal: text, place: Setting.keysContact.variable)
    case .file(let path):
      guard let status = fileStatus(path) else {
        throw AssemblyFailure.keyMissing(path: path)
      }
      guard status.st_mode & 0o077 == 0 else {
        throw AssemblyFailure.keyFileOpenToOthers(path: path)
      }
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw AssemblyFailure.keyMissing(path: path)
      }
      return try seal(hexadecimal: text, place: path)
    }
  }

  /// Makes a key file of random bytes, readable by its owner alone; `false` when there is one.
  package static func makeFile(at path: String) throws -> Bool {
    // ChaCha20 seeded by the kernel: the system's source of secret bytes.
    var random = SystemRandomNumberGenerator()
    let secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try makeNewFile(path, text: hexadecimal(secret) + "\n")
  }

  private static func seal(hexadecimal text: String, place: String) throws -> ContactSeal {
    let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
    // The same 64 digits as a digest: the one reader of them.
    guard let secret = ContentHash(hex: digits.lowercased()),
      let seal = ContactSeal(keyID: 1, secret: secret.bytes)
    else {
      throw AssemblyFailure.keyMalformed(place: place)
    }
    return seal
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
