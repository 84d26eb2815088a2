-- Units: months are year × 12 + (month − 1); days are days since 1970-01-01; moments are
-- milliseconds since 1970-01-01T00:00:00Z; amounts are minor units of the catalog's currency.
-- Rows of inputs are valid for cutoffs c with recorded_from <= c < recorded_to.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every write of inputs takes the next record number; the highest is what a cutoff is fixed to.
CREATE TABLE records (
  record_number INTEGER PRIMARY KEY,
  recorded_at INTEGER NOT NULL,
  source TEXT NOT NULL
) STRICT;

CREATE TABLE catalogs (
  version TEXT PRIMARY KEY,
  effective_from INTEGER NOT NULL,
  currency TEXT NOT NULL,          -- ISO 4217
  text TEXT NOT NULL,
  record_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
  customer_id INTEGER NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  name TEXT NOT NULL,
  email_sealed BLOB NOT NULL,
  email_hash BLOB NOT NULL,
  phone_sealed BLOB NOT NULL,
  phone_hash BLOB NOT NULL,
  send_day INTEGER NOT NULL,
  quiet_mask INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  locale TEXT NOT NULL,
  -- Channel codes as decimal digits, the preferred one first: 12 is e-mail, then SMS; 0 is none.
  channels INTEGER NOT NULL,
  -- 1 active, 2 suspended, 3 terminated.
  status INTEGER NOT NULL,
  activated_on INTEGER NOT NULL,
  terminated_on INTEGER,
  PRIMARY KEY (customer_id, recorded_from)
) STRICT, WITHOUT ROWID;

-- A line belongs to one customer for good.
CREATE TABLE lines (
  line_id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL
) STRICT;

