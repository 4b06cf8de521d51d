"""policy.toml: what an editor may write, and what the answer is to what they may not."""

from pathlib import Path

import pytest

from service import rules
from service.domain import ATTRIBUTES, LIKELY_TO_REJECT
from service.rules import Settings
from service.toml_files import TomlError

SHIPPED = Path(__file__).parent.parent / "policy.toml"

SITES = """
languages = ["en"]
[hold]
toxicity = 0.6
insult = 0.7
[words]
banned = ["everywhere"]
[links]
hold_above = 2
allowed_domains = ["example.com"]
[sites.gazette]
sections = ["sport", "politics"]
languages = ["de"]
[sites.gazette.hold]
toxicity = 0.5
[sites.gazette.words]
banned = ["onsite"]
[sites.gazette.section.sport]
shadow = true
[sites.gazette.section.sport.hold]
insult = 0.9
[sites.gazette.section.sport.links]
hold_above = 0
allowed_domains = ["club.example"]
"""

# Every key, with a value that is not its default.
CHANGES = [
    "shadow = true",
    'languages = ["de"]',
    "hold = {threat = 0.5}",
    "reject = {threat = 0.9}",
    'exempt.roles = ["STAFF"]',
    'words.banned = ["zorgle"]',
    'words.suspect = ["zorgle"]',
    "links.hold_above = 1",
    'links.allowed_domains = ["news.example"]',
    "repeats.hold_above = 1",
    "repeats.hours = 1",
    "floods.hold_above = 1",
    "floods.minutes = 1",
    "new_authors.hold_until_approved = 1",
    "shouting.hold_above = 0.5",
    "shouting.min_letters = 1",
    "length.min_characters = 1",
    "length.max_characters = 1",
    'sensitive.articles = ["trial"]',
    "audit.share = 0.5",
]

# With these, what else such a rule asks for counts too.
ON = "repeats.hold_above = 9\nfloods.hold_above = 9\nshouting.hold_above = 0.9"

