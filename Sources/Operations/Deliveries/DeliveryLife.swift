package import Audit
package import Billing

extension DeliveryLife {
  package var json: JSON {
    [
      "delivery": .string(key.description),
      "state": .string(state.rawValue),
      "reason": .optional(reason),
      "version": .number(version),
      "issue": .number(issue),
      "dueDate": .optional(dueDate?.description),
      "channels": .array(channels.map { .string($0.rawValue) }),
      "timeZone": .string(timeZone),
      "quietSlots": .array(quietSlots.slots.map { .number($0) }),
      "dueAt": .string(dueAt.description),
      // What waits, or waited, for an operator has no such moment.
      "nextAt": .optional(nextAt.milliseconds == .max ? nil : nextAt.description),
      "log": .array(
        entries.map { entry in
          [
            "at": .string(entry.at.description), "state": .string(entry.state.rawValue),
            "generation": .integer(entry.generation), "fence": .integer(entry.fence),
            "channel": .optional(entry.channel?.rawValue), "reason": .optional(entry.reason),
            "slotEnd": .optional(entry.slotEnd?.description), "by": .optional(entry.who),
            "note": .optional(entry.note),
          ]
        }),
      "attempts": .array(
        attempts.map { attempt in
          [
            "number": .number(attempt.number), "channel": .optional(attempt.channel?.rawValue),
            "provider": .string(attempt.provider), "round": .number(attempt.round),
            "key": .optional(attempt.key(of: key)),
            "openedAt": .string(attempt.openedAt.description),
            "closedAt": .optional(attempt.closedAt?.description),
            "outcome": .optional(attempt.outcome), "reference": .optional(attempt.reference),
            "reason": .optional(attempt.reason),
          ]
        }),
    ]
  }
}

extension DeliveryLife.Attempt {
  /// What the provider was given to recognise the message by.
  package func key(of delivery: DeliveryKey) -> String? {
    channel.map { delivery.idempotencyKey(on: $0, round: round) }
  }
}
