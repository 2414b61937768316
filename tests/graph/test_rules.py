"""Rules over GraphQL: mistakes as extensions, a preview, publishing with the version that was seen, and who may."""

from __future__ import annotations

from ledger.domain.roles import Role
from tests.graph.test_quarantine import Ask, ask  # noqa: F401  a fixture
from tests.ledger.handlers.test_rules import CASH, NAME

PREVIEW = "mutation ($input: PreviewRuleInput!) { previewRule(input: $input) { rule opened waiting cleared cut examples { becomes title } } }"
PUBLISH = "mutation ($input: PublishRuleInput!) { publishRule(input: $input) { ... on RulePayload { rule { name version inForce origin } } ... on Outcome { code } } }"
SWITCH = "mutation ($input: SwitchRuleInput!) { switchRule(input: $input) { rule { enabled } } }"


async def test_mistakes_come_as_a_list_with_lines_and_suggestions(ask: Ask) -> None:  # noqa: F811
    text = CASH.replace('"payer"]', '"payr"]').replace('field = "method"', 'field = "methd"')
    answer = await ask(PUBLISH, input={"text": text, "reason": "x"})
    extensions = answer["errors"][0]["extensions"]
    assert extensions["code"] == "rule.invalid"
    assert extensions["problems"] == [
        {"line": 6, "message": "unknown field `payr` of receipt", "suggestion": "payer"},
        {"line": 11, "message": "unknown field `methd` of receipt", "suggestion": "method"},
    ]
    checked = (
        await ask(
            "query ($t: String!) { checkRule(text: $t) { name mistakes { line message suggestion } } }",
            t=text,
        )
    )["data"]["checkRule"]
    assert checked == {"name": None, "mistakes": extensions["problems"]}


async def test_a_rule_is_tried_published_once_read_and_switched(ask: Ask) -> None:  # noqa: F811
    tried = (await ask(PREVIEW, input={"text": CASH}))["data"]["previewRule"]
    assert tried == {"rule": NAME, "opened": 0, "waiting": 0, "cleared": 0, "cut": None, "examples": []}
    made = await ask(PUBLISH, role=Role.FINANCE, input={"text": CASH, "reason": "we want it"})
    assert made["data"]["publishRule"]["rule"] == {"name": NAME, "version": 1, "inForce": 1, "origin": "own"}
    again = await ask(PUBLISH, input={"text": CASH + "# two\n", "reason": "we want it"})
    assert again["data"]["publishRule"] == {"code": "rule.changed"}
    read = (
        await ask(
            "query ($n: String!) { rule(name: $n) { text versions { version reason by state } } }", n=NAME
        )
    )["data"]["rule"]
    assert read["text"] == CASH
    assert read["versions"] == [{"version": 1, "reason": "we want it", "by": "Other", "state": "published"}]
    listed = (await ask("{ rules { name openCount } }"))["data"]["rules"]
    assert NAME in {one["name"] for one in listed}
    off = {"rule": NAME, "on": False, "reason": "noise"}
    denied = await ask(SWITCH, role=Role.FINANCE, input=off)
    assert denied["errors"][0]["extensions"]["code"] == "permission.denied"
    assert (await ask(SWITCH, input=off))["data"]["switchRule"]["rule"] == {"enabled": False}
    assert (await ask('{ rule(name: "no_such") { text } }'))["data"]["rule"] is None
