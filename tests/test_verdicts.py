"""What moderators do with waiting comments, and that nothing they said is lost, doubled or changed."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Caller, make_caller
from flask import Flask
from room import Visitor, cards, make_moderator
from sqlalchemy import Engine, func, select, update

from service import verdicts
from service.domain import Invalid, Moderator, Outcome, Rejection, Role, Verdict
from service.parts import Parts
from service.review import pages
from service.storage import cards as stored_cards
from service.storage import moderators
from service.storage import queue as stored_queue
from service.storage.cards import Filter
from service.storage.engine import reading, writing
from service.storage.tables import comments, queue
from service.storage.tables import verdicts as verdicts_table


def hold(cms: Caller, id: str = "c1", text: str = "A rude remark.", **about: Any) -> None:
    assert cms.comment(id, text, **about)["decision"] == "hold"


def waiting(visitor: Visitor) -> list[int]:
    return cards(visitor.page("/review/"))


def state(cms: Caller, id: str = "c1") -> str:
    told: str = cms.get(f"/v1/comments/{id}").get_json()["comment"]["state"]
    return told


def person(app: Flask, name: str) -> Moderator:
    with reading(app.extensions["parts"].engine) as db:
        row = moderators.named(db, name)
    assert row is not None
    return moderators.from_row(row)


def approval(by: Moderator) -> Verdict:
    return Verdict(outcome=Outcome.APPROVE, moderator=by.name, at=datetime.now(UTC))


def test_an_approval_is_told_to_the_cms(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    assert ada.judge(waiting(ada)[0], verdict="approve").status_code == 200
    told = gazette.get("/v1/comments/c1").get_json()
    assert told["comment"]["state"] == "approve"
    assert [(one["verdict"], one["moderator"], one["action"]) for one in told["verdicts"]] == [("approve", "Ada", "verdict")]
    assert waiting(ada) == []


def test_a_rejection_has_its_reason_and_what_the_author_is_told(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    assert ada.judge(waiting(ada)[0], reason_code="harassment", explanation="Not about the person.").status_code == 200
    told = gazette.get("/v1/comments/c1").get_json()["verdicts"][0]
    assert (told["verdict"], told["reason_code"], told["explanation"]) == ("reject", "harassment", "Not about the person.")


def test_every_reason_is_given_by_one_key(gazette: Caller, ada: Visitor) -> None:
    """A tenth would say 10 on its button, and whoever presses that gives the first."""
    hold(gazette)
    offered = re.findall(r'name="reason_code" value="(\w+)" data-key="([1-9])"', ada.page("/review/"))
    assert dict(offered) == {code: str(number) for number, code in enumerate(Rejection, 1)}


@pytest.mark.parametrize(
    "form", [{}, {"verdict": "reject"}, {"verdict": "hold"}, {"reason_code": "ugly"}, {"verdict": "reject", "reason_code": ""}]
)
def test_a_verdict_without_sense_changes_nothing(gazette: Caller, ada: Visitor, form: dict[str, str]) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert ada.judge(comment, **form).status_code == 422
    assert waiting(ada) == [comment]


def test_a_second_verdict_hears_who_was_first_and_changes_nothing(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, reason_code="spam")
    refused = ben.judge(comment, verdict="approve")
    assert refused.status_code == 409
    assert "Ada rejected this (spam)" in refused.get_json()["message"]
    assert "Ada rejected this (spam)" in ben.judge(comment, verdict="approve", script=False).text
    assert state(gazette) == "reject"


def test_a_claim_keeps_others_out_until_it_ends(gazette: Caller, ada: Visitor, ben: Visitor, engine: Engine) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert ada.send(f"/review/comments/{comment}/claim", script=True).status_code == 200
    assert waiting(ben) == []
    for refused in (ben.judge(comment, verdict="approve"), ben.send(f"/review/comments/{comment}/claim", script=True)):
        assert refused.status_code == 409
        assert "Ada is reading this" in refused.get_json()["message"]
    with writing(engine) as db:
        db.execute(update(queue).values(claimed_until=datetime.now(UTC) - timedelta(seconds=1)))
    assert waiting(ben) == [comment]
    assert ben.judge(comment, verdict="approve").status_code == 200


def test_a_colleague_who_reads_an_audited_comment_keeps_corrections_out(new_app: Callable[..., Flask]) -> None:
    app = new_app(POLICY="[audit]\nshare = 1.0\n")
    make_caller(app, "gazette").comment("c1", "A kind remark.")
    ada, ben = make_moderator(app, "Ada", "gazette"), make_moderator(app, "Ben", "gazette")
    comment = waiting(ada)[0]
    ada.send(f"/review/comments/{comment}/claim", script=True)
    refused = ben.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate")
    assert refused.status_code == 409
    assert "Ada is reading this" in refused.get_json()["message"]
    assert ada.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate").status_code == 200


def test_a_claim_lasts_four_minutes_and_is_renewed(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    for _ in range(2):
        until = datetime.fromisoformat(ada.send(f"/review/comments/{comment}/claim", script=True).get_json()["claimed_until"])
        assert timedelta(minutes=3, seconds=50) < until - datetime.now(UTC) <= timedelta(minutes=4)


def test_a_released_comment_is_anybodys(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert str(comment) in ada.get("/review/next").headers["Location"]
    ada.page(f"/review/comments/{comment}")
    assert waiting(ben) == []
    ada.send(f"/review/comments/{comment}/release", script=True)
    assert waiting(ben) == [comment]


def test_a_claim_that_a_release_just_misses_says_who_had_the_comment(
    app: Flask, parts: Parts, gazette: Caller, ada: Visitor, ben: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(gazette)
    comment, claim, released = waiting(ada)[0], stored_queue.claim, []
    ada.page(f"/review/comments/{comment}")
    with ThreadPoolExecutor() as pool:

        def claimed_before_the_release(*told: Any) -> bool:
            found = claim(*told)
            released.append(pool.submit(verdicts.release, parts, person(app, "Ada"), comment))
            wait(released, timeout=1)  # where nothing keeps it from going on
            return found

        monkeypatch.setattr(stored_queue, "claim", claimed_before_the_release)
        refused = ben.send(f"/review/comments/{comment}/claim", script=True)
    assert (refused.status_code, "Ada is reading this" in refused.text) == (409, True)


def test_a_release_is_of_one_comment_and_by_whoever_claimed_it(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    for id in ("c1", "c2"):
        hold(gazette, id, f"A rude remark, {id}.")
    kept, released = waiting(ada)
    for who, what, comment in ((ada, "claim", kept), (ada, "claim", released), (ben, "release", kept), (ada, "release", released)):
        who.send(f"/review/comments/{comment}/{what}", script=True)
    assert waiting(ben) == [released]


def test_a_verdict_is_undone_until_the_cms_was_told(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, reason_code="other")
    assert ada.send("/review/undo", script=True).get_json()["comments"] == [comment]
    assert waiting(ada) == [comment]
    ada.judge(comment, verdict="approve")
    assert state(gazette) == "approve"
    refused = ada.send("/review/undo", script=True)
    assert refused.status_code == 409
    assert "The CMS was told" in refused.get_json()["message"]
    assert [row["action"] for row in gazette.get("/v1/comments/c1").get_json()["verdicts"]] == ["verdict", "undo", "verdict"]


def test_an_undo_that_comes_too_late_is_no_colleagues_doing(app: Flask, gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    assert state(gazette) == "approve"
    refused = ada.send("/review/undo", verdict=verdict_of(app, comment))
    assert re.findall(r"<h1>(.+)</h1>", refused.text) == ["Not done"]
    assert "The CMS was told" in refused.text


def test_the_same_comment_sent_again_tells_the_cms_too(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    ada.judge(waiting(ada)[0], verdict="approve")
    assert gazette.comment("c1", "A rude remark.")["comment"]["state"] == "approve"
    assert ada.send("/review/undo", script=True).status_code == 409


def test_asking_whether_there_is_a_comment_tells_the_cms_nothing(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    ada.judge(waiting(ada)[0], verdict="approve")
    assert gazette.call("HEAD", "/v1/comments/c1").status_code == 200
    assert ada.send("/review/undo", script=True).status_code == 200


def test_a_verdict_is_told_of_its_own_comment_alone_and_the_others_can_be_undone(gazette: Caller, ada: Visitor) -> None:
    for id in ("c1", "c2"):
        hold(gazette, id, f"A rude remark, {id}.")
        ada.judge(waiting(ada)[0], verdict="approve")
    assert len(gazette.get("/v1/comments/c1").get_json()["verdicts"]) == 1
    assert ada.send("/review/undo", script=True).status_code == 200
    assert (state(gazette, "c1"), state(gazette, "c2")) == ("approve", "hold")


def test_only_ones_own_verdict_is_undone_but_by_an_admin_of_the_site(app: Flask, gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    given = verdict_of(app, comment)
    assert ben.send("/review/undo", script=True, verdict=given).status_code == 409
    elsewhere, chief = make_moderator(app, "Harriet", "herald", role=Role.ADMIN), make_moderator(app, "Chief", role=Role.ADMIN)
    assert [who.send("/review/undo", script=True, verdict=given).status_code for who in (elsewhere, chief)] == [404, 200]


def test_a_verdict_that_a_colleague_corrected_is_undone_no_more(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    ben.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate")
    refused = ada.send("/review/undo", script=True)
    assert (refused.status_code, "Ben rejected this (hate)" in refused.get_json()["message"]) == (409, True)
    assert state(gazette) == "reject"


def test_whoever_gave_no_verdict_hears_that_there_is_none_to_undo(ada: Visitor) -> None:
    refused = ada.send("/review/undo", script=True)
    assert (refused.status_code, "no verdict of yours" in refused.get_json()["message"]) == (409, True)


def test_recent_verdicts_go_on_page_after_page(gazette: Caller, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "RECENT", 2)
    judged = []
    for number in range(4):
        hold(gazette, f"c{number}", f"A rude remark {number}.")
        judged += [str(comment) for comment in waiting(ada)]
        ada.judge(int(judged[-1]), verdict="approve")
    first = ada.page("/review/recent")
    (older,) = re.findall(r'href="(/review/recent\?before=\d+)"', first)
    last = ada.page(older)
    assert re.findall(r"/review/comments/(\d+)", first + last) == judged[::-1]
    assert "Older" not in last


def verdict_of(app: Flask, comment: int) -> int:
    with reading(app.extensions["parts"].engine) as db:
        return int(db.execute(select(comments.c.verdict).where(comments.c.pk == comment)).scalar_one())


def test_a_correction_supersedes_and_the_history_keeps_both(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    assert state(gazette) == "approve"
    assert ben.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate").status_code == 200
    said = gazette.get("/v1/comments/c1").get_json()["verdicts"]
    assert [(one["action"], one["verdict"], one["moderator"]) for one in said] == [
        ("correction", "reject", "Ben"),
        ("verdict", "approve", "Ada"),
    ]
    page = ada.page(f"/review/comments/{comment}")
    assert "Ben rejected it" in page
    assert "Ada approved it" in page


def test_a_correction_that_is_undone_gives_way_to_the_verdict_before(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    ben.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate")
    assert ben.send("/review/undo", script=True).status_code == 200
    assert state(gazette) == "approve"
    assert waiting(ben) == []


def test_a_correction_that_says_the_same_is_refused(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert ada.send(f"/review/comments/{comment}/correction", script=True, verdict="approve").status_code == 409
    ada.judge(comment, reason_code="spam")
    assert ada.send(f"/review/comments/{comment}/correction", script=True, reason_code="spam").status_code == 409
    assert ada.send(f"/review/comments/{comment}/correction", script=True, reason_code="hate").status_code == 200


def test_what_the_service_decided_alone_can_be_corrected(gazette: Caller, ada: Visitor, app: Flask) -> None:
    assert gazette.comment("c1", "A vile remark.")["decision"] == "reject"
    with reading(app.extensions["parts"].engine) as db:
        comment = db.execute(select(comments.c.pk)).scalar_one()
    assert ada.send(f"/review/comments/{comment}/correction", script=True, verdict="approve").status_code == 200
    assert state(gazette) == "approve"


@pytest.mark.parametrize(
    ("revision", "correction", "why"),
    [(1, {"verdict": "approve"}, "The author edited this comment"), (2, {"reason_code": "hate"}, "Your correction says the same")],
)
def test_a_correction_of_an_earlier_text_or_that_says_what_the_service_said_is_refused(
    gazette: Caller, ada: Visitor, engine: Engine, revision: int, correction: dict[str, str], why: str
) -> None:
    for text in ("A vile remark.", "A vile remark, and worse."):
        assert gazette.comment("c1", text)["decision"] == "reject"
    with reading(engine) as db:
        comment = db.execute(select(comments.c.pk)).scalar_one()
    refused = ada.send(f"/review/comments/{comment}/correction", script=True, revision=revision, **correction)
    assert (refused.status_code, why in refused.get_json()["message"]) == (409, True)


def test_nobody_agrees_where_no_colleague_has_said_anything(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    refused = ada.send(f"/review/comments/{waiting(ada)[0]}/agreement", script=True)
    assert (refused.status_code, "no colleague's verdict" in refused.get_json()["message"]) == (409, True)


def test_a_colleague_agrees_once_and_never_with_herself(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    agreement = f"/review/comments/{comment}/agreement"
    assert [who.send(agreement, script=True).status_code for who in (ada, ben, ben)] == [409, 200, 409]
    assert state(gazette) == "approve"


def test_an_edit_while_it_is_read_is_noticed(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    hold(gazette, text="A rude remark, and worse.")
    refused = ada.judge(comment, verdict="approve", revision=1)
    assert refused.status_code == 409
    assert "edited" in refused.get_json()["message"]
    assert ada.judge(comment, verdict="approve", revision=2).status_code == 200


def test_an_edit_to_something_harmless_leaves_the_queue(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    assert gazette.comment("c1", "A kind remark.")["decision"] == "approve"
    assert waiting(ada) == []


def test_an_edit_after_the_verdict_is_decided_anew(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    hold(gazette, text="A rude remark, and worse.")
    assert waiting(ada) == [comment]
    assert state(gazette) == "hold"


def test_a_note_stays_with_the_comment(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert ada.send(f"/review/comments/{comment}/notes", text=" Asked the editor. ").status_code == 302
    assert "Asked the editor." in ben.page("/review/")
    for text in ("", " ", "a" * 2_001, "a\x00b"):
        assert ada.send(f"/review/comments/{comment}/notes", script=True, text=text).status_code == 422


def test_everybodys_verdicts_are_those_of_ones_own_sites(gazette: Caller, ada: Visitor, ben: Visitor, carol: Visitor) -> None:
    hold(gazette)
    ada.judge(waiting(ada)[0], verdict="approve")
    seen = ["A rude remark." in who.page("/review/recent", who="everybody") for who in (ada, ben, carol)]
    assert seen == [True, True, False]


def test_another_sites_moderator_sees_and_changes_nothing(gazette: Caller, ada: Visitor, carol: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    assert waiting(carol) == []
    assert carol.get(f"/review/comments/{comment}").status_code == 404
    for action in ("verdict", "correction", "claim", "notes", "agreement"):
        answer = carol.send(f"/review/comments/{comment}/{action}", script=True, verdict="approve", text="a")
        assert answer.status_code == 404, action
    assert carol.send("/review/bulk", script=True, comment=[f"{comment}_1"], verdict="approve").get_json()["comments"] == []
    assert waiting(ada) == [comment]


def test_a_selection_is_judged_at_once_and_undone_at_once(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    for number in range(4):
        hold(gazette, f"c{number}", f"A rude remark {number}.", author={"id": f"a{number}"})
    chosen = waiting(ada)
    ben.judge(chosen[0], verdict="approve")
    read = [f"{comment}_1" for comment in chosen]
    done = ada.send("/review/bulk", script=True, comment=read, verdict="reject", reason_code="offensive").get_json()
    assert done["comments"] == chosen[1:]
    assert "3 of 4" in done["message"]
    assert "Ben approved this" in done["message"]
    assert sorted(ada.send("/review/undo", script=True).get_json()["comments"]) == sorted(chosen[1:])
    assert sorted(waiting(ada)) == sorted(chosen[1:])


def test_the_undo_beside_a_selection_leaves_what_was_judged_after_it(gazette: Caller, ada: Visitor) -> None:
    for number in range(3):
        hold(gazette, f"c{number}", f"A rude remark {number}.", author={"id": f"a{number}"})
    *chosen, last = waiting(ada)
    ada.send("/review/bulk", comment=[f"{comment}_1" for comment in chosen], verdict="reject", reason_code="offensive")
    (bulk,) = re.findall(r'name="bulk" value="(\w+)"', ada.page("/review/"))
    ada.judge(last, verdict="approve")
    ada.send("/review/undo", bulk=bulk)
    assert sorted(waiting(ada)) == sorted(chosen)


def test_of_a_selection_what_was_edited_meanwhile_still_waits(gazette: Caller, ada: Visitor) -> None:
    for number in range(2):
        hold(gazette, f"c{number}", f"A rude remark {number}.", author={"id": f"a{number}"})
    edited, other = waiting(ada)
    hold(gazette, "c0" if "remark 0" in ada.page(f"/review/comments/{edited}") else "c1", "A rude remark, and worse.")
    done = ada.send("/review/bulk", script=True, comment=[f"{edited}_1", f"{other}_1"], verdict="approve").get_json()
    assert done["comments"] == [other]
    assert "The author edited this comment" in done["message"]
    assert waiting(ada) == [edited]


def test_what_is_undone_waits_as_long_as_it_did(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    hold(gazette, "later", "Another rude remark.")
    first = cards(ada.page("/review/", order="oldest"))[0]
    ada.judge(first, verdict="approve")
    ada.send("/review/undo")
    assert cards(ada.page("/review/", order="oldest"))[0] == first


def test_a_note_may_be_as_long_as_the_page_lets_it_be(gazette: Caller, ada: Visitor) -> None:
    hold(gazette)
    text = "line\r\n" * 399 + "end"
    assert len(text.replace("\r\n", "\n")) <= 2_000 < len(text)
    assert ada.send(f"/review/comments/{waiting(ada)[0]}/notes", script=True, text=text).status_code == 200


def test_agreeing_is_offered_for_a_colleagues_verdict_once(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    comment = waiting(ada)[0]
    ada.judge(comment, verdict="approve")
    state(gazette)  # the CMS asks, so that the verdict can be undone no more
    path, offer = f"/review/comments/{comment}", "I agree with the verdict"
    assert offer not in ada.page(path)
    assert offer in ben.page(path)
    ben.send(f"{path}/agreement")
    assert offer not in ben.page(path)


def test_each_colleague_is_asked_for_an_opinion_of_her_own(app: Flask, gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    path = f"/review/comments/{waiting(ada)[0]}"
    ada.send(f"{path}/verdict", verdict="approve")
    ben.send(f"{path}/agreement")
    assert "I agree with the verdict" in make_moderator(app, "Dan", "gazette").page(path)


def test_who_agreed_with_a_verdict_may_agree_with_its_correction_too(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    path = f"/review/comments/{waiting(ada)[0]}"
    ada.send(f"{path}/verdict", verdict="approve")
    ben.send(f"{path}/agreement")
    ada.send(f"{path}/correction", reason_code="spam")
    assert "I agree with the verdict" in ben.page(path)


def test_who_took_her_correction_back_may_agree(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    path = f"/review/comments/{waiting(ada)[0]}"
    ada.send(f"{path}/verdict", verdict="approve")
    ben.send(f"{path}/correction", reason_code="spam")
    ben.send("/review/undo")
    assert "I agree with the verdict" in ben.page(path)


def test_undoing_is_offered_also_where_a_colleague_agreed(gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    path = f"/review/comments/{waiting(ada)[0]}"
    ada.send(f"{path}/verdict", verdict="approve")
    ben.send(f"{path}/agreement")
    assert "Undo the verdict" in ada.page(path)


def test_undoing_is_offered_to_whoever_may_until_the_cms_was_told(app: Flask, gazette: Caller, ada: Visitor, ben: Visitor) -> None:
    hold(gazette)
    path = f"/review/comments/{waiting(ada)[0]}"
    ada.send(f"{path}/verdict", verdict="approve")
    everybody = (ada, ben, make_moderator(app, "Chief", "gazette", role=Role.ADMIN))
    assert ["Undo the verdict" in who.page(path) for who in everybody] == [True, False, True]
    state(gazette)
    assert ["Undo the verdict" in who.page(path) for who in everybody] == [False] * 3


def test_what_an_author_edits_while_many_are_judged_stays(gazette: Caller, ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(gazette, "c1", "A rude remark.", article={"id": "one"})
    bulk = verdicts.bulk

    def late(*told: Any) -> Any:
        gazette.comment("c1", "A rude remark, and worse.")
        return bulk(*told)

    monkeypatch.setattr(verdicts, "bulk", late)
    done = ada.send("/review/bulk", script=True, comment=f"{waiting(ada)[0]}_1", verdict="approve").get_json()
    assert (done["comments"], "edited this comment" in done["message"]) == ([], True)


def test_a_band_of_scores_on_an_article_is_judged_after_a_sample(gazette: Caller, ada: Visitor, engine: Engine) -> None:
    for number in range(30):
        about = {"id": "one" if number < 25 else "two", "title": "A title"}
        hold(gazette, f"c{number}", f"A rude remark {number}.", author={"id": f"a{number}"}, article=about)
    with reading(engine) as db:
        article = db.execute(select(func.min(queue.c.article))).scalar_one()
    band = {"article": article, "attribute": "toxicity", "low": 0.65, "high": 0.75}
    page = ada.page("/review/band", **band)
    assert "25 comments between these scores" in page
    assert 8 <= page.count("data-sample") <= 12
    there = page.partition('name="comment" value="')[2].partition('"')[0]
    hold(gazette, "late", "A rude one, and late.", article={"id": "one"})
    with writing(engine) as db:
        db.execute(update(queue).values(waiting_since=datetime.now(UTC) - timedelta(minutes=3)))  # by a machine whose clock is behind
    assert len(ada.send("/review/bulk", script=True, comment=there, reason_code="offensive").get_json()["comments"]) == 25
    assert len(waiting(ada)) == 6
    assert ada.get("/review/band", article=article).status_code == 422
    assert ada.send("/review/bulk", script=True, comment="all", reason_code="offensive").status_code == 422


def test_a_band_of_more_than_can_be_judged_at_once_says_that_more_wait(
    gazette: Caller, ada: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for id in ("c1", "c2", "c3"):
        hold(gazette, id, f"A rude remark, {id}.", article={"id": "trains"})
    with reading(engine) as db:
        article = db.execute(select(queue.c.article).limit(1)).scalar_one()
    for most, more_wait in ((2, True), (3, False)):
        monkeypatch.setattr(pages, "MOST_AT_ONCE", most)
        page = ada.page("/review/band", article=article, low=0.5)
        assert (f"Approve all {most}" in page, "more than can be judged at once" in page) == (True, more_wait)


@pytest.mark.parametrize(
    "refused", [{"reason_code": None}, {"reason_code": Rejection.SPAM, "outcome": Outcome.APPROVE}, {"outcome": Outcome.HOLD}]
)
def test_a_verdict_is_whole_or_not_at_all(refused: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Verdict(**{"outcome": Outcome.REJECT, "moderator": "Ada", "at": datetime.now(UTC), "reason_code": Rejection.SPAM} | refused)


def test_of_ten_verdicts_at_the_same_moment_one_counts(app: Flask, gazette: Caller, ada: Visitor, engine: Engine) -> None:
    hold(gazette)
    comment, parts = waiting(ada)[0], app.extensions["parts"]
    people = [ada_again(app, f"M{number}") for number in range(10)]

    def judge(who: Moderator) -> bool:
        try:
            verdicts.give(parts, who, comment, approval(who))
        except verdicts.Conflict:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(judge, people)) == 1
    with reading(engine) as db:
        assert db.execute(select(func.count()).select_from(verdicts_table)).scalar_one() == 1


def ada_again(app: Flask, name: str) -> Moderator:
    with writing(app.extensions["parts"].engine) as db:
        pk = moderators.add(db, name=name, role=Role.MODERATOR, sites=["gazette"], password_hash=None, oidc_subject=None)
    return Moderator(pk=pk, name=name, role=Role.MODERATOR, sites=("gazette",))


def test_two_moderators_and_500_comments(app: Flask, gazette: Caller, engine: Engine) -> None:
    """No comment is decided twice, and none is lost."""
    sent = [{"id": f"c{n}", "text": f"A rude remark number {n}.", "author": {"id": f"a{n}"}} for n in range(500)]
    assert gazette.post("/v1/comments:batch", {"comments": sent}).status_code == 200
    people = [ada_again(app, name) for name in ("Ada", "Ben")]
    parts: Parts = app.extensions["parts"]

    def work(who: Moderator) -> list[int]:
        given: list[int] = []
        while True:
            with reading(engine) as db:
                rows, _ = stored_cards.page(db, who, Filter(), after=None, most=20)
            if not rows:
                return given
            for row in rows:
                try:
                    verdicts.claim(parts, who, row.pk)
                    verdicts.give(parts, who, row.pk, approval(who))
                    given.append(row.pk)
                except verdicts.Conflict:
                    continue

    with ThreadPoolExecutor(2) as pool:
        by_ada, by_ben = pool.map(work, people)
    assert len(by_ada) + len(by_ben) == len({*by_ada, *by_ben}) == 500
    with reading(engine) as db:
        assert db.execute(select(func.count()).where(comments.c.outcome == "approve")).scalar_one() == 500
        assert db.execute(select(func.count()).select_from(queue)).scalar_one() == 0
        assert db.execute(select(func.count()).select_from(verdicts_table)).scalar_one() == 500


@pytest.mark.parametrize("named", ["", "all", "1", "1_newest", "9" * 19 + "_1"])
def test_a_selection_that_names_no_comment_judges_nothing(ada: Visitor, named: str) -> None:
    assert ada.send("/review/bulk", comment=named, verdict="approve").status_code == 422


@pytest.mark.parametrize("key", ["9" * 19, "-1", "newest"])
def test_no_verdict_has_a_key_that_no_row_can_have(ada: Visitor, key: str) -> None:
    assert ada.send("/review/undo", verdict=key).status_code == 422
