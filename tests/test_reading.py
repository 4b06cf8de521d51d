"""What the encoder reads: in windows, every token once, and no more of a text than an English comment has."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from service import encoder as encoders
from service.domain import Article, ScoreInput
from service.encoder import MOST_WINDOWS, WINDOW, Encoder, vector
from service.scoring import Model, load
from training.newsroom import remembering

ROOT = Path(__file__).parent.parent
CALM = "The council met on Monday to talk about the budget for the coming year and about the new tram line. "
ARTICLE = Article(id="a", title="City council raises parking fees", text="Parking in the centre will cost three euros an hour. " * 40)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.of(ROOT / "models")


def test_reading_is_reported_to_nobody(tmp_path):
    """What runs the encoder reports its use to its maker, and keeps below the user's folder what it reports, unless it is told not to."""
    environ = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    reads = "from pathlib import Path; from service.encoder import Encoder; Encoder.of(Path('models')).read('Good morning.')"

    told = environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", reads], check=True, cwd=ROOT, env=told)

    assert not list(tmp_path.rglob("*"))


def test_an_articles_reading_begins_with_its_titles_tokens(encoder):
    titled, whole = encoder.read_article(ARTICLE.title, ""), encoder.read_article(ARTICLE.title, ARTICLE.text)

    assert len(titled.tokens) == titled.title == whole.title == 5
    assert (whole.tokens[: whole.title] == titled.tokens).all()


@pytest.mark.parametrize("sentences", [1, 8, 30])
def test_each_token_of_a_text_is_read_once_however_long_it_is(encoder, sentences):
    reading = encoder.read(CALM * sentences)

    assert len(reading.tokens) == len(reading.weights) == len(reading.marks)
    assert (reading.weights > 0).all()


def test_for_training_each_of_many_comments_is_read_once_and_no_more_than_its_row_is_kept(monkeypatch):
    encoder, asked = Encoder.of(ROOT / "models"), []
    reading = encoder.read(CALM)
    monkeypatch.setattr(encoder, "_read", lambda plain: asked.append(plain) or reading)
    remembering(Model("any", (), {}, encoder))
    texts = [f"comment {number}" for number in range(30_000)]

    encoder.read(texts[0])  # by a scorer, before anything is fitted
    for plain in texts * 2:
        assert (encoder.row(plain) == vector(reading)).all()

    assert asked == texts
    assert encoder.read.cache_info().currsize == encoders.CACHED
    assert encoder.read_article.cache_info().maxsize == encoders.CACHED_ARTICLES


def test_a_long_article_is_kept_by_no_more_tokens_than_are_compared(encoder):
    kept = encoder.read_article("City council raises parking fees", CALM * 100).tokens

    assert len(kept) == encoders.MOST_TOKENS
    assert kept.base is None  # what is cut off is let go


def test_every_window_of_a_text_is_read_up_to_its_end():
    starts = list(encoders.starts(500, 110, 80))

    assert starts[0] == 0
    assert starts[-1] + 110 >= 500
    assert all(later - earlier <= 110 for earlier, later in pairwise(starts))


@pytest.mark.parametrize("text", ["!?" * 10_000, "a." * 9_900, "word 😀" * 3_000])
def test_of_a_text_of_signs_parts_are_read_from_its_begin_to_its_end(encoder, text):
    reading = encoder.read(text)

    assert len(reading.windows) == MOST_WINDOWS
    assert (reading.windows[0][0], reading.windows[-1][1]) == (0, len(text))
    assert len(reading.tokens) == len(reading.weights) == len(reading.marks) <= MOST_WINDOWS * (WINDOW - 2)
    assert not encoder.reads_whole(text)


def test_a_text_whose_characters_are_several_tokens_each_is_known_to_be_read_in_parts(encoder):
    text = "한국말 " * 1_250

    assert len(encoder.read(text).windows) == MOST_WINDOWS
    assert not encoder.reads_whole(text)


def test_the_longest_comment_in_english_is_read_whole(encoder):
    assert encoder.reads_whole((CALM * 300)[:20_000])


def test_a_score_says_whether_all_of_the_text_was_read():
    model = load(ROOT / "models")
    short, signs = model.score([ScoreInput(text="Well said."), ScoreInput(text="?!" * 10_000)])

    assert (short.whole, signs.whole) == (True, False)
