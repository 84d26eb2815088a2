package import Billing
package import Delivery

extension DeliveryListing {
  package func seconds(since moment: Timestamp) -> Int64 {
    max(0, moment.milliseconds(until: now ?? moment) / 1000)
  }

  package var json: JSON {
    let groups = counts.sorted { $0.key < $1.key }
    return [
      "count": .number(count),
      "groups": .array(
        groups.map { group, count in
          let oldest = oldest[group]
          return [
            "state": .string(group.state.rawValue),
            "reason": .optional(group.reason?.rawValue), "count": .number(count),
            "since": .optional(oldest?.description),
            "ageSeconds": oldest.map { .integer(seconds(since: $0)) } ?? .null,
          ]
        }),
      "deliveries": .array(shown.map(json(of:))),
    ]
  }

  private func json(of delivery: FoundDelivery) -> JSON {
    [
      "delivery": .string(delivery.key.description),
      "state": .string(delivery.state.rawValue),
      "reason": .optional(delivery.reason?.rawValue),
      "version": .number(delivery.version),
      "issue": .number(delivery.issue),
      "dueDate": .optional(delivery.dueDate?.description),
      "channel": .optional(delivery.channel?.rawValue),
      "provider": .optional(delivery.provider),
      "key": .optional(delivery.idempotencyKey),
      "round": .number(delivery.round),
      "attempts": .number(delivery.attempts),
      "unresolved": .number(delivery.unresolved),
      "since": .string(delivery.changedAt.description),
      "ageSeconds": .integer(seconds(since: delivery.changedAt)),
    ]
  }
}