-- What hangs on a line is clustered by customer, so that a chunk's inputs are one range each.
CREATE TABLE segments (
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  active_from INTEGER NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  plan_code TEXT NOT NULL,
  active_to INTEGER,
  PRIMARY KEY (customer_id, line_id, active_from, recorded_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE add_ons (
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  active_from INTEGER NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  active_to INTEGER,
  PRIMARY KEY (customer_id, line_id, code, active_from, recorded_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE discounts (
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  active_from INTEGER NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  active_to INTEGER,
  PRIMARY KEY (customer_id, line_id, code, active_from, recorded_from)
) STRICT, WITHOUT ROWID;

-- quantity = coefficient × 10^−scale.
CREATE TABLE usage (
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  coefficient INTEGER NOT NULL,
  scale INTEGER NOT NULL,
  PRIMARY KEY (month, customer_id, line_id, metric, recorded_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE charges (
  customer_id INTEGER NOT NULL,
  charge_id TEXT NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  -- The record number that first brought this charge: decides the month that bills it.
  first_recorded INTEGER NOT NULL,
  charged_on INTEGER NOT NULL,
  category TEXT NOT NULL,
  description TEXT NOT NULL,
  amount INTEGER NOT NULL,
  taxable INTEGER NOT NULL,
  PRIMARY KEY (customer_id, charge_id, recorded_from)
) STRICT, WITHOUT ROWID;
CREATE INDEX charges_by_id ON charges (charge_id);
CREATE INDEX charges_by_day ON charges (charged_on, customer_id);

CREATE TABLE bundle_members (
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  bundle_id TEXT NOT NULL,
  active_from INTEGER NOT NULL,
  recorded_from INTEGER NOT NULL,
  recorded_to INTEGER NOT NULL DEFAULT 9223372036854775807,
  active_to INTEGER,
  PRIMARY KEY (customer_id, line_id, bundle_id, active_from, recorded_from)
) STRICT, WITHOUT ROWID;
CREATE INDEX bundle_members_by_bundle ON bundle_members (bundle_id);

-- Runs: (job, month, kind, sequence). What could change a run's result is pinned in its row.
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,            -- 1 settlement, 2 rendering
  month INTEGER NOT NULL,
  kind INTEGER NOT NULL,           -- 1 regular, 2 supplement, 3 correction
  sequence INTEGER NOT NULL,
  status INTEGER NOT NULL,         -- 1 running, 2 completed, 3 failed
  fence INTEGER NOT NULL,
  owner TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  cutoff INTEGER NOT NULL,
  catalog_version TEXT,
  policy_version INTEGER,
  template_version INTEGER,
  program_version TEXT NOT NULL,
  reason TEXT,
  started_at INTEGER NOT NULL,
  -- The same on the ledger's own clock: when what the run makes counts as made.
  opened_at INTEGER NOT NULL,
  completed_at INTEGER,
  parked INTEGER NOT NULL DEFAULT 0,
  seal BLOB,
  failure TEXT,
  UNIQUE (job, month, kind, sequence)
) STRICT;

-- The customers that a supplement or a correction is about, fixed when the run is opened.
CREATE TABLE run_customers (
  run_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  PRIMARY KEY (run_id, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_steps (
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  status INTEGER NOT NULL,         -- 1 pending, 2 running, 3 completed
  started_at INTEGER,
  completed_at INTEGER,
  expected_count INTEGER,
  expected_sum INTEGER,
  expected_hash BLOB,
  actual_count INTEGER,
  actual_sum INTEGER,
  actual_hash BLOB,
  PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunks (
  run_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  lower INTEGER NOT NULL,          -- customers lower…upper, both included
  upper INTEGER NOT NULL,
  items INTEGER NOT NULL,
  status INTEGER NOT NULL,         -- 1 free, 2 claimed, 3 done
  fence INTEGER NOT NULL DEFAULT 0,
  owner TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  done_count INTEGER,
  done_sum INTEGER,
  done_hash BLOB,
  parked INTEGER NOT NULL DEFAULT 0,
  failure TEXT,
  PRIMARY KEY (run_id, step, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  code TEXT NOT NULL,
  detail TEXT NOT NULL,
  -- The run that made this customer's statement after all.
  settled_by INTEGER,
  PRIMARY KEY (month, customer_id, run_id)
) STRICT, WITHOUT ROWID;

-- What a customer's latest rating had nothing to charge for.
CREATE TABLE unrated (
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  line_id INTEGER NOT NULL,
  metric TEXT NOT NULL,            -- '' for the line itself
  run_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,           -- 1 unknown metric, 2 no active day, 3, 4 outside the cohort
  coefficient INTEGER NOT NULL,    -- of the quantity, as in usage
  scale INTEGER NOT NULL,
  -- The run that rated this customer again.
  superseded_by INTEGER,
  PRIMARY KEY (month, customer_id, line_id, metric, run_id)
) STRICT, WITHOUT ROWID;

-- The primary key is what makes "exactly one" true.
CREATE TABLE manifest (
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (month, customer_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  version INTEGER PRIMARY KEY,
  status INTEGER NOT NULL,         -- 1 draft, 2 active, 3 retired
  text TEXT NOT NULL
) STRICT;

CREATE TABLE templates (
  channel INTEGER NOT NULL,
  locale TEXT NOT NULL,
  version INTEGER NOT NULL,
  status INTEGER NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (channel, locale, version)
) STRICT, WITHOUT ROWID;

-- The key of a bill follows from its row; its bytes are in the bill store. The same bill with another
-- due date is another issue.
CREATE TABLE bills (
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  policy INTEGER NOT NULL,
  template INTEGER NOT NULL,
  issue INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  run_id INTEGER NOT NULL,         -- 0: no run, a later issue
  size INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  due_date INTEGER,                -- by when it is to be paid; NULL where nothing is
  PRIMARY KEY (month, customer_id, version, policy, template, issue, channel)
) STRICT, WITHOUT ROWID;

-- Clustered by the day on which they were to be sent when they were made: what is sent together
-- lies together, so that a batch of a slot's transitions writes few pages. `due_day` says where the
-- row lies and nothing else; it stays when `due_at` changes.
CREATE TABLE deliveries (
  month INTEGER NOT NULL,
  due_day INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,           -- 1 bill, 2 correction, 3 resend
  sequence INTEGER NOT NULL,
  state INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 1,
  fence INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  -- What is to be sent.
  version INTEGER NOT NULL,
  policy INTEGER NOT NULL,
  template INTEGER NOT NULL,
  -- What a send must check, copied from the customer and kept current while it is unfinished.
  channels INTEGER NOT NULL,       -- usable channels, as in customers.channels
  channel INTEGER NOT NULL,        -- the one that the next or current attempt uses; 0 none
  quiet_mask INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  -- When it was made, an operator last let it go, or a customer last changed when it is due:
  -- lateness is counted from here, or from due_at, whichever is later.
  made_at INTEGER NOT NULL,
  -- Not before this, and the key that dispatch reads by: due, later the next attempt.
  next_at INTEGER NOT NULL,
  -- Begun: an intent was once committed.
  begun INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,          -- attempts in all
  channel_attempts INTEGER NOT NULL DEFAULT 0, -- attempts on the current channel that count
  -- Attempts under the current channel's key of which nobody knows whether they were taken: while
  -- there are any, no other key may be used.
  unresolved INTEGER NOT NULL DEFAULT 0,
  closed_channels INTEGER NOT NULL DEFAULT 0,  -- bit 2^code: given up, every attempt failed
  -- Of attempts: the next begins, when every attempt of this one failed, by an operator or because
  -- the contact was mended. Part of the idempotency key.
  round INTEGER NOT NULL DEFAULT 1,
  -- Frozen with the first intent of the current channel: what goes out under its key.
  key_opened_at INTEGER,
  frozen_sha256 BLOB,
  recipient_hash BLOB,
  slot_end INTEGER NOT NULL DEFAULT 0,
  owner TEXT,
  -- claimed: the lease's end; sending: the call's deadline.
  lease_until INTEGER NOT NULL DEFAULT 0,
  queued_at INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER,
  partition INTEGER,
  offset INTEGER,
  -- Of the bill, beside its version; its due date, after which it does not go by itself (NULL: no
  -- such day), unless an operator let it go all the same; and whether its bills are still to be made.
  issue INTEGER NOT NULL DEFAULT 1,
  due_date INTEGER,
  goes_past_due INTEGER NOT NULL DEFAULT 0,
  awaits_bill INTEGER NOT NULL DEFAULT 0,
  last_attempt INTEGER,                        -- of attempts; each names the one before
  last_entry INTEGER,                          -- of delivery_log; each names the one before
  changed_at INTEGER NOT NULL,                 -- since when it is in this state
  PRIMARY KEY (month, due_day, customer_id, kind, sequence)
) STRICT, WITHOUT ROWID;
-- The key that everybody else knows a delivery by.
CREATE UNIQUE INDEX deliveries_key ON deliveries (month, customer_id, kind, sequence);
-- Those whose bills are still to be made.
CREATE INDEX deliveries_awaiting ON deliveries (month, customer_id, kind, sequence)
  WHERE awaits_bill = 1;
-- What dispatch reads a slot by, in the order of its cursor.
CREATE INDEX deliveries_planned ON deliveries
  (time_zone, next_at, month, customer_id, kind, sequence, quiet_mask) WHERE state = 1;
-- The few of them that were queued before: retries, and what was put back.
CREATE INDEX deliveries_planned_again ON deliveries
  (time_zone, next_at, month, customer_id, kind, sequence, quiet_mask)
  WHERE state = 1 AND queued_at > 0;
-- Not yet published (partition NULL), or published and not yet claimed. Batches are neighbours. The
-- customer is what a sweep goes along where nothing is published.
CREATE INDEX deliveries_queued ON deliveries (slot_end, partition, offset, customer_id)
  WHERE state = 2;
CREATE INDEX deliveries_under_way ON deliveries (state, lease_until) WHERE state IN (3, 4);
-- Uncertain ones of a provider by when they are to be looked at; the highest integer is never by
-- itself. Whoever looks at one moves it ahead meanwhile.
CREATE INDEX deliveries_uncertain ON deliveries (channel, next_at) WHERE state = 7;
-- What somebody has to look at, in the order in which it is listed, with what is counted of it.
CREATE INDEX deliveries_set_aside ON deliveries
  (state, month, customer_id, kind, sequence, reason, changed_at) WHERE state IN (6, 7, 8, 9);

-- The distinct zones of deliveries, so that a tick need not look for them.
CREATE TABLE delivery_zones (
  time_zone TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Attempts and the log are only appended to, so that a batch of deliveries from all over the month
-- writes a few full pages and not one page a row; a delivery's rows are a chain from its latest.
CREATE TABLE attempts (
  attempt_id INTEGER PRIMARY KEY,
  previous INTEGER,
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  round INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  bill_sha256 BLOB NOT NULL,
  recipient_hash BLOB NOT NULL,
  provider TEXT NOT NULL,
  -- When the customer was not to be told, as it was known when the attempt was opened.
  quiet_mask INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  closed_at INTEGER,
  outcome INTEGER,                 -- 1 accepted, 2 rejected, 3 not accepted, 4 unknown
  reference TEXT,
  reason TEXT
) STRICT;

-- The life of a delivery, one row a transition.
CREATE TABLE delivery_log (
  entry INTEGER PRIMARY KEY,
  previous INTEGER,
  month INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  reason TEXT,
  who TEXT,
  -- Queued: the end of the slot it is to go in.
  slot_end INTEGER,
  -- What an operator did and why; what an import changed.
  note TEXT
) STRICT;

-- One row: whether this ledger's time is real or simulated, and what time it is if simulated.
CREATE TABLE ledger_clock (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  mode INTEGER NOT NULL,           -- 0 not decided, 1 real, 2 simulated
  simulated_now INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_clock VALUES (1, 0, 0);
