"""Roles and row-level security: what the application's role may touch, and whose rows it sees.

`munshi_app` logs in and can't bypass row-level security. It may become `munshi_ingest`, which can only append to
the log and read its keys and digests, `munshi_bell`, which sees only which business has work due, or
`munshi_eraser`, which alone may take a person out of the log: the key of a body, and his words out of a reading.
"""

from __future__ import annotations

from ledger.store.tables import EXEMPT, metadata

# Written so that the planner takes it for true of nearly every row: each statement names its business as well, and
# two guesses multiplied would make every tenant look empty (decisions/0014).
TENANT = (
    "array_position(COALESCE((SELECT NULLIF(current_setting('app.businesses', true), '')::uuid[]), '{}'::uuid[]),"
    " business_id) IS NOT NULL"
)
APPENDED = (
    "deliveries",
    "delivery_keys",
    "external_events",
    "event_rewrites",
    "pending",
    "quarantine",
    "source_news",
)
READABLE = {
    "deliveries": "business_id, source, digest",
    "external_events": "business_id, id, source, source_event_id, digest, subject",
    "event_rewrites": "business_id, id, source, source_event_id, digest, subject",
    "interpretations": "business_id, event_id, number, flag, digest",
    "quarantine": "business_id, id",
}
PULLED = {"pulls": "SELECT, UPDATE", "wanted": "SELECT, INSERT, UPDATE, DELETE"}
"""What the role that appends may do besides, within its businesses: move a cursor on."""
RUNG = {
    "pending": "business_id, due_at",
    "pulls": "business_id, source, due_at, leased_until",
    "wanted": "business_id, source, due_at",
    "write_backs": "business_id, source, status, due_at",
    "audit": "business_id, sequence",
    "webhooks": "business_id, id, enabled, position, due_at, leased_until",
    "webhook_wishes": "business_id, webhook_id, due_at",
}
"""What the scheduler sees of all businesses: who has work due, and nothing of what it is."""
READINGS = ("external_events", "event_rewrites", "interpretations")
ERASED = {
    "delivery_keys": "SELECT, DELETE",
    "erased_bodies": "SELECT, INSERT, UPDATE",
    "deliveries": "SELECT (business_id, source, digest), UPDATE (filename)",
    **dict.fromkeys(READINGS, "SELECT, UPDATE (normalised, external_id)"),
}
"""What the role that erases a person may do, within its businesses."""

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'munshi_app') THEN
    CREATE ROLE munshi_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'munshi_ingest') THEN
    CREATE ROLE munshi_ingest NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'munshi_bell') THEN
    CREATE ROLE munshi_bell NOLOGIN NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'munshi_eraser') THEN
    CREATE ROLE munshi_eraser NOLOGIN NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


def role_statements() -> list[str]:
    """Return the statements that make the roles; safe to run again, also by two at once."""
    return [ROLES, "GRANT munshi_ingest, munshi_bell, munshi_eraser TO munshi_app"]


def statements() -> list[str]:
    """Return the statements that grant and fence every table of the metadata; safe to run again."""
    out = ["GRANT USAGE ON SCHEMA public TO munshi_app, munshi_ingest, munshi_bell, munshi_eraser"]
    for table in metadata.sorted_tables:
        name = table.name
        out.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO munshi_app")
        if name in EXEMPT:
            continue
        out.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        out.append(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        out.append(f"ALTER TABLE {name} ALTER COLUMN business_id SET STATISTICS 0")
        out.extend(_policy(name, "tenant", f"FOR ALL TO munshi_app USING ({TENANT}) WITH CHECK ({TENANT})"))
    for name in APPENDED:
        out.append(f"GRANT INSERT ON {name} TO munshi_ingest")
        out.extend(_policy(name, "append", f"FOR INSERT TO munshi_ingest WITH CHECK ({TENANT})"))
    for name, columns in READABLE.items():
        out.append(f"GRANT SELECT ({columns}) ON {name} TO munshi_ingest")
        out.extend(_policy(name, "append_reads", f"FOR SELECT TO munshi_ingest USING ({TENANT})"))
    # A page commits together with the cursor behind it, and with the ids that it says are still to be fetched.
    for name, rights in PULLED.items():
        out.append(f"GRANT {rights} ON {name} TO munshi_ingest")
        out.extend(
            _policy(name, "pulling", f"FOR ALL TO munshi_ingest USING ({TENANT}) WITH CHECK ({TENANT})")
        )
    for name, columns in RUNG.items():
        out.append(f"GRANT SELECT ({columns}) ON {name} TO munshi_bell")
        out.extend(_policy(name, "bell", "FOR SELECT TO munshi_bell USING (true)"))
    for name, rights in ERASED.items():
        out.append(f"GRANT {rights} ON {name} TO munshi_eraser")
        out.extend(
            _policy(name, "erasing", f"FOR ALL TO munshi_eraser USING ({TENANT}) WITH CHECK ({TENANT})")
        )
    # The log, the audit trail and published rules are never changed, not even by us.
    out.extend(
        f"REVOKE UPDATE, DELETE ON {name} FROM munshi_app"
        for name in (
            "deliveries",
            "delivery_keys",
            "erased_bodies",
            "external_events",
            "event_rewrites",
            "interpretations",
            "audit",
            "rule_versions",
        )
    )
    return out


def _policy(table: str, name: str, body: str) -> list[str]:
    return [f"DROP POLICY IF EXISTS {name} ON {table}", f"CREATE POLICY {name} ON {table} {body}"]
