"""A real WordPress with the plugin, in front of the running service: nothing is published unasked, and nothing is lost."""

import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import listening
from wordpress_newsroom import ROUTE, Newsroom, await_state, await_verdict, call
from wordpress_site import WordPress, wordpress


class Page(BaseHTTPRequestHandler):
    """What a proxy puts where the service was."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Back soon</h1>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def newsroom(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path_factory.mktemp("service"), models_dir)
    yield room
    room.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    with wordpress(tmp_path_factory.mktemp("site")) as site:
        site.sign_in()
        yield site
        assert "comment-moderation" not in site.log(), site.log()


@pytest.fixture(scope="module")
def ada(newsroom: Newsroom) -> str:
    """The token of a moderator who works in our queue."""
    return newsroom.moderator("Ada")


@pytest.fixture(scope="module", autouse=True)
def secret(newsroom: Newsroom, site: WordPress) -> str:
    """Sets the plugin up by its page; the secret with which the service signs."""
    wanted = ("--site", "gazette", "--url", f"{site.address}{ROUTE}", "--events", "comment.verdict,comment.corrected")
    secret = re.findall(r"whsec_\S+", newsroom.run("endpoint", "create", *wanted))[0]
    told = {"address": f"http://127.0.0.1:{newsroom.service.port}", "key": newsroom.service.key, "token": newsroom.moderator("wordpress")}
    site.set_up(**told, secret=secret, fallback="hold", reject="spam")
    return secret


def test_one_is_published_one_held_one_refused(site: WordPress) -> None:
    fine, rude, vile = site.comment("The sleeper to Vienna, at last."), site.comment("How rude."), site.comment("A vile thing.")
    assert [site.status(comment) for comment in (fine, rude, vile)] == ["approved", "hold", "spam"]
    assert fine in site.published()
    assert not {rude, vile} & set(site.published())


def test_a_comment_of_a_nought_is_told(site: WordPress) -> None:
    assert site.status(site.comment("0")) == "approved"


def test_the_service_is_told_the_article_the_parent_and_the_author(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    parent = site.comment("The first comment of a talk.")
    site.comment('What a rude reply, "so" to say \\o/ & more.', parent)
    _, told = newsroom.service.ask("GET", "/v1/queue", headers={"Authorization": f"Bearer {ada}"})
    [card] = [card for card in told["comments"] if "reply" in card["text"]]
    assert card["text"] == 'What a rude reply, "so" to say \\o/ &amp; more.'
    assert card["article_title"] == "Night trains & the council"
    assert card["parent_text"] == "The first comment of a talk."
    assert card["author_name"] == "Ada"
    assert card["author_id"].startswith("guest-")
    _, article = newsroom.service.ask("GET", f"/v1/articles/{site.installed['post']}")
    assert article["text"] == "The council voted to bring back the night trains. Oslo Bergen"  # all of it in a page builder's shortcode


def test_a_comment_whose_emoji_an_old_table_cannot_hold_waits_once(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    assert site.status(site.comment("A rude \U0001f600 smile.")) == "hold"
    assert [text for text in newsroom.waiting(ada) if "smile" in text] == ["A rude  smile."]


def test_a_word_that_wordpress_holds_is_held_whatever_the_service_says(site: WordPress, newsroom: Newsroom) -> None:
    assert site.status(site.comment("Fine, but for the injunction.")) == "hold"
    newsroom.stop()
    held, fine = site.comment("Fine and late, but for the injunction."), site.comment("Fine and late.")
    newsroom.start()
    site.until(fine, "approved")
    assert site.status(held) == "hold"


def test_a_setting_changes_alone_and_secrets_that_are_left_empty_stay(site: WordPress, newsroom: Newsroom) -> None:
    address = f"http://127.0.0.1:{newsroom.service.port}"
    site.set_up(address=address, reject="trash")
    assert site.status(site.comment("A vile thing for the trash.")) == "trash"
    site.set_up(address=address, reject="spam")
    assert site.status(site.comment("A vile thing for the spam.")) == "spam"


def test_an_editor_is_not_asked_about(site: WordPress) -> None:
    made = site.rest("POST", "/wp/v2/comments", {"post": site.installed["post"], "content": "A vile word, quoted by the editor."})
    assert made["status"] == "approved"


@pytest.mark.parametrize("registered", ["2020-01-01 12:00:00", "0000-00-00 00:00:00"])
def test_a_member_is_judged_whatever_the_age_of_the_account(site: WordPress, registered: str) -> None:
    comment = site.member_comment(site.member(registered), f"A member's word, since {registered}.")
    assert site.status(comment) == "approved"


def test_what_is_told_of_a_comment_that_came_by_rest_is_what_wordpress_keeps(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    comment = site.member_comment(site.member("2020-01-01 12:00:00"), r'How rude: "so" it says \o/ & C:\new\talk.')
    kept = site.rest("GET", f"/wp/v2/comments/{comment}&context=edit")["content"]["raw"]
    assert kept == r'How rude: "so" it says \o/ &amp; C:\new\talk.'
    assert kept in newsroom.waiting(ada)


def test_a_comment_that_the_service_refuses_is_held_for_a_person_and_the_screen_says_so(site: WordPress) -> None:
    said = "The service refused to judge this comment"
    comment = site.member_comment(site.member("2300-01-01 00:00:00"), "A word from beyond the service's calendar.")
    assert site.status(comment) == "hold"
    assert said in site.page("edit-comments.php")
    assert said in site.page(f"comment.php?action=editcomment&c={comment}")
    site.moderate(comment, "approved")
    assert said not in site.page("edit-comments.php")


def test_the_screens_say_why_and_show_no_secret(site: WordPress, newsroom: Newsroom) -> None:
    comment = site.comment("How rude of <b>them</b>.")
    assert "toxicity" in site.page("edit-comments.php").lower()
    box = site.page(f"comment.php?action=editcomment&c={comment}")
    assert "threshold 0.60" in box
    assert "fake-1" in box
    settings = site.page("options-general.php?page=comment-moderation")
    assert newsroom.service.key not in settings
    assert settings.count("<legend") == settings.count("<fieldset") == 2


def test_a_comment_is_held_while_nobody_answers_and_decided_when_somebody_does(site: WordPress, newsroom: Newsroom) -> None:
    newsroom.stop()
    fine, vile = site.comment("Written while the service was down."), site.comment("Something vile while the service was down.")
    assert [site.status(comment) for comment in (fine, vile)] == ["hold", "hold"]
    assert "asked again" in site.page("edit-comments.php")
    site.cron()
    assert site.status(fine) == "hold"
    newsroom.start()
    site.until(fine, "approved")
    site.until(vile, "spam")
    assert fine in site.published()


def test_a_page_of_somebody_else_is_no_answer(site: WordPress, newsroom: Newsroom) -> None:
    newsroom.stop()
    with listening(ThreadingHTTPServer(("127.0.0.1", newsroom.service.port), Page)):
        comment = site.comment("Written while a proxy answered with a page.")
        site.cron()
        assert site.status(comment) == "hold"
    newsroom.start()
    site.until(comment, "approved")


def test_the_screen_says_that_the_key_is_wrong_and_the_comment_is_decided_with_the_right_one(site: WordPress, newsroom: Newsroom) -> None:
    address = f"http://127.0.0.1:{newsroom.service.port}"
    site.set_up(address=address, key="cm_mistyped")
    comment = site.comment("Written while the key was wrong.")
    assert "does not take the API key" in site.page("edit-comments.php")
    site.set_up(address=address, key=newsroom.service.key)
    site.until(comment, "approved")


def test_a_verdict_in_our_queue_publishes_a_held_comment(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    comment = site.comment("A rude remark that a moderator allows.")
    id = newsroom.waiting(ada)["A rude remark that a moderator allows."]
    newsroom.judge(ada, id, verdict="approve")
    site.until(comment, "approved")
    assert "Ada" in site.page(f"comment.php?action=editcomment&c={comment}")
    newsroom.judge(ada, id, verdict="reject", reason_code="spam", correct=True)
    site.until(comment, "spam")
    _, told = newsroom.service.ask("GET", f"/v1/comments/{id}")
    assert [said["moderator"] for said in told["verdicts"]] == ["Ada", "Ada"]  # no echo of it


@pytest.mark.parametrize(("action", "state"), [("approved", "approve"), ("spam", "reject"), ("trash", "reject")])
def test_what_an_editor_does_goes_back_as_a_verdict(site: WordPress, newsroom: Newsroom, ada: str, action: str, state: str) -> None:
    text = f"A rude remark, to be {action}."
    comment = site.comment(text)
    id = newsroom.waiting(ada)[text]
    site.moderate(comment, action)
    told = await_verdict(site, newsroom, id)
    assert told["comment"]["state"] == state
    assert [said["moderator"] for said in told["verdicts"]] == ["wordpress"]
    assert site.status(comment) == action


@pytest.mark.parametrize("action", ["spam", "trash"])
def test_what_an_editor_takes_back_is_no_verdict(site: WordPress, newsroom: Newsroom, ada: str, action: str) -> None:
    undone, later = f"A rude remark, {action} and undone.", f"A rude remark after the {action}."
    comment, next_one = site.comment(undone), site.comment(later)
    ids = newsroom.waiting(ada)
    site.moderate(comment, action)
    site.moderate(comment, "hold")
    site.moderate(next_one, "approved")
    await_verdict(site, newsroom, ids[later])
    assert newsroom.service.ask("GET", f"/v1/comments/{ids[undone]}")[1]["verdicts"] == []


def test_what_was_unpublished_stays_so_through_the_trash_and_back(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    text = "A rude remark, published, unpublished, trashed and restored."
    comment = site.comment(text)
    id = newsroom.waiting(ada)[text]
    newsroom.judge(ada, id, verdict="approve")
    site.until(comment, "approved")
    for action in ("hold", "trash", "untrash"):
        site.moderate(comment, action)
    await_state(site, newsroom, id, "reject")


@pytest.mark.parametrize("before", ["hold", "spam"])
def test_a_held_comment_that_an_editor_deletes_for_good_is_rejected(site: WordPress, newsroom: Newsroom, ada: str, before: str) -> None:
    text = f"A rude remark, deleted from {before}."
    comment = site.comment(text)
    id = newsroom.waiting(ada)[text]
    if before == "spam":
        site.moderate(comment, before)
    site.rest("DELETE", f"/wp/v2/comments/{comment}&force=true")
    assert await_verdict(site, newsroom, id)["comment"]["state"] == "reject"


def test_a_verdict_of_the_queue_that_comes_after_a_newer_one_of_the_editor_is_not_applied(
    site: WordPress, newsroom: Newsroom, ada: str
) -> None:
    comment = site.comment("A rude remark that two judge.")
    newsroom.judge(ada, newsroom.waiting(ada)["A rude remark that two judge."], verdict="approve")
    site.moderate(comment, "trash")
    newsroom.await_correction(site)
    assert site.status(comment) == "trash"


def test_unpublishing_is_a_correction_and_leaves_the_comment_where_the_editor_put_it(site: WordPress, newsroom: Newsroom) -> None:
    comment = site.comment("Fine, the service thinks.")
    site.moderate(comment, "hold")
    newsroom.await_correction(site)
    assert site.status(comment) == "hold"


def test_a_verdict_given_in_wordpress_while_the_service_was_down_is_told_later(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    comment = site.comment("A rude word, and then the service went.")
    id = newsroom.waiting(ada)["A rude word, and then the service went."]
    newsroom.stop()
    site.moderate(comment, "approved")
    site.cron()
    newsroom.start()
    assert await_verdict(site, newsroom, id)["comment"]["state"] == "approve"


def test_an_unsigned_an_old_and_a_repeated_webhook_change_nothing(site: WordPress, newsroom: Newsroom, ada: str, secret: str) -> None:
    comment = site.comment("Some rude words for a forger.")
    id = newsroom.waiting(ada)["Some rude words for a forger."]
    now = int(time.time())
    body = {"type": "comment.verdict", "timestamp": "2026-01-02T00:00:00.000Z"}
    body |= {"data": {"comment": {"id": id, "revision": 1, "state": "approve"}, "verdict": {"verdict": "approve", "moderator": "Mallory"}}}
    assert call(site, "m1", now, body, "whsec_" + "A" * 40).status_code == 401
    assert call(site, "m1", now - 600, body, secret).status_code == 401
    assert site.status(comment) == "hold"
    assert call(site, "m1", now, body, secret).json() == {"changed": True}
    site.moderate(comment, "hold")
    assert call(site, "m1", now, body, secret).status_code == 409
    assert call(site, "m1", now + 1, body, secret).json() == {"changed": False}  # an honest repeat: its answer was lost
    assert call(site, "m0", now, body | {"timestamp": "2026-01-01T00:00:00.000Z"}, secret).json() == {"changed": False}
    assert site.status(comment) == "hold"
    assert call(site, "m2", now, {"type": "comment.verdict"}, secret).json() == {"changed": False}


def test_what_an_editor_edits_is_judged_anew_and_stays_where_it_is(site: WordPress, newsroom: Newsroom, ada: str) -> None:
    held, published = "A rude remark, to be mended.", "A rude remark that was allowed."
    comment, other = site.comment(held), site.comment(published)
    ids = newsroom.waiting(ada)
    site.edit(comment, "A remark, mended.")
    assert newsroom.service.ask("GET", f"/v1/comments/{ids[held]}")[1]["comment"]["state"] == "approve"
    assert site.status(comment) == "hold"
    newsroom.judge(ada, ids[published], verdict="approve")
    site.until(other, "approved")
    site.edit(other, "A rude remark that was allowed, and mended.")
    await_state(site, newsroom, ids[published], "approve")
    assert site.status(other) == "approved"


def test_what_a_reader_edits_goes_where_the_service_puts_it_and_is_held_until_then(site: WordPress, newsroom: Newsroom) -> None:
    comment, later = site.comment("Fine, before it was edited."), site.comment("Fine, before the service went.")
    site.run("reader_edits.php", str(comment), "A vile thing, once it was edited.")
    assert site.status(comment) == "spam"
    newsroom.stop()
    site.run("reader_edits.php", str(later), "Fine still, though nobody could tell.")
    assert site.status(later) == "hold"
    newsroom.start()
    site.until(later, "approved")


def test_a_verdict_on_the_text_before_an_edit_is_not_applied(site: WordPress, newsroom: Newsroom, ada: str, secret: str) -> None:
    comment = site.comment("A rude remark before its edit.")
    id = newsroom.waiting(ada)["A rude remark before its edit."]
    site.edit(comment, "A rude remark after its edit.")
    about = {"id": id, "revision": 1, "state": "approve"}
    told = {"comment": about, "verdict": {"verdict": "approve"}}
    body = {"type": "comment.verdict", "timestamp": "2100-01-01T00:00:00.000Z", "data": told}
    assert call(site, "late", int(time.time()), body, secret).json() == {"changed": False}
    about["revision"] = 2
    assert call(site, "in time", int(time.time()), body, secret).json() == {"changed": True}


def test_a_verdict_that_comes_before_the_service_knows_an_edit_is_not_applied_to_it(
    site: WordPress, newsroom: Newsroom, ada: str, secret: str
) -> None:
    comment = site.comment("A rude remark before its reader made it worse.")
    id = newsroom.waiting(ada)["A rude remark before its reader made it worse."]
    newsroom.stop()
    site.run("reader_edits.php", str(comment), "A vile thing, which nobody read.")
    told = {"comment": {"id": id, "revision": 1, "state": "approve"}, "verdict": {"verdict": "approve"}}
    body = {"type": "comment.verdict", "timestamp": "2100-01-01T00:00:00.000Z", "data": told}
    assert call(site, "before", int(time.time()), body, secret).json() == {"changed": False}
    newsroom.start()
    site.until(comment, "spam")


def test_without_a_token_nobody_is_told_of_a_deleted_comment_for_ever(site: WordPress) -> None:
    assert json.loads(site.run("without_token.php").splitlines()[-1]) == "nothing is due"


def test_what_the_service_does_not_take_is_told_on_the_settings_page_and_by_site_health(site: WordPress, newsroom: Newsroom) -> None:
    pages = ("options-general.php?page=comment-moderation", "site-health.php")
    assert not [page for page in pages if "The service does not" in site.page(page)]
    address, token = f"http://127.0.0.1:{newsroom.service.port}", newsroom.moderator("wordpress anew")
    site.set_up(address=address, token="cmm_mistyped")
    assert all("does not take the moderator token" in site.page(page) for page in pages)
    site.set_up(address=address, key="cm_mistyped")
    assert all("does not take the API key" in site.page(page) for page in pages)
    site.set_up(address="http://127.0.0.1:9")
    assert all("does not answer at the address" in site.page(page) for page in pages)
    site.set_up(address=address, key=newsroom.service.key, token=token)


def test_uninstalling_leaves_nothing(site: WordPress) -> None:
    assert json.loads(site.run("uninstall.php").splitlines()[-1]) == []


def test_uninstalling_from_a_network_leaves_nothing_on_any_blog(site: WordPress) -> None:
    site.run("network.php")
    site.environ["WP_NETWORK"] = "yes"
    assert json.loads(site.run("uninstall_network.php").splitlines()[-1]) == {"1": [], "2": []}
