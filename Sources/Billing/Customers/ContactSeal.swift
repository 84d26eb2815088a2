import Crypto

import struct Foundation.Data

/// Seals contact data before it reaches the ledger, and opens it to send.
///
/// AES-256-GCM with the key id and the column bound in as authenticated data, so that a sealed
/// e-mail cannot be passed off as a phone number. Beside it a keyed hash (HMAC-SHA-256, 16 bytes)
/// of the same text, to look it up and to tell whether it changed.
///
/// A sealed value is `[1: format][1: key id][12: nonce][n: ciphertext][16: tag]`.
package struct ContactSeal: Sendable {
  /// What is wrong with a sealed value; never what it holds.
  package enum Failure: Error, Sendable {
    case unknownFormat
    case unknownKey(id: UInt8)
    /// Altered, of another column, or sealed under another key with this id.
    case notAuthentic
  }

  private static let format: UInt8 = 1

  private let keyID: UInt8
  private let sealingKey: SymmetricKey
  private let hashingKey: SymmetricKey

  /// Derives both keys from 32 secret bytes; `nil` for any other number of bytes.
  package init?(keyID: UInt8, secret: some Collection<UInt8>) {
    guard secret.count == 32 else { return nil }
    let root = SymmetricKey(data: Array(secret))
    self.keyID = keyID
    sealingKey = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: root, info: Array("billing contact seal".utf8), outputByteCount: 32)
    hashingKey = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: root, info: Array("billing contact hash".utf8), outputByteCount: 32)
  }

  /// Seals a text; an empty one is an empty value.
  package func seal(_ text: String, column: ContactKind) -> [UInt8] {
    guard !text.isEmpty else { return [] }
    do {
      let box = try AES.GCM.seal(
        Array(text.utf8), using: sealingKey, authenticating: associated(column, keyID))
      var sealed: [UInt8] = [Self.format, keyID]
      sealed.reserveCapacity(30 + text.utf8.count)
      sealed.append(contentsOf: box.nonce)
      sealed.append(contentsOf: box.ciphertext)
      sealed.append(contentsOf: box.tag)
      return sealed
    } catch {
      // AES-GCM with a 32-byte key and a fresh nonce fails for no input of this size.
      preconditionFailure("sealing failed")
    }
  }

  /// The text that was sealed.
  package func open(_ sealed: [UInt8], column: ContactKind) throws(Failure) -> String {
    guard !sealed.isEmpty else { return "" }
    guard sealed.count >= 30, sealed[0] == Self.format else { throw .unknownFormat }
    guard sealed[1] == keyID else { throw .unknownKey(id: sealed[1]) }
    do {
      let box = try AES.GCM.SealedBox(combined: sealed.dropFirst(2))
      let opened = try AES.GCM.open(
        box, using: sealingKey, authenticating: associated(column, keyID))
      return String(decoding: opened, as: UTF8.self)
    } catch {
      throw .notAuthentic
    }
  }

  /// 16 bytes that are equal for equal texts of a column, and say nothing without the key; empty
  /// for an empty text.
  package func lookupHash(_ text: String, column: ContactKind) -> [UInt8] {
    guard !text.isEmpty else { return [] }
    var mac = HMAC<SHA256>(key: hashingKey)
    mac.update(data: Array(column.rawValue.utf8) + [0])
    mac.update(data: Array(text.utf8))
    return Array(mac.finalize().prefix(16))
  }

  private func associated(_ column: ContactKind, _ keyID: UInt8) -> [UInt8] {
    [Self.format, keyID] + Array(column.rawValue.utf8)
  }
}
