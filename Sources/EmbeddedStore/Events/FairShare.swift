/// Which partitions a member of a group gives up and takes, so that every member has its share:
/// pure, worked out by each member for itself from the same table.
struct FairShare {
  /// The members alive, in order of their names.
  let members: [String]
  /// The member that has each partition; one not among `members` does not count.
  let owners: [String]

  struct Change: Hashable {
    var surplus: Int
    var take: [Int]
  }

  /// - Returns: how many of its partitions the member has too many, and which free ones it takes.
  func change(for member: String) -> Change {
    guard let rank = members.firstIndex(of: member) else { return Change(surplus: 0, take: []) }
    let quota =
      owners.count / members.count + (rank < owners.count % members.count ? 1 : 0)
    let mine = owners.count { $0 == member }
    let free = owners.indices.filter { !members.contains(owners[$0]) }
    return Change(
      surplus: max(0, mine - quota), take: Array(free.prefix(max(0, quota - mine))))
  }
}
