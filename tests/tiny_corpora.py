"""Made-up corpora, small enough to train on in seconds."""

import csv
import gzip
import json
import random
from pathlib import Path

TOPICS = {
    "trams": "tram line rails driver stops ticket passengers station depot timetable".split(),
    "gardens": "garden roses soil seeds compost tulips hedge lawn watering greenhouse".split(),
    "football": "goal striker keeper league referee penalty stadium coach transfer corner".split(),
    "schools": "teacher pupils lessons exams homework classroom grades principal textbooks holidays".split(),
}
KIND = "what a lovely thing to read over breakfast today".split()
RUDE = "you stupid idiot shut your mouth moron".split()
SPAM = "check out my channel and win free money at http://example.com/win".split()


def sentence(words: list[str], chance: random.Random, length: int = 6) -> str:
    return " ".join(chance.choices(words, k=length))


def labelled(rows: int = 160, seed: int = 1) -> list[dict[str, object]]:
    """Half of them rude. Every third row says nothing of `insult`; some only say `any`."""
    chance = random.Random(seed)
    found: list[dict[str, object]] = []
    for number in range(rows):
        rude = number % 2
        text = f"{sentence(KIND + TOPICS['trams'], chance)} {sentence(RUDE if rude else TOPICS['gardens'], chance)} {number}"
        labels: dict[str, float] = {"toxicity": rude} if number % 3 else {"toxicity": rude, "insult": rude}
        found.append({"text": text, "labels": {"any": rude} if number % 10 == 9 else labels, "source": "jigsaw"})
    return found


def spam(rows: int = 60) -> list[dict[str, object]]:
    chance = random.Random(2)
    return [
        {"text": f"{sentence(SPAM if number % 2 else KIND, chance)} {number}", "labels": {"spam": number % 2}, "source": "tube"}
        for number in range(rows)
    ]


def write(folder: Path) -> Path:
    """A folder of JSON Lines with every kind of file that training reads, and a test file that repeats one training text."""
    folder.mkdir(parents=True, exist_ok=True)
    _jsonl(folder / "toxicity-jigsaw.jsonl.gz", labelled())
    _jsonl(folder / "spam.jsonl", spam())
    chance = random.Random(3)
    articles, comments = [], []
    for number in range(24):
        name, words = list(TOPICS.items())[number % 4]
        articles.append(
            {"id": f"a{number}", "title": sentence(words, chance, 4), "text": sentence(words, chance, 20), "source": "nyt-debate"}
        )
        comments += [{"article": f"a{number}", "text": f"{name} {sentence(words, chance, 8)}"} for _ in range(6)]
    articles.append({"id": "kept", "title": "garden roses", "text": "", "source": "wsj"})
    articles.append({"id": "kept too", "title": "league stadium", "text": "", "source": "wsj"})
    for name, topic in (("kept", "gardens"), ("kept too", "football")):
        comments += [{"article": name, "text": sentence(TOPICS[topic], chance, 8), "on_topic": number % 2} for number in range(10)]
    _jsonl(folder / "topicality-articles.jsonl.gz", articles)
    _jsonl(folder / "topicality-comments.jsonl.gz", comments)
    _jsonl(
        folder / "test-jigsaw.jsonl.gz",
        [{"text": row["text"], "labels": {"toxicity": number % 2}} for number, row in enumerate(labelled(40, 9))],
    )
    return folder


def tests() -> dict[str, list[dict[str, object]]]:
    """Rows for each test file that evaluation knows beside test-jigsaw."""
    people = ("gay", "deaf")
    said = [(f"{text} {number}", number % 2) for number, text in enumerate(("thank you for the roses", "you stupid moron") * 8)]
    return {
        "test-surge": [{"text": text, "labels": {"toxicity": rude}} for text, rude in said],
        "test-madlibs": [
            {"text": f"Kim is a {word} {one} {number}", "labels": {"toxicity": rude}, "template": "name_adj"}
            for number in range(2)
            for one in people
            for word, rude in (("lovely", 0), ("stupid", 1))
        ],
        "test-hatecheck": [
            {"text": text, "labels": {"hateful": rude}, "functionality": "slur_h" if rude else "ident_nh", "target": people[at // 8]}
            for at, (text, rude) in enumerate(said)
        ],
        "perspective-scores": [
            {"text": f"scored, {text}", "perspective": {"TOXICITY@6": rude * 0.9, "INSULT": rude}} for text, rude in said
        ],
        "perspective-wiki": [
            {"text": f"talk, {text}", "perspective": {"TOXICITY": rude * 0.9}, "labels": {"toxicity": rude}} for text, rude in said
        ],
    }


def write_tests(folder: Path) -> Path:
    for name, rows in tests().items():
        _jsonl(folder / f"{name}.jsonl", rows)
    return folder


def write_csv(folder: Path) -> Path:
    """The same comments as Kaggle's and Civil Comments' CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = labelled()
    with (folder / "train.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "comment_text", "toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"])
        out.writerows([str(n), f"{row['text']}\nsecond line, with a comma", n % 2, 0, 0, 0, n % 2, 0] for n, row in enumerate(rows))
    with (folder / "civil.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "target", "comment_text", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "rating"])
        out.writerows(
            [str(n), 0.7 * (n % 2), f"{row['text']} civil", 0.1, "", 0.0, 0.6 * (n % 2), 0.0, "approved"] for n, row in enumerate(rows)
        )
    return folder


def _jsonl(path: Path, rows: list[dict[str, object]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
