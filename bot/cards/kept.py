"""Cards of what is kept with a customer: to whom it belongs, that it is kept, and the thing itself again."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards.audience import Audience
from bot.cards.card import Action, Attachment, Button, Card, in_rows
from bot.cards.history import back_button
from bot.words import Html, clean, cut, joined
from ledger.domain.roles import Permission
from ledger.views import PartyBrief
from ledger.views.attachments import AttachmentView

_CHOICES = 4


def thing(media_type: str, to: Audience) -> Html:
    """Name what was sent."""
    match media_type.partition("/")[0]:
        case "image":
            return to.say("Photo")
        case "audio":
            return to.say("Voice note")
        case "video":
            return to.say("Video")
        case _ if media_type == "text/vcard":
            return to.say("Contact")
        case _ if media_type == "application/geo+json":
            return to.say("Place")
        case _:
            return to.say("File")


def whose_card(
    media_type: str, keep: Action, parties: Sequence[PartyBrief], to: Audience, *, notice: Html | None = None
) -> Card:
    """Ask to whom something belongs; `keep` carries it."""
    lines = [notice] if notice is not None else []
    lines.append(to.say("{thing}: to whom does it belong?", thing=thing(media_type, to)))
    if media_type.startswith("image/") and to.may(Permission.ANSWER):
        lines.append(
            to.say(
                "<i>A bank statement I read only as a file from net banking, in Excel or CSV:"
                " tap the paperclip, then File.</i>"
            )
        )
    buttons = [
        Button(cut(brief.name, 38), {**keep, "do": "keep", "party": str(brief.id)})
        for brief in parties[:_CHOICES]
    ]
    other = Button(
        to.label("Somebody else") if parties else to.label("Choose a customer"), {**keep, "do": "keep_other"}
    )
    rows = (
        *(in_rows(buttons) if buttons else ()),
        (other, Button(to.label("Of no customer"), {"do": "keep_nobody"})),
    )
    return Card(joined(to.heading(joined(lines))), rows)


def ask_whose_card(media_type: str, to: Audience) -> Card:
    """Ask for the customer's name."""
    lines = [
        to.say("{thing}: to whom does it belong?", thing=thing(media_type, to)),
        to.say("Please type part of the customer's name."),
    ]
    return Card(
        joined(to.heading(joined(lines))), ((Button(to.label("Of no customer"), {"do": "keep_nobody"}),),)
    )


def kept_card(media_type: str, brief: PartyBrief, text: str, attachment: str, to: Audience) -> Card:
    """Say with whom it is kept, and where it is seen again."""
    lines = [
        to.say("✓ {thing} kept with <b>{name}</b>", thing=thing(media_type, to), name=cut(brief.name, 48))
    ]
    if text:
        lines.append(to.say("“{text}”", text=cut(text, 200)))
    party = str(brief.id)
    buttons = (
        (
            Button(to.label("Show"), {"do": "kept", "party": party, "attachment": attachment}),
            Button(to.label("Full history"), {"do": "history", "party": party}),
        ),
        (back_button(brief.name, party, to),),
    )
    return Card(joined(to.heading(joined(lines))), buttons)


def left_card(to: Audience) -> Card:
    """Say that something belongs to nobody."""
    return Card(joined(to.heading(to.say("All right, I put it with nobody."))))


def shown_card(view: AttachmentView, brief: PartyBrief, to: Audience) -> Card:
    """Send something kept back, with who sent it and when."""
    head = to.say(
        "<b>{name}</b>\n{thing} from {author}, {when}",
        name=cut(brief.name, 48),
        thing=thing(view.media_type, to),
        author=cut(clean(view.author), 40),
        when=to.moment(view.at),
    )
    lines = [head, to.say("“{text}”", text=cut(view.text, 300))] if view.text else [head]
    kind = "photo" if view.media_type in ("image/jpeg", "image/png") else "document"
    attachment = Attachment(view.filename, view.body, kind=kind)
    return Card(
        joined(to.heading(joined(lines))), ((back_button(brief.name, str(brief.id), to),),), attachment
    )


def too_large_card(megabytes: int, to: Audience) -> Card:
    """Say how large a thing may be."""
    text = to.count(
        "This is too large to keep: at most {n} MB.", "This is too large to keep: at most {n} MB.", megabytes
    )
    return Card(joined(to.heading(text)))


def not_fetched_card(to: Audience) -> Card:
    """Say that something couldn't be fetched."""
    return Card(joined(to.heading(to.say("I couldn't fetch this. Please send it again."))))
