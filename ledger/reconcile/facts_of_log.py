"""Facts about the log itself: sources and their silence, events that wait, what could not be read, what was changed."""

from __future__ import annotations

from ledger.domain.roles import Permission
from ledger.reconcile.fact import Column, Fact
from ledger.store.health import HEALTH
from ledger.store.quarantine import TROUBLE


def _names(listed: str) -> str:
    """Name the first members of a list of the diff, by the last part of their paths, and count the others."""
    return (
        "(SELECT string_agg(CASE WHEN x.n <= 3 THEN regexp_replace(x.m, '^.*\\.', '') END, ', ' ORDER BY x.n)"
        " || CASE WHEN count(*) > 3 THEN format(' and %s more', count(*) - 3) ELSE '' END"
        f" FROM jsonb_array_elements_text(f.diff -> '{listed}') WITH ORDINALITY x (m, n))"
    )


def _in_words(member: str) -> str:
    """Say the kinds of a retyped member (`integer or null`) as people do."""
    kinds = f"x.r ->> '{member}'"
    words = {
        "integer": "a number", "decimal": "a number with decimals", "flag": "yes or no", "null": "empty",
        "object": "a group", "list": "a list",
    }  # fmt: skip
    for kind, word in words.items():
        kinds = f"replace({kinds}, '{kind}', '{word}')"
    return kinds


