"""A question about money: the evidence, the answers, why it is asked, what was answered, and undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.cards.audience import Audience, money, unescaped, whole
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.cards.lines import short_name, standing
from bot.words import Html, clean, cut, joined
from ledger.domain.roles import Permission
from ledger.views import AnswerOption, ConflictView, PartyBrief

_LINE = 240
_MOST_LINES = 8
_MOST_ANSWERS, _LEFT_WHEN_FOLDED = 7, 6
"""So many buttons stand on a question at once; where there are more, the rest waits behind one button."""
_FEW_KINDS = 2
_MOST_PASSED = 20
UNDO_FOR = timedelta(days=1)
"""So long one tap takes an answer back."""
ACCOUNTANT = "accountant"
_NOT_SALE = "not_sale"
_LATER = "later"  # every question can be put off by the same button, with the same words


@dataclass(frozen=True, slots=True)
class Place:
    """Which question of this run it is: `n` of `of`; `party` limits the run to one customer's questions.

    `done` counts what was answered in this run, `money` adds up what it was about (minor units of `currency`, the
    first one's); `passed` was decided by hand and isn't derived yet; `further` is the cursor of the next question, for
    a reader who may not answer this one.
    """

    n: int = 1
    of: int = 1
    done: int = 0
    party: str | None = None
    further: str | None = None
    money: int = 0
    currency: str = ""
    passed: tuple[str, ...] = ()

    @classmethod
    def of_action(cls, action: Action) -> Place:
        """Read the place from a button's action."""
        return cls(
            n=action.get("n", 1),
            of=action.get("of", 1),
            done=action.get("done", 0),
            party=action.get("party"),
            further=action.get("further"),
            money=action.get("money", 0),
            currency=action.get("currency", ""),
            passed=tuple(action.get("passed", ())),
        )

    def settled(self, view: ConflictView, *, by_hand: bool = False) -> Place:
        """Return the place after this question was answered; `by_hand`: it stays open until that is derived."""
        currency = self.currency or view.currency or ""
        counts = view.amount is not None and view.currency == currency
        return replace(
            self,
            done=self.done + 1,
            money=self.money + (abs(view.amount or 0) if counts else 0),
            currency=currency,
            passed=(*self.passed, str(view.id))[-_MOST_PASSED:] if by_hand else self.passed,
        )

    def _run(self) -> Action:
        kept: Action = {"party": self.party, "money": self.money, "currency": self.currency}
        kept["passed"] = list(self.passed)
        return {name: value for name, value in kept.items() if value}

    def action(self, do: str, view: ConflictView, **more: object) -> Action:
        """Compose the action of a button on the question at this place."""
        action: Action = {"do": do, "conflict": str(view.id), "version": view.version}
        action.update(n=self.n, of=self.of, done=self.done, **self._run())
        if self.further:
            action["further"] = self.further
        return {**action, **more}

    def onward(self) -> Action:
        """Compose the action that passes over this question."""
        action: Action = {"do": "questions", "after": self.further, "n": self.n + 1, "of": self.of}
        return {**action, "done": self.done, **self._run()}


def question_card(view: ConflictView, place: Place, to: Audience, *, notice: Html | None = None) -> Card:
    """Ask: what happened, the source's own words, the likely answer first; a `notice` stands above it."""
    text = _question(view, place, to)
    if notice is not None:
        text = joined([notice, text], "\n\n")
    return Card(text, _question_buttons(view, place, to, explained="why"))


def why_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Ask the same with the evidence in detail."""
    why = [to.say("· {line}", line=cut(line, _LINE)) for line in view.why[:_MOST_LINES]]
    if not why:
        why = [to.say("I have nothing more than what stands above.")]
    text = joined([_question(view, place, to), joined([to.say("<b>Why I ask</b>"), *why])], "\n\n")
    return Card(text, _question_buttons(view, place, to, explained="question"))


def _question(view: ConflictView, place: Place, to: Audience) -> Html:
    title = cut(view.title, _LINE)
    if place.of > 1:
        head = to.say("{n} of {of} · <b>{title}</b>", n=place.n, of=place.of, title=title)
    else:
        head = to.say("<b>{title}</b>", title=title)
    lines = to.heading(head)
    if view.quote:
        lines.append(to.say("“<i>{quote}</i>”", quote=cut(view.quote, _LINE)))
    lines += [to.say("{line}", line=cut(line, _LINE)) for line in view.lines[:_MOST_LINES]]
    if view.assigned_name:
        lines.append(to.say("With {name}.", name=cut(view.assigned_name, 30)))
    if view.note:
        lines.append(to.say("Note: {note}", note=cut(view.note, _LINE)))
    return joined(lines)


def _question_buttons(view: ConflictView, place: Place, to: Audience, *, explained: str) -> Rows:
    words = to.label("Why?") if explained == "why" else to.label("Less")
    why = Button(words, place.action(explained, view))
    if not to.may(Permission.ANSWER):
        onward = (Button(to.label("Next ›"), place.onward()),) if place.further else ()
        if not to.may(Permission.COMMENT) or view.status not in ("open", "snoozed"):
            return ((why, *onward),)
        say = Button(to.label("Say what you think"), place.action("advise", view))
        return ((say,), (why, *onward))
    shown, _, _ = _folded(view)
    answers = [_answer(option, view, place) for option in shown if option.id != ACCOUNTANT]
    answers += _other_ways(view, place, to)
    answers += [_answer(option, view, place) for option in shown if option.id == ACCOUNTANT]
    if _folded(view)[2]:
        answers.append(Button(to.label("More…"), place.action("more", view)))
    later = Button(to.label("Later"), place.action("later", view))
    assign = Button(to.label("Assign…"), place.action("assign", view))
    return (*in_rows(answers), (why, later, assign))


def _answer(option: AnswerOption, view: ConflictView, place: Place) -> Button:
    return Button(cut(option.label, 40), place.action("answer", view, answer=option.id))


def _other_ways(view: ConflictView, place: Place, to: Audience) -> list[Button]:
    ways = []
    if _picks_bills(view):
        ways.append(Button(to.label("Other bills"), place.action("pick", view)))
    elif _payer_unknown(view):
        ways.append(Button(to.label("Whose is it…"), place.action("whose_money", view)))
    if _folded(view)[1]:
        ways.append(Button(to.label("Not a sale payment"), place.action("kinds", view)))
    if view.alike > 1:
        ways.append(Button(to.label("All {n} like this", n=view.alike), place.action("alike", view)))
    return ways


def _picks_bills(view: ConflictView) -> bool:
    return view.party_id is not None and {"candidates", "narration"} <= view.evidence.keys()


def _payer_unknown(view: ConflictView) -> bool:
    return view.party_id is None and view.rule == "unmatched_bank_credit"


_Options = tuple[AnswerOption, ...]


def _folded(view: ConflictView) -> tuple[_Options, _Options, _Options]:
    """Return the answers that stand on the card, the kinds behind "Not a sale payment", and the rest behind "More"."""
    plain = [option for option in view.answers if option.id != _LATER and not option.group]
    kinds = [option for option in view.answers if option.group]
    if len(kinds) <= _FEW_KINDS:
        plain, kinds = [option for option in view.answers if option.id != _LATER], []
    elif all(option.id == ACCOUNTANT for option in plain):
        plain, kinds = [kinds[0], *plain], kinds[1:]
    ways = (_picks_bills(view) or _payer_unknown(view)) + bool(kinds) + (view.alike > 1)
    if len(plain) + ways <= _MOST_ANSWERS:
        return tuple(plain), tuple(kinds), ()
    asked = [option for option in plain if option.id == ACCOUNTANT]
    first = [option for option in plain if option.id != ACCOUNTANT]
    room = max(_LEFT_WHEN_FOLDED - ways - len(asked) - 1, 2)
    return (*first[:room], *asked), tuple(kinds), tuple(first[room:])


def kinds_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Ask the same with what money can be that is no sale."""
    _, kinds, _ = _folded(view)
    ordered = sorted(kinds, key=lambda option: option.id == _NOT_SALE)
    answers = [
        Button(
            to.label("Something else") if option.id == _NOT_SALE else cut(option.label, 40),
            place.action("answer", view, answer=option.id),
        )
        for option in ordered
    ]
    return _opened(view, answers, place, to)


def more_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Ask the same with the answers that are given more rarely."""
    return _opened(view, [_answer(option, view, place) for option in _folded(view)[2]], place, to)


def _opened(view: ConflictView, answers: list[Button], place: Place, to: Audience) -> Card:
    back = Button(to.label("‹ Back"), place.action("question", view))
    buttons = (*in_rows(answers), (back,)) if to.may(Permission.ANSWER) else ((back,),)
    return Card(_question(view, place, to), buttons)


def answered_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Show a question as answered: by whom, what, when, and the way back."""
    lines = to.heading(to.say("✓ {title}", title=cut(view.title, _LINE)))
    lines.append(answer_line(view, to))
    if not (view.can_undo and to.may(Permission.ANSWER)) or undo_is_over(view, to):
        return Card(joined(lines))
    buttons = [Button(to.label("Undo"), place.action("undo", view))]
    if view.alike:
        like = to.label("All {n} others like this", n=view.alike)
        buttons.append(Button(like, place.action("alike_answer", view, answer=view.answer)))
    return Card(joined(lines), in_rows(buttons))


def undo_is_over(view: ConflictView, to: Audience) -> bool:
    """Return whether an answer is older than one tap may take back."""
    return view.answered_at is not None and to.now - view.answered_at > UNDO_FOR


def undo_over_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Say kindly that an answer stands; the owner may still change it, knowing that the books have gone on since."""
    lines = to.heading(to.say("✓ {title}", title=cut(view.title, _LINE)))
    lines.append(answer_line(view, to))
    lines.append(to.say("Undo works for a day; this was answered earlier, so it stands."))
    if not to.may(Permission.WRITE_OFF):
        lines.append(to.say("The owner can still change it."))
        return Card(joined(lines))
    return Card(
        joined(lines), ((Button(to.label("Change it all the same"), place.action("undo", view, late=True)),),)
    )


def answer_line(view: ConflictView, to: Audience) -> Html:
    """Say what was answered, by whom and when."""
    answer = cut(view.answer_label or view.answer or "", 60)
    if view.answered_by is None or view.answered_at is None:
        return to.say("<b>{answer}</b>", answer=answer)
    return to.say(
        "<b>{answer}</b> · {person}, {when}",
        answer=answer,
        person=cut(view.answered_by, 30),
        when=to.moment(view.answered_at),
    )


def cleared_card(view: ConflictView, to: Audience) -> Card:
    """Say that a question settled itself before it was answered."""
    lines = to.heading(to.say("✓ {title}", title=cut(view.title, _LINE)))
    lines.append(to.say("This has settled itself; there is nothing to do."))
    return Card(joined(lines))


def standing_card(view: ConflictView, place: Place, to: Audience) -> Card:
    """Show a question as it stands now, to somebody whose button was from earlier."""
    match view.status:
        case "resolved":
            return answered_card(view, place, to)
        case "cleared":
            return cleared_card(view, to)
        case _:
            notice = to.say("Something new has come since; please look once more.")
            return question_card(view, place, to, notice=notice)


def stale_notice(view: ConflictView, to: Audience) -> str:
    """Say in one plain line why a button no longer fits: who answered what, or that there is newer evidence."""
    match view.status:
        case "resolved":
            words = to.say("Already answered. {answer}", answer=answer_line(view, to))
        case "cleared":
            words = to.say("This has settled itself.")
        case _:
            words = to.say(
                "That button is from earlier. Something new has come since; please look once more."
            )
    return unescaped(Html(words.replace("<b>", "").replace("</b>", "")))


def later_card(view: ConflictView, until: str, place: Place, to: Audience) -> Card:
    """Say when a question put off comes back."""
    return _put_off_card(view, to.say("I'll ask again {when}.", when=clean(until)), place, to)


def noted_card(
    view: ConflictView, answer: str, place: Place, to: Audience, *, asked: Sequence[str] | None = None
) -> Card:
    """Say that an answer which doesn't settle the question yet is noted, and that it comes back by itself.

    `asked` names who was asked in his chat (empty: there is nobody); None: nobody is to be.
    """
    labels = {option.id: option.label for option in view.answers}
    label = cut(labels.get(answer, answer), 60)
    if asked:
        names = cut(", ".join(asked), 60)
        line = to.say(
            "<b>{answer}</b> · I asked {names}. The answer comes to you here.", answer=label, names=names
        )
        return _put_off_card(view, line, place, to)
    line = to.say("<b>{answer}</b> · noted. I'll come back to it in a day or two.", answer=label)
    if asked is not None:
        line = to.say("{line}\nNo accountant has a chat with me yet; /people invites one.", line=line)
    return _put_off_card(view, line, place, to)


def _put_off_card(view: ConflictView, line: Html, place: Place, to: Audience) -> Card:
    lines = to.heading(to.say("⏳ {title}", title=cut(view.title, _LINE)))
    again = Button(to.label("Ask now"), place.action("question", view))
    return Card(joined([*lines, line]), ((again,),) if to.may(Permission.ANSWER) else ())


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes after the last question: how many were put off, whom to call first, and the next of those put off."""

    put_off: int = 0
    call: PartyBrief | None = None
    next_put_off: str | None = None


def questions_done_card(place: Place, to: Audience, ahead: Ahead | None = None) -> Card:
    """Close a run of questions with what it settled, or say that there was none; a run about one customer speaks of
    no other."""
    ahead = ahead or Ahead()
    buttons = []
    if place.done <= 0:
        lines = [to.say("Nothing waits for your answer.")]
    else:
        done = to.count("{n} entry is settled", "{n} entries are settled", place.done)
        if place.money:
            done = to.say("{done}, {amount}", done=done, amount=whole(place.money, place.currency))
        if place.party:
            lines = [to.say("That was the last one about them: {done}.", done=done)]
        else:
            lines = [to.say("That was the last one: {done}. Nothing else waits for you.", done=done)]
    if ahead.put_off:
        lines.append(
            to.count(
                "{n} put off comes back by itself.", "{n} put off come back by themselves.", ahead.put_off
            )
        )
    if ahead.call is not None and place.done > 0:
        lines.append(_next_call(ahead.call, to))
        buttons.append(Button(cut(ahead.call.name, 26), {"do": "party", "party": str(ahead.call.id)}))
    if ahead.next_put_off is not None:
        buttons.append(
            Button(to.label("Look at one now"), {"do": "question", "conflict": ahead.next_put_off})
        )
    buttons.append(Button(to.label("Today's digest"), {"do": "digest"}))
    return Card(joined(to.heading(joined(lines))), in_rows(buttons))


def _next_call(brief: PartyBrief, to: Audience) -> Html:
    return to.say(
        "Next, call {name}: {amount} · {why}",
        name=short_name(brief.name),
        amount=money(brief.net, brief.currency),
        why=standing(brief, to),
    )
