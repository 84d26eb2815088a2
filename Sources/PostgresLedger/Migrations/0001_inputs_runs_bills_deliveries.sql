-- Units: months are year × 12 + (month − 1); days are days since 1970-01-01; moments are
-- milliseconds since 1970-01-01T00:00:00Z; amounts are minor units of the catalog's currency.
-- Rows of inputs are valid for cutoffs c with recorded_from <= c < recorded_to.
-- Texts that are keys are compared byte by byte, whatever the database's locale is.

CREATE TABLE meta (
  key text PRIMARY KEY,
  value text NOT NULL
);

-- One row per transaction that writes: whoever lost the answer to a COMMIT finds out by it what
-- became of the transaction. Kept for a day.
CREATE TABLE commits (
  token uuid PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX commits_by_age ON commits (at);

-- Every write of inputs takes the next record number; the highest is what a cutoff is fixed to.
CREATE TABLE records (
  record_number bigint PRIMARY KEY,
  recorded_at bigint NOT NULL,
  source text NOT NULL
);

CREATE TABLE catalogs (
  version text COLLATE "C" PRIMARY KEY,
  effective_from integer NOT NULL,
  currency text NOT NULL,          -- ISO 4217
  text text NOT NULL,
  record_number bigint NOT NULL
);

CREATE TABLE customers (
  customer_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  send_day smallint NOT NULL,
  quiet_mask smallint NOT NULL,
  -- Channel codes as decimal digits, the preferred one first: 12 is e-mail, then SMS; 0 is none.
  channels smallint NOT NULL,
  -- 1 active, 2 suspended, 3 terminated.
  status smallint NOT NULL,
  activated_on integer NOT NULL,
  terminated_on integer,
  time_zone text COLLATE "C" NOT NULL,
  locale text COLLATE "C" NOT NULL,
  name text NOT NULL,
  email_sealed bytea NOT NULL,
  email_hash bytea NOT NULL,
  phone_sealed bytea NOT NULL,
  phone_hash bytea NOT NULL,
  PRIMARY KEY (customer_id, recorded_from)
);
-- Rows lie in the order in which they were recorded: what is late is found by block ranges.
CREATE INDEX customers_by_record ON customers USING brin (recorded_from) WITH (pages_per_range = 32);

-- A line belongs to one customer for good.
CREATE TABLE lines (
  line_id bigint PRIMARY KEY,
  customer_id bigint NOT NULL
);

CREATE TABLE segments (
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  active_from integer NOT NULL,
  active_to integer,
  plan_code text COLLATE "C" NOT NULL,
  PRIMARY KEY (customer_id, line_id, active_from, recorded_from)
);
CREATE INDEX segments_by_record ON segments USING brin (recorded_from) WITH (pages_per_range = 32);

CREATE TABLE add_ons (
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  active_from integer NOT NULL,
  active_to integer,
  code text COLLATE "C" NOT NULL,
  PRIMARY KEY (customer_id, line_id, code, active_from, recorded_from)
);
CREATE INDEX add_ons_by_record ON add_ons USING brin (recorded_from) WITH (pages_per_range = 32);

CREATE TABLE discounts (
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  active_from integer NOT NULL,
  active_to integer,
  code text COLLATE "C" NOT NULL,
  PRIMARY KEY (customer_id, line_id, code, active_from, recorded_from)
);
CREATE INDEX discounts_by_record ON discounts USING brin (recorded_from)
  WITH (pages_per_range = 32);

-- quantity = coefficient × 10^−scale.
CREATE TABLE usage (
  month integer NOT NULL,
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  coefficient bigint NOT NULL,
  scale smallint NOT NULL,
  metric text COLLATE "C" NOT NULL,
  PRIMARY KEY (month, customer_id, line_id, metric, recorded_from)
);
CREATE INDEX usage_by_record ON usage USING brin (recorded_from) WITH (pages_per_range = 32);

CREATE TABLE charges (
  customer_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  -- The record number that first brought this charge: decides the month that bills it.
  first_recorded bigint NOT NULL,
  amount bigint NOT NULL,
  charged_on integer NOT NULL,
  taxable boolean NOT NULL,
  charge_id text COLLATE "C" NOT NULL,
  category text COLLATE "C" NOT NULL,
  description text NOT NULL,
  PRIMARY KEY (customer_id, charge_id, recorded_from)
);
CREATE INDEX charges_by_id ON charges (charge_id);
CREATE INDEX charges_by_day ON charges (charged_on, customer_id);
CREATE INDEX charges_by_record ON charges USING brin (recorded_from) WITH (pages_per_range = 32);

CREATE TABLE bundle_members (
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  recorded_from bigint NOT NULL,
  recorded_to bigint NOT NULL DEFAULT 9223372036854775807,
  active_from integer NOT NULL,
  active_to integer,
  bundle_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (customer_id, line_id, bundle_id, active_from, recorded_from)
);
CREATE INDEX bundle_members_by_bundle ON bundle_members (bundle_id);
CREATE INDEX bundle_members_by_record ON bundle_members USING brin (recorded_from)
  WITH (pages_per_range = 32);

-- Runs: (job, month, kind, sequence). What could change a run's result is pinned in its row.
CREATE TABLE runs (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job smallint NOT NULL,           -- 1 settlement, 2 rendering
  month integer NOT NULL,
  kind smallint NOT NULL,          -- 1 regular, 2 supplement, 3 correction
  sequence integer NOT NULL,
  status smallint NOT NULL,        -- 1 running, 2 completed, 3 failed
  fence bigint NOT NULL,
  owner text NOT NULL,
  lease_until bigint NOT NULL,
  cutoff bigint NOT NULL,
  catalog_version text,
  policy_version integer,
  template_version integer,
  program_version text NOT NULL,
  reason text,
  started_at bigint NOT NULL,
  -- The same on the ledger's own clock: when what the run makes counts as made.
  opened_at bigint NOT NULL,
  completed_at bigint,
  parked bigint NOT NULL DEFAULT 0,
  seal bytea,
  failure text,
  UNIQUE (job, month, kind, sequence)
);

-- The customers that a supplement or a correction is about, fixed when the run is opened.
CREATE TABLE run_customers (
  run_id bigint NOT NULL,
  customer_id bigint NOT NULL,
  PRIMARY KEY (run_id, customer_id)
);

CREATE TABLE run_steps (
  run_id bigint NOT NULL,
  step integer NOT NULL,
  name text NOT NULL,
  status smallint NOT NULL,        -- 1 pending, 2 running, 3 completed
  started_at bigint,
  completed_at bigint,
  expected_count bigint,
  expected_sum bigint,
  expected_hash bytea,
  actual_count bigint,
  actual_sum bigint,
  actual_hash bytea,
  PRIMARY KEY (run_id, step)
);

-- Its rows are updated in place, mostly: no index names what changes.
CREATE TABLE chunks (
  run_id bigint NOT NULL,
  step integer NOT NULL,
  chunk integer NOT NULL,
  lower bigint NOT NULL,           -- customers lower…upper, both included
  upper bigint NOT NULL,
  items bigint NOT NULL,
  status smallint NOT NULL,        -- 1 free, 2 claimed, 3 done
  fence bigint NOT NULL DEFAULT 0,
  owner text,
  lease_until bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  not_before bigint NOT NULL DEFAULT 0,
  done_count bigint,
  done_sum bigint,
  done_hash bytea,
  parked bigint NOT NULL DEFAULT 0,
  failure text,
  PRIMARY KEY (run_id, step, chunk)
) WITH (fillfactor = 50);
-- What can be claimed, without stepping over what is done.
CREATE INDEX chunks_open ON chunks (run_id, step, chunk) WHERE status <> 3;

CREATE TABLE parked (
  month integer NOT NULL,
  customer_id bigint NOT NULL,
  run_id bigint NOT NULL,
  code text COLLATE "C" NOT NULL,
  detail text NOT NULL,
  -- The run that made this customer's statement after all.
  settled_by bigint,
  PRIMARY KEY (month, customer_id, run_id)
);
CREATE INDEX parked_by_run ON parked (run_id, customer_id);

-- What a customer's latest rating had nothing to charge for.
CREATE TABLE unrated (
  month integer NOT NULL,
  customer_id bigint NOT NULL,
  line_id bigint NOT NULL,
  run_id bigint NOT NULL,
  coefficient bigint NOT NULL,     -- of the quantity, as in usage
  -- The run that rated this customer again.
  superseded_by bigint,
  kind smallint NOT NULL,          -- 1 unknown metric, 2 no active day, 3, 4 outside the cohort
  scale smallint NOT NULL,
  metric text COLLATE "C" NOT NULL, -- '' for the line itself
  PRIMARY KEY (month, customer_id, line_id, metric, run_id)
);

-- The primary key is what makes "exactly one" true.
CREATE TABLE manifest (
  month integer NOT NULL,
  version integer NOT NULL,
  customer_id bigint NOT NULL,
  run_id bigint NOT NULL,
  total bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (month, customer_id, version)
) PARTITION BY LIST (month);

CREATE TABLE policies (
  version integer PRIMARY KEY,
  status smallint NOT NULL,        -- 1 draft, 2 active, 3 retired
  text text NOT NULL
);

CREATE TABLE templates (
  channel smallint NOT NULL,
  locale text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  status smallint NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (channel, locale, version)
);

-- The key of a bill follows from its row; its bytes are in the bill store. The same bill with another
-- due date is another issue.
CREATE TABLE bills (
  month integer NOT NULL,
  version integer NOT NULL,
  customer_id bigint NOT NULL,
  run_id bigint NOT NULL,          -- 0: no run, a later issue
  policy integer NOT NULL,
  template integer NOT NULL,
  size integer NOT NULL,
  due_date integer,                -- by when it is to be paid; NULL where nothing is
  issue smallint NOT NULL,
  channel smallint NOT NULL,
  sha256 bytea NOT NULL,
  PRIMARY KEY (month, customer_id, version, policy, template, issue, channel)
) PARTITION BY LIST (month);

-- A chunk's deliveries are written in the order in which they will be due: what is sent together
-- lies together.
CREATE TABLE deliveries (
  month integer NOT NULL,
  kind smallint NOT NULL,          -- 1 bill, 2 correction, 3 resend
  state smallint NOT NULL,
  customer_id bigint NOT NULL,
  sequence integer NOT NULL,
  generation integer NOT NULL DEFAULT 1,
  fence integer NOT NULL DEFAULT 0,
  -- What is to be sent.
  version integer NOT NULL,
  policy integer NOT NULL,
  template integer NOT NULL,
  -- What a send must check, copied from the customer and kept current while it is unfinished.
  channels smallint NOT NULL,      -- usable channels, as in customers.channels
  channel smallint NOT NULL,       -- the one that the next or current attempt uses; 0 none
  quiet_mask smallint NOT NULL,
  closed_channels smallint NOT NULL DEFAULT 0, -- bit 2^code: given up, every attempt failed
  due_at bigint NOT NULL,
  -- When it was made, an operator last let it go, or a customer last changed when it is due:
  -- lateness is counted from here, or from due_at, whichever is later.
  made_at bigint NOT NULL,
  -- Not before this, and the key that dispatch reads by: due, later the next attempt.
  next_at bigint NOT NULL,
  attempt integer NOT NULL DEFAULT 0,          -- attempts in all
  channel_attempts integer NOT NULL DEFAULT 0, -- attempts on the current channel that count
  -- Attempts under the current channel's key of which nobody knows whether they were taken: while
  -- there are any, no other key may be used.
  unresolved integer NOT NULL DEFAULT 0,
  -- Of attempts: the next begins, when every attempt of this one failed, by an operator or because
  -- the contact was mended. Part of the idempotency key.
  round integer NOT NULL DEFAULT 1,
  -- Of the bill, beside its version; its due date, after which it does not go by itself (NULL: no
  -- such day), unless an operator let it go all the same; and whether its bills are still to be made.
  issue integer NOT NULL DEFAULT 1,
  due_date integer,
  slot_end bigint NOT NULL DEFAULT 0,
  -- claimed: the lease's end; sending: the call's deadline.
  lease_until bigint NOT NULL DEFAULT 0,
  queued_at bigint NOT NULL DEFAULT 0,
  changed_at bigint NOT NULL,                  -- since when it is in this state
  last_entry bigint,                           -- of delivery_log; each names the one before
  last_attempt bigint,                         -- of attempts; each names the one before
  published_at bigint,
  topic_offset bigint,
  topic_partition integer,
  -- Begun: an intent was once committed.
  begun boolean NOT NULL DEFAULT false,
  goes_past_due boolean NOT NULL DEFAULT false,
  awaits_bill boolean NOT NULL DEFAULT false,
  -- Frozen with the first intent of the current channel: what goes out under its key.
  key_opened_at bigint,
  frozen_sha256 bytea,
  recipient_hash bytea,
  time_zone text COLLATE "C" NOT NULL,
  reason text COLLATE "C",
  owner text,
  PRIMARY KEY (month, customer_id, kind, sequence) WITH (fillfactor = 50)
) PARTITION BY LIST (month);
-- Those whose bills are still to be made.
CREATE INDEX deliveries_awaiting ON deliveries (month, customer_id, kind, sequence) WHERE awaits_bill;
-- What dispatch reads a slot by, in the order of its cursor.
CREATE INDEX deliveries_planned ON deliveries
  (time_zone, next_at, month, customer_id, kind, sequence, quiet_mask) WHERE state = 1;
-- The few of them that were queued before: retries, and what was put back.
CREATE INDEX deliveries_planned_again ON deliveries
  (time_zone, next_at, month, customer_id, kind, sequence, quiet_mask)
  WHERE state = 1 AND queued_at > 0;
-- Not yet published (partition NULL), or published and not yet claimed. Batches are neighbours. The
-- customer is what a sweep goes along where nothing is published.
CREATE INDEX deliveries_queued ON deliveries
  (slot_end, topic_partition, topic_offset, customer_id) WHERE state = 2;
CREATE INDEX deliveries_under_way ON deliveries (state, lease_until) WHERE state IN (3, 4);
-- Uncertain ones of a provider by when they are to be looked at; the highest integer is never by
-- itself. Whoever looks at one moves it ahead meanwhile.
CREATE INDEX deliveries_uncertain ON deliveries (channel, next_at) WHERE state = 7;
-- What somebody has to look at, in the order in which it is listed, with what is counted of it.
CREATE INDEX deliveries_set_aside ON deliveries
  (state, month, customer_id, kind, sequence, reason, changed_at) WHERE state IN (6, 7, 8, 9);

-- The distinct zones of deliveries, so that a tick need not look for them.
CREATE TABLE delivery_zones (
  time_zone text COLLATE "C" PRIMARY KEY
);

-- Attempts and the log are only appended to, so that a batch of deliveries from all over the month
-- writes a few full pages and not one page a row; a delivery's rows are a chain from its latest.
-- Their numbers are handed out by the thousand.
CREATE SEQUENCE attempt_numbers INCREMENT BY 1000;
CREATE SEQUENCE entry_numbers INCREMENT BY 1000;

CREATE TABLE attempts (
  attempt_id bigint NOT NULL,
  previous bigint,
  month integer NOT NULL,
  kind smallint NOT NULL,
  channel smallint NOT NULL,
  customer_id bigint NOT NULL,
  sequence integer NOT NULL,
  attempt integer NOT NULL,
  round integer NOT NULL,
  fence integer NOT NULL,
  opened_at bigint NOT NULL,
  deadline bigint NOT NULL,
  closed_at bigint,
  outcome smallint,                -- 1 accepted, 2 rejected, 3 not accepted, 4 unknown
  -- When the customer was not to be told, as it was known when the attempt was opened.
  quiet_mask smallint NOT NULL,
  time_zone text COLLATE "C" NOT NULL,
  bill_sha256 bytea NOT NULL,
  recipient_hash bytea NOT NULL,
  provider text NOT NULL,
  reference text,
  reason text,
  PRIMARY KEY (month, attempt_id)
) PARTITION BY LIST (month);

-- The life of a delivery, one row a transition.
CREATE TABLE delivery_log (
  entry bigint NOT NULL,
  previous bigint,
  month integer NOT NULL,
  kind smallint NOT NULL,
  state smallint NOT NULL,
  customer_id bigint NOT NULL,
  sequence integer NOT NULL,
  generation integer NOT NULL,
  fence integer NOT NULL,
  channel smallint NOT NULL,
  at bigint NOT NULL,
  -- Queued: the end of the slot it is to go in.
  slot_end bigint,
  reason text,
  who text,
  -- What an operator did and why; what an import changed.
  note text,
  PRIMARY KEY (month, entry)
) PARTITION BY LIST (month);

-- One row: whether this ledger's time is real or simulated, and what time it is if simulated.
CREATE TABLE ledger_clock (
  single smallint PRIMARY KEY CHECK (single = 1),
  mode smallint NOT NULL,          -- 0 not decided, 1 real, 2 simulated
  simulated_now bigint NOT NULL
);
INSERT INTO ledger_clock VALUES (1, 0, 0);

-- Makes the partitions of a month, where they are missing. The application's role may call it; the
-- tables belong to the role that migrates. It runs with that role's rights, so what it names is not
-- looked for among temporary tables first.
SELECT set_config('search_path', current_setting('search_path') || ', pg_temp', true);
CREATE FUNCTION prepare_month(wanted integer) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
DECLARE
  parent text;
  child text;
  settings text;
BEGIN
  IF wanted NOT BETWEEN 1970 * 12 AND 9999 * 12 + 11 THEN
    RAISE 'no such month' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  child := format('%s_%s', wanted / 12, lpad((wanted % 12 + 1)::text, 2, '0'));
  IF to_regclass('delivery_log_' || child) IS NOT NULL THEN
    RETURN;
  END IF;
  -- "billing" in a number, and what for.
  PERFORM pg_advisory_xact_lock(113205, 3);
  FOREACH parent IN ARRAY ARRAY['manifest', 'bills', 'deliveries', 'attempts', 'delivery_log'] LOOP
    IF to_regclass(parent || '_' || child) IS NULL THEN
      -- What is updated is given room beside it.
      settings := CASE parent
        WHEN 'deliveries' THEN 'WITH (fillfactor = 50)'
        WHEN 'attempts' THEN 'WITH (fillfactor = 80)'
        ELSE '' END;
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL, CHECK (month = %s)) %s',
        parent || '_' || child, parent, wanted, settings);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)',
        parent, parent || '_' || child, wanted);
    END IF;
  END LOOP;
END
$body$;
REVOKE ALL ON FUNCTION prepare_month FROM PUBLIC;
