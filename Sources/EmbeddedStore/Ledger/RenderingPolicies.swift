package import Billing
package import Rendering

extension EmbeddedLedger: PolicyLedger {
  package func activePolicy() async throws -> DeliveryPolicy? {
    try await database.read { connection in
      try connection.first(
        "SELECT text FROM policies WHERE status = ?1 ORDER BY version DESC LIMIT 1",
        VersionStatus.active.rawValue
      ) { try PolicyRows.policy($0.text(0)) }
    }
  }

  package func policy(_ version: Int) async throws -> DeliveryPolicy? {
    try await database.read { connection in
      try connection.first("SELECT text FROM policies WHERE version = ?1", version) {
        try PolicyRows.policy($0.text(0))
      }
    }
  }

  package func templates(_ version: Int) async throws -> [BillTemplate] {
    try await database.read { try PolicyRows.templates(version, in: $0).map(\.template) }
  }

  package func apply(_ set: PolicySet, activating: Bool) async throws -> PolicyOutcome {
    let text = try set.policy.json
    return try await database.write { connection in
      try PolicyRows.apply(set, text: text, activating: activating, in: connection)
    }
  }
}

/// Rows of `policies` and `templates`.
private enum PolicyRows {
  static func policy(_ text: String) throws -> DeliveryPolicy {
    do {
      return try DeliveryPolicy(json: text)
    } catch {
      throw StoreError(
        .corrupt, operation: "read a delivery policy", detail: "its text is damaged")
    }
  }

  static func templates(
    _ version: Int, in connection: Connection
  ) throws -> [KnownPolicy.Template] {
    var templates: [KnownPolicy.Template] = []
    try connection.query(
      "SELECT channel, locale, status, subject, body FROM templates WHERE version = ?1 "
        + "ORDER BY channel, locale", version
    ) { row in
      guard let channel = Channel(code: row.int(0)), let locale = BillLocale(rawValue: row.text(1)),
        let status = VersionStatus(rawValue: row.int(2))
      else {
        throw StoreError(
          .corrupt, operation: "read templates",
          detail: "a template of version \(version) is damaged")
      }
      templates.append(
        KnownPolicy.Template(
          BillTemplate(
            channel: channel, locale: locale, version: version, subject: row.text(3),
            body: row.text(4)), status: status))
    }
    return templates
  }

  static func apply(
    _ set: PolicySet, text: String, activating: Bool, in connection: Connection
  ) throws -> PolicyOutcome {
    let known = KnownPolicy(
      policy: try connection.first(
        "SELECT text, status FROM policies WHERE version = ?1", set.policy.version
      ) { KnownPolicy.Text($0.text(0), status: VersionStatus(rawValue: $0.int(1)) ?? .retired) },
      templates: try templates(set.policy.templateVersion, in: connection))
    let outcome = known.outcome(of: set, text: text, activating: activating)
    switch outcome {
    case .unchanged, .refused: break
    case .stored: try store(set, text: text, in: connection)
    case .activated:
      try store(set, text: text, in: connection)
      try activate(set.policy, in: connection)
    }
    return outcome
  }

  /// Drafts are replaced; what is active or retired is the same, as was checked, and stays.
  private static func store(
    _ set: PolicySet, text: String, in connection: Connection
  ) throws {
    try connection.run(
      """
      INSERT INTO policies (version, status, text) VALUES (?1, ?2, ?3)
      ON CONFLICT DO UPDATE SET text = excluded.text WHERE status = ?2
      """, set.policy.version, VersionStatus.draft.rawValue, text)
    for template in set.templates {
      try connection.run(
        """
        INSERT INTO templates (channel, locale, version, status, subject, body)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT DO UPDATE SET subject = excluded.subject, body = excluded.body
        WHERE status = ?4
        """, template.channel.code, template.locale.rawValue, template.version,
        VersionStatus.draft.rawValue, template.subject, template.body)
    }
  }

  private static func activate(_ policy: DeliveryPolicy, in connection: Connection) throws {
    let active = VersionStatus.active.rawValue
    let retired = VersionStatus.retired.rawValue
    try connection.run(
      "UPDATE policies SET status = ?1 WHERE status = ?2 AND version <> ?3", retired, active,
      policy.version)
    try connection.run(
      "UPDATE policies SET status = ?1 WHERE version = ?2", active, policy.version)
    try connection.run(
      "UPDATE templates SET status = ?1 WHERE status = ?2 AND version <> ?3", retired, active,
      policy.templateVersion)
    try connection.run(
      "UPDATE templates SET status = ?1 WHERE version = ?2", active, policy.templateVersion)
  }
}
