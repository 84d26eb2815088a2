package import Audit
package import Billing

extension DirectoryBillStore: AuditBills {
  package func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?] {
    try await read(keys) { lane, part in
      try await lane.examine(part) { content in
        ExaminedBill(size: content.count, sha256: ContentHash(of: content))
      }
    }
  }
}