# What is written, the line that the answer names, and what it says.
WRONG = [
    ("shadow = ", 1, "this is not TOML"),
    ("shadow = true\n[hold\n", 2, "this is not TOML"),
    ("\n\nshadow = true\nshadow = false", 4, "this is not TOML"),
    ('banned = """\n\n', 1, "this is not TOML"),
    ("shadw = true", 1, "shadw: unknown key; did you mean 'shadow'?"),
    ("[lnks]\nhold_above = 2", 1, "lnks: unknown key; did you mean 'links'?"),
    ("[links]\nhold_abov = 2", 2, "links.hold_abov: unknown key; did you mean 'hold_above'?"),
    ("zzz = 1", 1, "zzz: unknown key."),
    ("[sites.a]\nsectoins = []", 2, "sites.a.sectoins: unknown key; did you mean 'sections'?"),
    ("[sites.a.links]\nhold = 2", 2, "sites.a.links.hold: unknown key; did you mean 'hold_above'?"),
    (
        '[sites.a]\nsections = ["x"]\n[sites.a.section.x.floods]\nminuts = 1',
        4,
        "sites.a.section.x.floods.minuts: unknown key; did you mean 'minutes'?",
    ),
    ('shadow = "yes"', 1, "shadow: expected true or false."),
    ("languages = 'en'", 1, "languages: expected a list in square brackets."),
    ("links = 2", 1, "links: expected a table of keys and values."),
    ("hold = 2", 1, "hold: expected a table of keys and values."),
    ("[links]\nhold_above = 1.5", 2, "links.hold_above: expected a whole number."),
    ("[links]\nhold_above = true", 2, "links.hold_above: expected a whole number."),
    ("[links]\nhold_above = -1", 2, "links.hold_above: expected at least 0."),
    ("[floods]\nminutes = 0", 2, "floods.minutes: expected at least 1."),
    ("[repeats]\nhours = 200000", 2, "repeats.hours: expected at most 100000."),
    ('[words]\nbanned = [\n  "fine",\n  3,\n]', 4, "words.banned (item 2): expected a text in quotes."),
    ('[words]\nbanned = ["a*b"]', 2, "words.banned (item 1): a '*' may stand only at the end."),
    ('[words]\nsuspect = ["*"]', 2, "words.suspect (item 1): expected a word or phrase with letters in it."),
    ('[words]\nbanned = ["http://bad.example/x"]', 2, "words.banned (item 1): expected a word or phrase, not a link"),
    ('[links]\nallowed_domains = ["https://example.com"]', 2, "links.allowed_domains (item 1): expected a bare domain"),
    ('[links]\nallowed_domains = ["*.example.com"]', 2, "links.allowed_domains (item 1): expected a bare domain"),
    ('[links]\nallowed_domains = ["example.com:80"]', 2, "links.allowed_domains (item 1): expected a bare domain"),
    ('[sensitive]\narticles = ["trial "]', 2, "sensitive.articles (item 1): expected a text without blanks at its ends."),
    ('[exempt]\nroles = [" STAFF"]', 2, "exempt.roles (item 1): expected a text without blanks at its ends."),
    ('[sites."gazette "]\nshadow = true', 1, "sites.gazette : expected a text without blanks at its ends."),
    ('[sites.a]\nsections = ["sport "]', 2, "sites.a.sections (item 1): expected a text without blanks at its ends."),
    ('[sensitive]\narticles = [""]', 2, "sensitive.articles (item 1): expected a text that is not empty."),
    ('[hold]\ntoxicity = "high"', 2, "hold.toxicity: expected a number."),
    ("[hold]\ntoxicity = true", 2, "hold.toxicity: expected a number."),
    ("[hold]\ntoxicity = 1.01", 2, "hold.toxicity: expected a number from 0 to 1."),
    ("[reject]\ntoxicity = -0.1", 2, "reject.toxicity: expected a number from 0 to 1."),
    ("[hold]\ntoxicity = nan", 2, "hold.toxicity: expected a number from 0 to 1."),
    ("[hold]\ntoxicty = 0.5", 2, "hold.toxicty: unknown attribute; did you mean 'toxicity'?"),
    ("[reject]\noff_topic = 0.9", 2, "reject.off_topic: off_topic alone never rejects"),
    ("[hold]\nspam = 0.9\n[reject]\nspam = 0.8", 2, "hold.spam: the hold threshold 0.9 is above the reject threshold 0.8"),
    ("[hold]\nspam = 0.6\n[reject]\nspam = 0.8\n[sites.a.hold]\nspam = 0.9", 6, "sites.a.hold.spam: the hold threshold 0.9 is above"),
    ("[hold]\nspam = 0.6\n[reject]\nspam = 0.8\n[sites.a.reject]\nspam = 0.5", 6, "sites.a.reject.spam: the hold threshold 0.6 is above"),
    (
        '[hold]\nspam = 0.6\n[sites.a]\nsections = ["x"]\n[sites.a.section.x]\nreject.spam = 0.5',
        6,
        "sites.a.section.x.reject.spam: the hold threshold 0.6 is above the reject threshold 0.5",
    ),
    (
        '[sites.a]\nsections = ["sport"]\n[sites.a.section.sprot]',
        3,
        "sites.a.section.sprot: the site does not declare this section; did you mean 'sport'?",
    ),
    ("[sites.a.section.sport]", 1, "sites.a.section.sport: the site does not declare this section."),
    ('languages = [\n"en",\n"english"]', 3, "languages (item 2): expected the two-letter code"),
    ("[length]\nmin_characters = 9\nmax_characters = 5", 1, "length: min_characters 9 is above max_characters 5"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_a_problem_is_a_sentence_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(TomlError) as caught:
        rules.parse(text)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert f"policy.toml, line {line}: {message}" in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


def test_the_mark_that_an_editor_puts_before_utf_8_is_no_part_of_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[hold]\r\ntoxicity = 0.5\r\n", encoding="utf-8-sig", newline="")
    assert rules.load(file).default.hold == {"toxicity": 0.5}


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_that_was_emptied_does_not_approve_everything(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(TomlError, match=r"policy\.toml: the file is empty, so every comment would be approved"):
        rules.load(file)


def test_a_file_that_is_not_there_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(TomlError, match=r"own\.toml: the file cannot be read: .* POLICY_FILE says which is read\."):
        rules.load(tmp_path / "own.toml")


@pytest.mark.parametrize("text", [f"shadow = {'1' * 5_000}", f"shadow = {'[' * 5_000}"])
def test_what_is_too_long_or_too_deep_to_be_read_is_a_sentence_too(text: str) -> None:
    with pytest.raises(TomlError, match=r"^policy\.toml: this cannot be read"):
        rules.parse(text)


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(TomlError) as caught:
        rules.parse("shadw = true\n[hold]\nspam = 0.9\ninsult = 2\n[reject]\nspam = 0.5\n[sites.a.section.b]")
    assert [problem.line for problem in caught.value.problems] == [1, 3, 4, 7]


def test_a_mistake_is_told_where_it_is_made_and_not_again_by_those_who_inherit_it() -> None:
    with pytest.raises(TomlError) as caught:
        rules.parse("[hold]\nspam = 0.9\n[reject]\nspam = 0.8\n[sites.a.hold]\ninsult = 0.5\n[sites.b]")
    assert [problem.line for problem in caught.value.problems] == [2]


@pytest.mark.parametrize("text", ["[hold]\nspam = 0.8\n[reject]\nspam = 0.8", "[hold]\nspam = 0\n[reject]\nspam = 1", "[hold]\nspam = 1"])
def test_thresholds_at_their_limits_are_right(text: str) -> None:
    assert "spam" in rules.parse(text).default.hold


def test_the_nearer_place_wins_key_by_key() -> None:
    found = rules.parse(SITES)
    assert found.for_("other").hold == {"toxicity": 0.6, "insult": 0.7}
    assert found.for_("gazette").hold == {"toxicity": 0.5, "insult": 0.7}
    assert found.for_("gazette", "sport").hold == {"toxicity": 0.5, "insult": 0.9}
    assert [found.for_(*place).shadow for place in (("gazette", "sport"), ("gazette", "politics"), ("other", "sport"))] == [
        True,
        False,
        False,
    ]
    assert found.for_("gazette", "sport").links.hold_above == 0


def test_lists_add_up_and_languages_are_replaced() -> None:
    found = rules.parse(SITES)
    assert found.for_("other").words.banned == ("everywhere",)
    assert found.for_("gazette", "sport").words.banned == ("everywhere", "onsite")
    assert found.for_("gazette", "sport").links.allowed_domains == ("example.com", "club.example")
    assert found.for_("other").languages == ("en",)
    assert found.for_("gazette", "sport").languages == ("de",)


@pytest.mark.parametrize("section", [None, "politics", "a section that nobody declared"])
def test_a_section_without_rules_of_its_own_has_the_sites(section: str | None) -> None:
    found = rules.parse(SITES)
    assert found.for_("gazette", section) == found.for_("gazette")


def test_an_empty_file_turns_everything_off_and_still_has_windows() -> None:
    default = rules.parse("").default
    assert default == Settings()
    assert (default.floods.hold_above, default.floods.minutes) == (None, 10)
    assert (default.repeats.hold_above, default.repeats.hours) == (None, 24)


def test_the_version_is_of_the_text_and_the_text_is_kept() -> None:
    one, other = rules.parse("shadow = true"), rules.parse("shadow = true # why")
    assert one.version != other.version
    assert one.version == rules.parse("shadow = true").version
    assert len(one.version) == 12
    assert one.source == "shadow = true"


def test_rules_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        rules.parse("").default.shadow = True


def test_load_names_the_file(tmp_path: Path) -> None:
    for name, content, said in (
        ("house.toml", b"a = 1", "house.toml, line 1: a: unknown key"),
        ("latin.toml", b"#\n# \xe9", "latin.toml, line 2: expected UTF-8"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TomlError, match=said):
            rules.load(tmp_path / name)
    with pytest.raises(TomlError, match=rf"^{tmp_path}/missing\.toml: the file cannot be read: No such file"):
        rules.load(tmp_path / "missing.toml")


def test_the_shipped_policy_is_right_and_knows_every_attribute() -> None:
    default = rules.load(SHIPPED).default
    assert set(default.hold) == set(ATTRIBUTES) - {LIKELY_TO_REJECT}  # nobody knows its number before it is learnt
    assert default.languages == ("en",)
    assert default.words.banned == ()
    assert not default.shadow


def test_the_readme_names_every_attribute() -> None:
    text = (SHIPPED.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in ATTRIBUTES if f"`{name}`" not in text] == []


def test_every_key_is_explained_in_the_shipped_policy() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    for key, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", {})
        assert f"{key} =" in text or f"[{key}]" in text
        assert all(f"\n{name} =" in text for name in inner)


def test_the_examples_in_the_shipped_policy_work() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    example = "\n".join(line.removeprefix("# ") for line in text[text.index("# [sites.gazette]") :].splitlines())
    found = rules.parse(text + example)
    assert found.for_("gazette", "politics").new_authors.hold_until_approved == 3
    assert found.for_("gazette", "sport").hold["profanity"] == 0.9
    assert "nothing of its own" not in rules.summary(found)


def test_the_summary_has_numbers_as_they_are_written() -> None:
    said = rules.summary(rules.parse("[reject]\ntoxicity = 0.995\n[shouting]\nhold_above = 0.755\n[audit]\nshare = 0.0005"))
    assert "toxicity: reject at 0.995\n" in said
    assert "hold above 75.5% capitals" in said
    assert "audit: 0.05% of" in said


def test_the_summary_says_of_what_is_off_nothing_more() -> None:
    said = rules.summary(rules.parse("[repeats]\nhours = 2"))
    for name in ("repeats", "floods", "new authors", "shouting"):
        assert f"  {name}: off\n" in said
    assert "  links: off; domains that do not count: none\n" in said


@pytest.mark.parametrize("change", CHANGES)
def test_the_summary_says_whatever_a_site_changes(change: str) -> None:
    assert "nothing of its own" not in rules.summary(rules.parse(f"{ON}\n[sites.gazette]\n{change}"))


def test_no_key_is_without_a_change_that_the_summary_has_to_say() -> None:
    inner = {key: getattr(field.annotation, "model_fields", None) for key, field in Settings.model_fields.items()}
    every = [f"{key}.{name}" if name else key for key, names in inner.items() for name in names or [""]]
    assert [change.partition(" =")[0] for change in CHANGES] == every


def test_the_summary_says_what_is_on_and_what_a_place_changes() -> None:
    text = rules.summary(rules.parse(SITES))
    default, gazette, sport = (part.splitlines() for part in text.split("\n\n")[1:])
    assert "  toxicity: hold at 0.60" in default
    assert "  spam: off" in default
    assert gazette[0] == "Site gazette:"
    assert "  toxicity: hold at 0.50" in gazette
    assert not [line for line in gazette if "insult" in line]
    assert sport[0] == "Site gazette, section sport:"
    assert "  insult: hold at 0.90" in sport
    assert any(line.startswith("  shadow: yes") for line in sport)
