"""Cards of the people of a firm: who they are, inviting one, letting one go."""

from __future__ import annotations

from collections.abc import Sequence

from bot.address import whatsapp_share
from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, in_rows
from bot.words import Html, clean, cut, html, joined
from ledger.domain.roles import Role
from ledger.views import MemberView
from ledger.views.people import EndingMember, SalesOwner

ROLES = (Role.FINANCE, Role.SALES, Role.VIEW, Role.OWNER)
_OWNERS_SHOWN = 6
_NAME = 30


def role_name(role: str, to: Audience) -> Html:
    """Name a role as a firm does."""
    match role:
        case "owner":
            return to.say("owner")
        case "finance":
            return to.say("accounts")
        case "sales":
            return to.say("sales")
        case _:
            return to.say("only looks (CA)")


def _role_may(role: str, to: Audience) -> Html:
    match role:
        case "owner":
            return to.say("<b>Owner</b>: everything, as you do.")
        case "finance":
            return to.say("<b>Accounts</b>: sees all, answers entries, sends statements.")
        case "sales":
            return to.say("<b>Sales</b>: sees and notes only for own customers.")
        case _:
            return to.say("<b>CA</b>: sees all, changes nothing.")


def people_card(members: Sequence[MemberView], to: Audience, *, notice: Html | None = None) -> Card:
    """List who is here, and offer each, and to invite one more."""
    here = [member for member in members if member.active]
    lines = [notice] if notice is not None else []
    lines.append(to.say("<b>People of the firm</b>"))
    lines += [_line(member, to) for member in here]
    buttons = [Button(cut(m.name, _NAME), {"do": "member", "member": str(m.id)}) for m in here]
    rows = (*in_rows(buttons), (Button(to.label("Invite somebody"), {"do": "invite"}),))
    return Card(joined(to.heading(joined(lines))), rows)


def _line(member: MemberView, to: Audience) -> Html:
    line = to.say("{name} · {role}", name=cut(member.name, _NAME), role=role_name(member.role, to))
    return to.say("{line} · {state}", line=line, state=_state(member, to))


def _state(member: MemberView, to: Audience) -> Html:
    if member.linked:
        if member.seen_at is None:
            return to.say("connected")
        return to.say("here {when}", when=to.moment(member.seen_at))
    return to.say("invited, not here yet") if member.invited else to.say("not connected")


def member_card(member: MemberView, to: Audience, *, own: bool) -> Card:
    """Show one person, and what can be changed; `own`: it is the reader himself."""
    lines = [
        to.say("<b>{name}</b>", name=cut(member.name, 60)),
        _role_may(member.role, to),
        to.say("In the chat: {state}", state=_state(member, to)),
    ]
    if member.role == Role.SALES:
        owner = member.crm_owner
        lines.append(
            to.say("Customers of {owner} in the CRM", owner=cut(owner, _NAME))
            if owner
            else to.say("Sees no customers yet: choose whose.")
        )
    if member.until is not None:
        lines.append(to.say("Till {day}, then nothing opens any more.", day=to.day(member.until)))
    action: Action = {"member": str(member.id)}
    buttons = []
    if not own:
        buttons.append(Button(to.label("New link"), {"do": "member_link", **action}))
        buttons.append(Button(to.label("Change role"), {"do": "member_role", **action}))
    if member.role == Role.SALES:
        buttons.append(Button(to.label("Whose customers"), {"do": "member_owner", **action}))
    if not own:
        buttons.append(Button(to.label("Remove"), {"do": "member_remove", **action}))
    buttons.append(Button(to.label("‹ People"), {"do": "people", "inplace": True}))
    return Card(joined(to.heading(joined(lines))), in_rows(buttons))


def roles_card(to: Audience, *, then: Action, name: str = "", former: str = "") -> Card:
    """Ask for a role, with one line of what each may; `then` goes on with it, `former` is the one he has."""
    head = (
        to.say("What is {name} to be?", name=cut(name, _NAME))
        if name
        else to.say("Whom do you want to invite?")
    )
    offered = [role.value for role in ROLES if role.value != former]
    lines = [head, *(_role_may(role, to) for role in offered)]
    buttons = [Button(_role_button(role, to), {**then, "role": role}) for role in offered]
    back = Button(to.label("‹ People"), {"do": "people", "inplace": True})
    return Card(joined(to.heading(joined(lines))), (*in_rows(buttons), (back,)))


