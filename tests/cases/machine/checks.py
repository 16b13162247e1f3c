"""Invariants 3 to 7 in plain SQL: each statement finds what must not exist, so it must find nothing.

No table class and no query of the product is used here. Ids are compared as text without dashes,
because SQLite keeps them so.
"""

from sqlalchemy import text

from feedback.db import db

HANDLED = (
    "('accept', 'contact', 'verify', 'rectify', 'reply', 'complex', 'extend', 'transfer', 'appeal')"
)
DONE = " UNION ALL ".join(
    f"SELECT case_id, by_id, '{part}' AS part FROM {table} WHERE by_id IS NOT NULL"
    for part, tables in (
        ("handler", "contacts verifications rectifications replies requests appeals"),
        ("judge", "judgements reconsiderations"), ("visitor", "return_visits"),
    )
    for table in tables.split()
)  # fmt: skip
LAST_ANSWER = (
    "(SELECT max(CAST(w.id AS TEXT)) FROM return_visits w"
    " WHERE w.case_id = c.id AND w.satisfied IS NOT NULL)"
)

MUST_FIND_NOTHING: dict[str, str] = {
    # 3: every negative review has exactly one case, and no case is without one
    "a negative review without its own case": """
        SELECT r.id FROM reviews r WHERE r.grade <= 2 AND 1 <> (
            SELECT count(*) FROM cases c WHERE c.id = r.case_id AND c.event_id = r.event_id)""",
    "a case without a negative review": """
        SELECT c.number FROM cases c WHERE 1 <> (
            SELECT count(*) FROM reviews r WHERE r.case_id = c.id AND r.grade <= 2
                AND r.identity = c.identity)""",
    "two cases of one service": "SELECT event_id FROM cases GROUP BY event_id HAVING count(*) > 1",
    "a case that is nobody's and not in triage": """
        SELECT number FROM cases WHERE department_code IS NULL AND state <> 'triage'""",
    "a case that ended without closure and without judgement": """
        SELECT c.number FROM cases c WHERE c.next_due_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM closures x WHERE x.case_id = c.id AND x.id = c.closure_id
                AND c.state = 'closed')
            AND NOT EXISTS (SELECT 1 FROM judgements j WHERE j.case_id = c.id
                AND j.id = c.judgement_id AND j.verdict = 'uphold' AND c.state = 'voided')""",
    # 4: what a closure rests on
    "a closure without all its proofs": """
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
            LEFT JOIN verifications v ON v.id = x.verification_id AND v.case_id = c.id
            LEFT JOIN rectifications d ON d.id = x.rectification_id AND d.case_id = c.id
                AND d.round = c.round
            LEFT JOIN replies p ON p.id = x.reply_id AND p.case_id = c.id AND p.round = c.round
        WHERE v.id IS NULL OR d.id IS NULL OR p.id IS NULL OR x.round <> c.round
            OR v.finding NOT IN ('true', 'partly', 'no_legal_basis')""",
    "a closure on a finding that was not the last": """
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
            JOIN verifications v ON v.case_id = c.id
        WHERE CAST(v.id AS TEXT) > CAST(x.verification_id AS TEXT)""",
    "a closure whose remedy is older than its finding": """
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
        WHERE CAST(x.rectification_id AS TEXT) < CAST(x.verification_id AS TEXT)
            OR CAST(x.reply_id AS TEXT) < CAST(x.rectification_id AS TEXT)""",
    "a remedy where the law had to be explained, or the reverse": """
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
            JOIN verifications v ON v.id = x.verification_id
            JOIN rectifications d ON d.id = x.rectification_id
        WHERE (v.finding = 'no_legal_basis') <> (d.kind = 'explanation')
            OR (d.kind = 'explanation') <> (length(d.article) > 0)""",
    "a named case closed without a visit that counts": """
        SELECT c.number FROM cases c WHERE c.state = 'closed' AND c.identity = 'named'
            AND NOT EXISTS (SELECT 1 FROM return_visits w WHERE w.case_id = c.id
                AND w.round = c.round AND w.outcome = 'answered')
            AND 3 > (SELECT count(DISTINCT w.day) FROM return_visits w WHERE w.case_id = c.id
                AND w.round = c.round AND w.outcome = 'failed')""",
    "a dissatisfied citizen left without a written conclusion": f"""
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
            JOIN return_visits w ON CAST(w.id AS TEXT) = {LAST_ANSWER}
        WHERE NOT w.satisfied AND (length(x.words) = 0 OR c.round < 2)""",
    "a case closed by somebody who handled it": f"""
        SELECT e.subject_id FROM ledger_entries e JOIN ledger_entries f
            ON f.subject = 'case' AND f.subject_id = e.subject_id AND f.actor_id = e.actor_id
        WHERE e.subject = 'case' AND e.act = 'close' AND f.act IN {HANDLED}""",
    "a case closed by its own department": """
        SELECT c.number FROM closures x JOIN cases c ON c.id = x.case_id
        WHERE x.closer_department = c.department_code""",
    # 5: three different people, from elsewhere
    "one person with two parts": f"""
        SELECT e.subject_id FROM ledger_entries e JOIN ledger_entries f
            ON f.subject = 'case' AND f.subject_id = e.subject_id AND f.actor_id = e.actor_id
        WHERE e.subject = 'case' AND (
            e.act IN ('judge', 'reconsider', 'visit') AND f.act IN {HANDLED}
            OR e.act IN ('judge', 'reconsider') AND f.act = 'visit')""",
    # who opens the number has the part of whoever calls; a closer may have visited or judged
    "an act by somebody who has another part in the case, or none": f"""
        SELECT e.subject_id FROM ledger_entries e LEFT JOIN case_parts p
            ON p.account_id = e.actor_id
            AND replace(CAST(p.case_id AS TEXT), '-', '') = replace(e.subject_id, '-', '')
        WHERE e.subject = 'case' AND (e.act = 'close' AND COALESCE(p.part, 'handler') = 'handler'
            OR COALESCE(p.part, '') <> CASE
                WHEN e.act IN {HANDLED} THEN 'handler'
                WHEN e.act IN ('judge', 'reconsider') THEN 'judge'
                WHEN e.act = 'visit' THEN 'visitor'
                WHEN e.act = 'reveal' AND e.facts->>'purpose' = 'visit' THEN 'visitor'
                WHEN e.act = 'reveal' THEN 'handler' END)""",
    "what was done by somebody who has another part in the case, or none": f"""
        SELECT d.case_id FROM ({DONE}) d LEFT JOIN case_parts p
            ON p.case_id = d.case_id AND p.account_id = d.by_id
        WHERE COALESCE(p.part, '') <> d.part""",
    "a request decided by one who had a hand in the case": f"""
        SELECT e.subject_id FROM ledger_entries e JOIN ledger_entries f
            ON f.subject = 'case' AND f.subject_id = e.subject_id AND f.actor_id = e.actor_id
        WHERE e.subject = 'case' AND e.act IN ('decide', 'reassign') AND f.act IN {HANDLED}""",
    "an appeal judged by one who had touched the case": """
        SELECT e.subject_id FROM ledger_entries e JOIN ledger_entries f
            ON f.subject = 'case' AND f.subject_id = e.subject_id AND f.actor_id = e.actor_id
        WHERE e.subject = 'case' AND e.act IN ('judge', 'reconsider')
            AND CAST(f.id AS TEXT) < CAST(e.id AS TEXT)""",
    "an objection judged by the judge of the appeal": """
        SELECT r.case_id FROM reconsiderations r JOIN judgements j ON j.case_id = r.case_id
        WHERE r.by_id = j.by_id""",
    "a visit by the department complained of": """
        SELECT c.number FROM return_visits w JOIN cases c ON c.id = w.case_id
        WHERE w.visitor_department = c.department_code OR w.case_department <> c.department_code""",
    "a judgement by the department complained of": """
        SELECT case_id FROM judgements WHERE by_department = case_department
        UNION ALL SELECT case_id FROM reconsiderations WHERE by_department = case_department""",
    "a request decided by the department that asked": """
        SELECT case_id FROM decisions WHERE by_department = asked_by_department""",
    "a further extension granted by somebody who is no leader": """
        SELECT d.case_id FROM decisions d WHERE d.granted AND d.kind = 'extend' AND NOT d.by_leader
        AND EXISTS (SELECT 1 FROM decisions e WHERE e.case_id = d.case_id AND e.kind = 'extend'
        AND e.granted AND e.number < d.number)""",
    "a second transfer asked for by departments": """
        SELECT case_id FROM requests WHERE kind = 'transfer' GROUP BY case_id HAVING count(*) > 1""",
    # 6: nothing is voided without a judgement in words
    "a void case without a judgement in words": """
        SELECT c.number FROM cases c
            LEFT JOIN judgements j ON j.id = c.judgement_id AND j.case_id = c.id
            LEFT JOIN appeals a ON a.id = j.appeal_id AND a.case_id = c.id
        WHERE c.state IN ('voided', 'objected') AND (j.id IS NULL OR a.id IS NULL
            OR j.verdict <> 'uphold' OR length(j.words) = 0 OR c.voided_at IS NULL
            OR c.objection_until IS NULL)""",
    # 7: deadlines, rungs, messages
    "an open case without deadline": """
        SELECT number FROM cases WHERE state NOT IN ('closed', 'voided')
            AND (next_due_at IS NULL OR warn_at IS NULL OR rung < 4 AND next_rung_at IS NULL)""",
    "an ended case with a deadline": """
        SELECT number FROM cases WHERE state IN ('closed', 'voided')
            AND (next_due_at IS NOT NULL OR next_rung_at IS NOT NULL)""",
    "a message promised twice": """
        SELECT dedupe_key FROM messages GROUP BY dedupe_key HAVING count(*) > 1""",
    "two supervision notices for one deadline": """
        SELECT case_id FROM supervision_notices GROUP BY case_id, cause, due_at, department_code
        HAVING count(*) > 1""",
    "a supervision notice without number, or with a gap before it": """
        SELECT n.year FROM notice_counters n WHERE n.last <> (
            SELECT count(*) FROM supervision_notices s WHERE s.number LIKE 'DB-' || n.year || '-%')""",
    "more than one second review": """
        SELECT case_id FROM second_reviews GROUP BY case_id HAVING count(*) > 1""",
    "a citizen dissatisfied after the end whom nobody owes an answer": """
        SELECT c.number FROM second_reviews s JOIN cases c ON c.id = s.case_id
        WHERE s.grade <= 2 AND c.answer_due_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM return_visits w WHERE w.second_review_id = s.id)
            AND NOT EXISTS (SELECT 1 FROM second_answers a WHERE a.second_review_id = s.id)""",
    "pressure on a citizen that shows in the case": """
        SELECT m.id FROM messages m JOIN pressure_reports p
            ON replace(m.subject_id, '-', '') = replace(CAST(p.case_id AS TEXT), '-', '')
            AND m.dedupe_key LIKE 'pressed:%'
        UNION ALL SELECT e.id FROM ledger_entries e WHERE e.subject = 'case' AND e.act = 'report'""",
    "pressure on a citizen that the office which answers may read of": """
        SELECT p.id FROM pressure_reports p JOIN cases c ON c.id = p.case_id
        WHERE c.department_code IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pressure_offices o
            WHERE o.report_id = p.id AND o.department_code = c.department_code)""",
    "pressure on a citizen that the office of the window may read of": """
        SELECT p.id FROM pressure_reports p JOIN cases c ON c.id = p.case_id
            JOIN service_events e ON e.id = c.event_id JOIN windows w ON w.code = e.window_code
        WHERE NOT EXISTS (SELECT 1 FROM pressure_offices o
            WHERE o.report_id = p.id AND o.department_code = w.department_code)""",
    # A supervising office that is given the case afterwards had been told as the one to look into it.
    "pressure on a citizen told to the department complained of": """
        SELECT m.id FROM messages m, pressure_reports p JOIN cases c ON c.id = p.case_id
        WHERE m.dedupe_key LIKE 'pressed:%' AND m.occasion = 'desk_asked'
            AND m.to_department = c.department_code
            AND replace(m.subject_id, '-', '') = replace(CAST(p.id AS TEXT), '-', '')
            AND CAST(m.id AS TEXT) > (SELECT max(CAST(o.id AS TEXT)) FROM messages o
                WHERE o.occasion = 'case_opened' AND o.to_department = c.department_code
                AND replace(o.subject_id, '-', '') = replace(CAST(c.id AS TEXT), '-', ''))""",
}  # fmt: skip


def broken() -> list[str]:
    """Return the names of the statements that found something."""
    with db.engine.connect() as connection:
        return [
            what
            for what, statement in MUST_FIND_NOTHING.items()
            if connection.execute(text(statement)).first() is not None
        ]