EVENT_FLAG = Fact(
    "event_flag",
    "Events kept but not applied, one row per reason, source, kind, word and context.",
    """(SELECT md5(concat_ws(chr(31), 'flag', g.flag, g.source, g.kind, g.word, g.qualifier))::uuid AS anchor, g.*
      FROM (SELECT CASE WHEN n.made THEN n.flag ELSE e.flag END AS flag, coalesce(n.source, e.source) AS source,
                   coalesce(n.kind, e.kind) AS kind,
                   coalesce(CASE WHEN n.made THEN n.word ELSE e.word END, '') AS word,
                   coalesce(CASE WHEN n.made THEN n.qualifier ELSE e.qualifier END, '') AS qualifier,
                   count(*) AS events, min(e.ingested_at) AS first_at,
                   (array_agg(e.external_id ORDER BY e.ingested_at, e.id))[1] AS example
            FROM (SELECT id, flag, source, kind, word, qualifier, external_id, ingested_at FROM external_events
                  WHERE business_id = :business AND flag IS NOT NULL
                  UNION ALL
                  SELECT id, flag, source, kind, word, qualifier, external_id, ingested_at FROM event_rewrites
                  WHERE business_id = :business AND flag IS NOT NULL
                  UNION ALL
                  SELECT DISTINCT ON (l.event_id) l.event_id, l.flag, l.source, l.kind, l.word, l.qualifier,
                         l.external_id, l.made_at FROM interpretations l
                  WHERE l.business_id = :business AND l.flag IN ('unmapped', 'future')
                    AND NOT EXISTS (SELECT FROM external_events o WHERE o.business_id = :business
                                    AND o.id = l.event_id AND o.flag IS NOT NULL)
                    AND NOT EXISTS (SELECT FROM event_rewrites o WHERE o.business_id = :business
                                    AND o.source = l.source AND o.source_event_id = l.source_event_id
                                    AND o.id = l.event_id AND o.flag IS NOT NULL)) e
            LEFT JOIN LATERAL (SELECT true AS made, i.flag, i.source, i.kind, i.word, i.qualifier
                               FROM interpretations i
                               WHERE i.business_id = :business AND i.event_id = e.id
                               ORDER BY i.number DESC LIMIT 1) n ON true
            GROUP BY 1, 2, 3, 4, 5) g WHERE g.flag IS NOT NULL) f WHERE true""",
    {
        "anchor": Column("uuid", "f.anchor", "derived from the reason, source, kind, word and context"),
        "party_id": Column("uuid", "NULL::uuid", "always empty"),
        "amount": Column("money", "NULL::bigint", "always empty"),
        "currency": Column("text", "NULL::text", "always empty"),
        "day": Column("date", "(f.first_at AT TIME ZONE :zone)::date", "day on which the first one came"),
        "flag": Column("text", "f.flag", "why they wait: unmapped, future"),
        "source": Column("text", "f.source", "crm:hubspot …"),
        "kind": Column("text", "f.kind", "invoice, deal, payment …"),
        "word": Column("text", "f.word", "the source's status word"),
        "qualifier": Column("text", "f.qualifier", "the context that changes its meaning"),
        "events": Column("integer", "f.events", "how many wait"),
        "example": Column("text", "f.example", "one of the things that it was said of"),
        "first_at": Column("instant", "f.first_at", "when the first one came"),
    },
    permission=Permission.SEE_SOURCES,
    whole=True,
)
SOURCE = Fact(
    "source",
    "A connected source, when it was last heard, and whether it can be read.",
    f"""(SELECT md5('source' || chr(31) || q.name)::uuid AS anchor, q.*,
             q.heard_at + make_interval(hours => q.silence_hours)
               + (SELECT count(*) FROM generate_series(
                    (q.heard_at AT TIME ZONE :zone)::date,
                    (q.heard_at AT TIME ZONE :zone + make_interval(hours => q.silence_hours))::date, '1 day') d
                  WHERE extract(isodow FROM d) = 7 OR q.holidays @> to_jsonb(d::date::text)) * interval '1 day'
               AS quiet_from
      FROM (SELECT s.name, s.label, s.connector, s.enabled, s.silence_hours, t.last_delivery_at, t.covered_until,
                   coalesce(h.failing, false) AS failing, h.failing_streams, h.problem, h.read_until,
                   coalesce(b.settings -> 'holidays', '[]') AS holidays,
                   CASE WHEN split_part(s.name, ':', 1) = 'bank' AND t.covered_until IS NOT NULL
                        THEN (t.covered_until + 1)::timestamp AT TIME ZONE :zone
                        ELSE coalesce(t.last_delivery_at, s.created_at) END AS heard_at
            FROM sources s
            JOIN businesses b ON b.business_id = s.business_id
            LEFT JOIN source_state t ON t.business_id = s.business_id AND t.source = s.name
            LEFT JOIN LATERAL ({HEALTH}) h ON true
            WHERE s.business_id = :business) q) f WHERE true""",
    {
        "anchor": Column("uuid", "f.anchor", "derived from the source's name"),
        "party_id": Column("uuid", "NULL::uuid", "always empty"),
        "amount": Column("money", "NULL::bigint", "always empty"),
        "currency": Column("text", "NULL::text", "always empty"),
        "day": Column("date", "(f.heard_at AT TIME ZONE :zone)::date", "day of `heard_at`"),
        "name": Column("text", "f.name", "payment:razorpay …"),
        "label": Column("text", "f.label", "what people call it"),
        "enabled": Column("flag", "f.enabled", "it is switched on"),
        "silence_hours": Column(
            "integer", "f.silence_hours", "hours of silence that are usual; 0: no rhythm"
        ),
        "last_delivery_at": Column("instant", "f.last_delivery_at", "when something last came"),
        "covered_until": Column("date", "f.covered_until", "bank: last day that a statement covers"),
        "heard_at": Column(
            "instant",
            "f.heard_at",
            "bank: end of the last covered day; others: last delivery, or when connected",
        ),
        "quiet_from": Column(
            "instant", "f.quiet_from", "`heard_at` + usual silence, Sundays and holidays not counted"
        ),
        "failing": Column("flag", "f.failing", "we read it ourselves, and nothing of it can be read"),
        "unread_lists": Column(
            "text",
            "CASE WHEN NOT f.failing THEN array_to_string(f.failing_streams, ', ') END",
            "the lists that can't be read, where others can",
        ),
        "problem": Column("text", "f.problem", "why it, or these lists, can't be read, and what to do"),
        "read_until": Column(
            "instant", "f.read_until", "all before it was read; of these lists, if there are any"
        ),
    },
    permission=Permission.SEE_SOURCES,
    whole=True,
)
QUARANTINE = Fact(
    "quarantine",
    "What could not be read and isn't settled, one row per source and sort of trouble; the newest tells what it is.",
    f"""(WITH waiting AS (
        SELECT q.id, q.source, q.delivery, q.place, q.code, q.reason, q.diff, q.received_at, {TROUBLE} AS trouble
        FROM quarantine q
        LEFT JOIN deliveries d ON d.business_id = q.business_id AND d.source = q.source AND d.digest = q.delivery
        WHERE q.business_id = :business AND q.resolved_at IS NULL
      ), newest AS (
        SELECT DISTINCT ON (source, trouble) source, trouble, place, reason, diff
        FROM waiting ORDER BY source, trouble, diff IS NULL, received_at DESC, id
      )
      SELECT md5(concat_ws(chr(31), 'quarantine', g.trouble, g.source))::uuid AS anchor, g.*,
             n.place, n.reason, n.diff
      FROM (SELECT source, trouble, count(DISTINCT delivery) AS messages, count(*) AS parts,
                   min(received_at) AS first_at, max(received_at) AS last_at,
                   string_agg(DISTINCT code, ', ' ORDER BY code) AS codes
            FROM waiting GROUP BY 1, 2) g JOIN newest n USING (source, trouble)) f WHERE true""",
    {
        "anchor": Column("uuid", "f.anchor", "derived from the source and the sort of trouble"),
        "party_id": Column("uuid", "NULL::uuid", "always empty"),
        "amount": Column("money", "NULL::bigint", "always empty"),
        "currency": Column("text", "NULL::text", "always empty"),
        "day": Column("date", "(f.first_at AT TIME ZONE :zone)::date", "day on which the first of it came"),
        "source": Column("text", "f.source", "payment:razorpay …"),
        "trouble": Column(
            "text",
            "f.trouble",
            "shape: what came by itself, or trips our reading; rows: single rows of a person's file; file: all of it",
        ),
        "messages": Column("integer", "f.messages", "messages or files with it"),
        "parts": Column("integer", "f.parts", "parts of them that could not be read"),
        "first_at": Column("instant", "f.first_at", "when the first of it came"),
        "last_at": Column("instant", "f.last_at", "when the last of it came"),
        "codes": Column("text", "f.codes", "the codes of what is the matter"),
        "place": Column("text", "f.place", "where in the newest; empty: all of it"),
        "reason": Column("text", "f.reason", "what is the matter with the newest, in words"),
        "event": Column("text", "f.diff ->> 'event'", "what the newest calls itself"),
        "missing": Column("text", _names("missing"), "members that it lacks, by their last names"),
        "appeared": Column("text", _names("new"), "members that it has and no accepted one had"),
        "retyped": Column(
            "text",
            "(SELECT string_agg(format('%s was %s and is now %s', regexp_replace(x.r ->> 'path', '^.*\\.', ''),"
            f" {_in_words('was')}, {_in_words('now')}), ', ' ORDER BY x.n)"
            " FROM jsonb_array_elements(f.diff -> 'retyped') WITH ORDINALITY x (r, n) WHERE x.n <= 3)",
            "members of another kind than before",
        ),
        "difference": Column(
            "text",
            "(SELECT nullif(concat_ws('; ',"
            " (SELECT 'missing ' || string_agg(m, ', ') FROM jsonb_array_elements_text(f.diff -> 'missing') m),"
            " (SELECT 'new ' || string_agg(m, ', ') FROM jsonb_array_elements_text(f.diff -> 'new') m),"
            " (SELECT string_agg(format('%s was %s and is now %s', r ->> 'path', r ->> 'was', r ->> 'now'), '; ')"
            " FROM jsonb_array_elements(f.diff -> 'retyped') r)), ''))",
            "all of that with whole paths",
        ),
    },
    permission=Permission.SEE_SOURCES,
    whole=True,
)
