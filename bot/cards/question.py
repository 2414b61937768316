"""A question about money: the evidence, the answers, why it is asked, what was answered, and undo."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards.audience import Audience, unescaped
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.words import Html, clean, cut, joined
from ledger.domain.roles import Permission
from ledger.views import AnswerOption, ConflictView

_LINE = 240
_MOST_LINES = 8
_MOST_ANSWERS, _LEFT_WHEN_FOLDED = 7, 6
"""So many buttons stand on a question at once; where there are more, the rest waits behind one button."""
_FEW_KINDS = 2
_ACCOUNTANT = "accountant"
_NOT_SALE = "not_sale"
_LATER = "later"  # every question can be put off by the same button, with the same words


@dataclass(frozen=True, slots=True)
class Place:
    """Which question of this run it is: `n` of `of`; `party` limits the run to one customer's questions.

    `done` counts what was answered in this run; `further` is the cursor of the next question, for a reader who
    may not answer this one.
    """

    n: int = 1
    of: int = 1
    done: int = 0
    party: str | None = None
    further: str | None = None

    @classmethod
    def of_action(cls, action: Action) -> Place:
        """Read the place from a button's action."""
        return cls(
            n=action.get("n", 1),
            of=action.get("of", 1),
            done=action.get("done", 0),
            party=action.get("party"),
            further=action.get("further"),
        )

    def action(self, do: str, view: ConflictView, **more: object) -> Action:
        """Compose the action of a button on the question at this place."""
        action: Action = {"do": do, "conflict": str(view.id), "version": view.version}
        action.update(n=self.n, of=self.of, done=self.done)
        if self.party:
            action["party"] = self.party
        if self.further:
            action["further"] = self.further
        return {**action, **more}

    def onward(self) -> Action:
        """Compose the action that passes over this question."""
        action: Action = {"do": "questions", "after": self.further, "n": self.n + 1, "of": self.of}
        return {**action, "party": self.party} if self.party else action


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
        return ((why, *onward),)
    shown, _, _ = _folded(view)
    answers = [_answer(option, view, place) for option in shown if option.id != _ACCOUNTANT]
    answers += _other_ways(view, place, to)
    answers += [_answer(option, view, place) for option in shown if option.id == _ACCOUNTANT]
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
    if _folded(view)[1]:
        ways.append(Button(to.label("Not a sale payment"), place.action("kinds", view)))
    if view.alike > 1:
        ways.append(Button(to.label("All {n} like this", n=view.alike), place.action("alike", view)))
    return ways


def _picks_bills(view: ConflictView) -> bool:
    return view.party_id is not None and {"candidates", "narration"} <= view.evidence.keys()


_Options = tuple[AnswerOption, ...]


def _folded(view: ConflictView) -> tuple[_Options, _Options, _Options]:
    """Return the answers that stand on the card, the kinds behind "Not a sale payment", and the rest behind "More"."""
    plain = [option for option in view.answers if option.id != _LATER and not option.group]
    kinds = [option for option in view.answers if option.group]
    if len(kinds) <= _FEW_KINDS:
        plain, kinds = [option for option in view.answers if option.id != _LATER], []
    elif all(option.id == _ACCOUNTANT for option in plain):
        plain, kinds = [kinds[0], *plain], kinds[1:]
    ways = _picks_bills(view) + bool(kinds) + (view.alike > 1)
    if len(plain) + ways <= _MOST_ANSWERS:
        return tuple(plain), tuple(kinds), ()
    asked = [option for option in plain if option.id == _ACCOUNTANT]
    first = [option for option in plain if option.id != _ACCOUNTANT]
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
    if not (view.can_undo and to.may(Permission.ANSWER)):
        return Card(joined(lines))
    buttons = [Button(to.label("Undo"), place.action("undo", view))]
    if view.alike:
        like = to.label("All {n} others like this", n=view.alike)
        buttons.append(Button(like, place.action("alike_answer", view, answer=view.answer)))
    return Card(joined(lines), in_rows(buttons))


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


def noted_card(view: ConflictView, answer: str, place: Place, to: Audience) -> Card:
    """Say that an answer which doesn't settle the question yet is noted, and that it comes back by itself."""
    labels = {option.id: option.label for option in view.answers}
    label = cut(labels.get(answer, answer), 60)
    line = to.say("<b>{answer}</b> · noted. I'll come back to it in a day or two.", answer=label)
    return _put_off_card(view, line, place, to)


def _put_off_card(view: ConflictView, line: Html, place: Place, to: Audience) -> Card:
    lines = to.heading(to.say("⏳ {title}", title=cut(view.title, _LINE)))
    again = Button(to.label("Ask now"), place.action("question", view))
    return Card(joined([*lines, line]), ((again,),) if to.may(Permission.ANSWER) else ())


def questions_done_card(place: Place, to: Audience) -> Card:
    """Close a run of questions, or say that there was none; a run about one customer speaks of no other."""
    if place.done <= 0:
        text = to.say("Nothing waits for your answer.")
    else:
        done = to.count("{n} entry is settled", "{n} entries are settled", place.done)
        if place.party:
            text = to.say("That was the last one about them: {done}.", done=done)
        else:
            text = to.say("That was the last one: {done}. Nothing else waits for you.", done=done)
    return Card(joined(to.heading(text)), ((Button(to.label("Today's digest"), {"do": "digest"}),),))
