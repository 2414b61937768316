"""A status word whose meaning nobody has told us."""

RULE = "ambiguous_status"


async def test_one_question_for_all_events_of_a_word(books):
    await books.flagged("invoice cleared?", external_id="D-1")
    await books.flagged("invoice cleared?", external_id="D-2")
    assert await books.judge() == ["conflict.opened"]
    found = await books.only(RULE)
    assert found["status"] == "open"
    assert found["evidence"]["events"] == 2
    await books.flagged("invoice cleared?", external_id="D-3")
    assert await books.judge() == []
    assert (await books.only(RULE))["version"] == found["version"]
    assert (await books.only(RULE))["evidence"]["events"] == 3


async def test_another_context_is_another_question(books):
    await books.flagged("won", qualifier="pipeline-1")
    await books.flagged("won", qualifier="pipeline-2")
    await books.judge()
    assert len(await books.conflicts(RULE)) == 2


async def test_a_reading_with_the_meaning_clears_it_and_one_without_asks_again(books):
    event = await books.flagged("won")
    await books.judge()
    await books.reading(event, 1, event_type="deal.status_reported", flag=None)
    assert await books.judge() == ["conflict.cleared"]
    await books.reading(event, 2, event_type="status.unmapped", flag="unmapped")
    assert await books.judge() == ["conflict.opened"]


async def test_a_later_reading_that_lost_the_meaning_asks(books):
    event = await books.flagged("won", flag=None, event_type="deal.status_reported")
    assert await books.judge() == []
    await books.reading(event, 1, event_type="status.unmapped", flag="unmapped", word="lost it")
    await books.judge()
    assert (await books.only(RULE))["evidence"]["word"] == "lost it"


async def test_other_flags_are_no_question_of_words(books):
    await books.flagged("won", flag="future")
    assert await books.judge(whole=True) == []


async def test_an_answer_for_the_word_stays(books):
    await books.flagged("won")
    await books.judge()
    await books.answer((await books.only(RULE))["id"], "none")
    await books.flagged("won", external_id="D-9")
    assert await books.judge() == []