def _role_button(role: str, to: Audience) -> str:
    match role:
        case "owner":
            return to.label("Owner")
        case "finance":
            return to.label("Accounts")
        case "sales":
            return to.label("Salesperson")
        case _:
            return to.label("CA, only looks")


def name_card(role: str, to: Audience, *, notice: Html | None = None) -> Card:
    """Ask for the name of who is invited."""
    asked = to.say("Please type the name of the new person ({role}).", role=role_name(role, to))
    lines = [notice, asked] if notice is not None else [asked]
    back = Button(to.label("‹ Back"), {"do": "invite", "inplace": True})
    return Card(joined(to.heading(joined(lines))), ((back,),))


def owners_card(owners: Sequence[SalesOwner], name: str, to: Audience, *, then: Action) -> Card:
    """Ask whose customers a sales person looks after, by the names that the CRM uses."""
    if owners:
        lines = [to.say("Whose customers does {name} look after?", name=cut(name, _NAME))]
        lines += [_owner(owner, to) for owner in owners[:_OWNERS_SHOWN]]
    else:
        lines = [
            to.say("No CRM has told me yet who looks after which customer."),
            to.say("Until then {name} sees no customers.", name=cut(name, _NAME)),
        ]
    buttons = [Button(cut(owner.key, 34), {**then, "owner": owner.key}) for owner in owners[:_OWNERS_SHOWN]]
    later = Button(to.label("Decide later"), {**then, "owner": ""})
    return Card(joined(to.heading(joined(lines))), (*in_rows(buttons), (later,)))


def _owner(owner: SalesOwner, to: Audience) -> Html:
    line = to.count(
        "{key}: {n} customer, such as {example}",
        "{key}: {n} customers, such as {example}",
        owner.customers,
        key=cut(owner.key, _NAME),
        example=cut(owner.example, _NAME),
    )
    return to.say("{line} (taken)", line=line) if owner.taken else line


def invited_card(name: str, firm: str, code: str, link: str | None, to: Audience) -> Card:
    """Give the one-time link, and the text that goes with it."""
    who = cut(clean(name), _NAME)
    message = (
        to.label("{name}, open this to join {firm} on Munshi: {link}", name=who, firm=clean(firm), link=link)
        if link is not None
        else to.label(
            "{name}, to join {firm} on Munshi send this to the bot: /start {code}",
            name=who,
            firm=clean(firm),
            code=code,
        )
    )
    lines = [
        to.say("Send this to {name}. It works once, for 24 hours.", name=who),
        Html(f"<code>{html(message)}</code>"),
    ]
    buttons = (
        (Button(to.label("Send by WhatsApp"), url=whatsapp_share(message)),),
        (Button(to.label("‹ People"), {"do": "people", "inplace": True}),),
    )
    return Card(joined(to.heading(joined(lines, "\n\n"))), buttons)


def remove_card(member: MemberView, to: Audience) -> Card:
    """Ask before somebody is let go."""
    lines = [
        to.say("Remove <b>{name}</b>?", name=cut(member.name, 60)),
        to.say("The chat, links and tokens stop working at once. What was noted and decided stays."),
    ]
    buttons = (
        (
            Button(to.label("Yes, remove"), {"do": "member_removed", "member": str(member.id)}),
            Button(to.label("No"), {"do": "member", "member": str(member.id)}),
        ),
    )
    return Card(joined(to.heading(joined(lines))), buttons)


def ending_card(member: EndingMember, to: Audience) -> Card:
    """Tell an owner that a membership ends by itself."""
    lines = [
        to.say(
            "<b>{name}</b> ({role}) is with us till {day}.",
            name=cut(member.name, 60),
            role=role_name(member.role, to),
            day=to.day(member.until),
        ),
        to.say("After that day the chat, links and tokens stop working. What was noted and decided stays."),
    ]
    button = Button(cut(member.name, _NAME), {"do": "member", "member": str(member.id)})
    return Card(joined(to.heading(joined(lines))), ((button,),))
