package import Billing
package import Rendering

extension PostgresLedger: PolicyLedger {
  package func activePolicy() async throws -> DeliveryPolicy? {
    try await database.read { connection in
      try connection.first(
        "SELECT text FROM policies WHERE status = $1 ORDER BY version DESC LIMIT 1",
        VersionStatus.active.rawValue
      ) { try PolicyRows.policy($0.text(0)) }
    }
  }

  package func policy(_ version: Int) async throws -> DeliveryPolicy? {
    try await database.read { connection in
      try connection.first("SELECT text FROM policies WHERE version = $1", version) {
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
      // One at a time: what is decided depends on all versions. Readers are not kept waiting.
      try connection.execute("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE")
      return try PolicyRows.apply(set, text: text, activating: activating, in: connection)
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
    _ version: Int, in connection: PostgresConnection
  ) throws -> [KnownPolicy.Template] {
    try connection.rows(
      "SELECT channel, locale, status, subject, body FROM templates WHERE version = $1 "
        + "ORDER BY channel, locale", version
    ) { row in
      guard let channel = Channel(code: row.int(0)), let locale = BillLocale(rawValue: row.text(1)),
        let status = VersionStatus(rawValue: row.int(2))
      else {
        throw StoreError(
          .corrupt, operation: "read templates",
          detail: "a template of version \(version) is damaged")
      }
      return KnownPolicy.Template(
        BillTemplate(
          channel: channel, locale: locale, version: version, subject: row.text(3),
          body: row.text(4)), status: status)
    }
  }

  static func apply(
    _ set: PolicySet, text: String, activating: Bool, in connection: PostgresConnection
  ) throws -> PolicyOutcome {
    let known = KnownPolicy(
      policy: try connection.first(
        "SELECT text, status FROM policies WHERE version = $1", set.policy.version
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
    _ set: PolicySet, text: String, in connection: PostgresConnection
  ) throws {
    let draft = VersionStatus.draft.rawValue
    try connection.run(
      """
      INSERT INTO policies AS known (version, status, text) VALUES ($1, $2, $3)
      ON CONFLICT (version) DO UPDATE SET text = excluded.text WHERE known.status = $2
      """, set.policy.version, draft, text)
    try connection.run(
      """
      INSERT INTO templates AS known (channel, locale, version, status, subject, body)
      SELECT channel, locale, version, $1, subject, body
      FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[])
        AS wanted (channel, locale, version, subject, body)
      ON CONFLICT (channel, locale, version) DO UPDATE
        SET subject = excluded.subject, body = excluded.body WHERE known.status = $1
      """, draft, IntegerColumn(set.templates) { $0.channel.code },
      TextColumn(set.templates) { $0.locale.rawValue }, IntegerColumn(set.templates) { $0.version },
      TextColumn(set.templates) { $0.subject }, TextColumn(set.templates) { $0.body })
  }

  private static func activate(
    _ policy: DeliveryPolicy, in connection: PostgresConnection
  ) throws {
    try activate(policy.version, of: "policies", in: connection)
    try activate(policy.templateVersion, of: "templates", in: connection)
  }

  /// This version, and the one before it no longer.
  private static func activate(
    _ version: Int, of table: String, in connection: PostgresConnection
  ) throws {
    try connection.run(
      """
      UPDATE \(table) SET status = CASE WHEN version = $1 THEN $2 ELSE $3 END
      WHERE version = $1 OR status = $2
      """, version, VersionStatus.active.rawValue, VersionStatus.retired.rawValue)
  }
}
