extension Migrations {
  /// The statement store's file. Months and amounts as in the ledger's migrations.
  static let statements = Migrations(
    subject: "statement store",
    scripts: [
      """
      CREATE TABLE targets (
        run TEXT NOT NULL,
        chunk INTEGER NOT NULL,
        lower INTEGER NOT NULL,
        upper INTEGER NOT NULL,
        items INTEGER NOT NULL,
        hash BLOB NOT NULL,
        customers BLOB NOT NULL,
        PRIMARY KEY (run, chunk)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE statements (
        month INTEGER NOT NULL,
        customer_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        total INTEGER NOT NULL,
        hash BLOB NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (month, customer_id, version)
      ) STRICT, WITHOUT ROWID;
      """
    ])
}
