"""Readers' comments for the demonstration: ours, put together by chance, and none of them anybody's."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from service.domain import Article, Rejection

ARTICLES = (
    Article(
        id="night-trains",
        url="https://example.com/news/night-trains",
        title="City council votes to bring back night trains",
        text="The council voted 31 to 22 last night to bring back night trains on the two main lines from September. A ticket will "
        "cost four pounds, and the operator gets 2.1 million pounds a year. Residents near the depot fear noise; nurses and bar staff, who "
        "finish after the last bus, welcomed the vote. The mayor called it the best news for the city in ten years.",
    ),
    Article(
        id="school-phones",
        url="https://example.com/news/school-phones",
        title="Secondary schools to lock phones away until the last bell",
        text="Pupils at six secondary schools will put their phones into locked pouches each morning from next term. Head teachers say "
        "that lessons are calmer where it was tried; some parents want to reach their children at lunch. Teachers keep the keys, and a "
        "phone that is found in class stays at the office until a parent fetches it.",
    ),
    Article(
        id="rovers-coach",
        url="https://example.com/sport/rovers-coach",
        title="Rovers dismiss their coach after seven defeats in a row",
        text="Rovers dismissed their coach this morning, hours after the seventh defeat in a row, a 4-0 at home. The captain apologised to "
        "the supporters. The assistant takes over until the summer, and the chairman ruled out selling the club. Two defenders are "
        "injured, and the transfer window is closed.",
    ),
)

OPENINGS = (
    "I have lived here for {years} years and", "Speaking as a {job},", "With respect,", "Honestly,", "My {relative} works there and",
    "I was at the meeting, and", "Not a popular view, but", "For once", "I read the report twice:", "As a {job} I can say that",
)  # fmt: skip
OPINIONS = {
    "night-trains": (
        "a late train home would have saved me a fortune in taxis.", "the depot noise is a fair worry and nobody answered it.",
        "four pounds is less than a sandwich at the station.", "2.1 million a year for empty carriages is a lot of money.",
        "nurses on late shifts deserved this years ago.", "the buses should have been mended first.",
        "I hope they think about lighting on the platforms too.", "31 to 22 is closer than the mayor makes it sound.",
        "the last train at midnight killed half the music venues.", "I doubt that it will run on time before spring.",
    ),
    "school-phones": (
        "my daughter sleeps better since her class did this.", "a locked pouch is no help when the bus does not come.",
        "lessons without a ringing phone are lessons.", "teachers should teach, not keep keys.",
        "we managed without phones and so can they.", "what about children who check their blood sugar with one?",
        "the office is going to be full of parents at half past three.", "six schools is a fair trial; let us see the figures in a year.",
        "lunch is when I tell my son who picks him up.", "calmer corridors are worth a little bother.",
    ),
    "rovers-coach": (
        "seven defeats would end anybody.", "the board bought no defenders, and the coach pays for it.",
        "the captain at least had the courage to face us.", "4-0 at home with two centre backs out is no surprise.",
        "the assistant knows these players, give him time.", "selling the club is what should have been on the table.",
        "I have kept my ticket through worse seasons than this.", "the pressing stopped in November and never came back.",
        "sacking him with the window closed makes no sense.", "there is talent in the youth side, so play them.",
    ),
}  # fmt: skip
CLOSINGS = ("", "", "", " Let us see.", " Just my view.", " Thank you for reporting on it.", " Does anyone know more?", " Time will tell.")
JOBS = ("nurse", "bus driver", "teacher", "parent of three", "season ticket holder", "pensioner", "baker", "student")
RELATIVES = ("sister", "neighbour", "uncle", "wife", "son", "best friend")

UNKIND: tuple[tuple[str, Rejection], ...] = (
    ("You are a complete idiot and so is everybody who {did}.", Rejection.OFFENSIVE),
    ("What a pathetic bunch of morons. {opinion}", Rejection.OFFENSIVE),
    ("Shut up, {name}, you stupid clown, nobody asked you.", Rejection.HARASSMENT),
    ("{name} is a liar and a disgusting fool who should be ashamed to show that ugly face.", Rejection.HARASSMENT),
    ("Only a brain-dead loser could write such garbage.", Rejection.OFFENSIVE),
    ("The whole lot of them are crooks and scum, every single one.", Rejection.OFFENSIVE),
    ("Get lost, you ignorant old cow.", Rejection.HARASSMENT),
    ("This is bullshit and you damn well know it.", Rejection.OFFENSIVE),
    ("People from across the river are vermin and ought to be kept out of our city.", Rejection.HATE),
    ("Foreigners like that ruin everything. Send the filthy animals home.", Rejection.HATE),
    ("I know where {name} lives. Somebody should burn that house down.", Rejection.THREAT),
    ("Say that to me in the car park and I will break your jaw.", Rejection.THREAT),
    ("Earn 900 a day from home!!! Visit www.quick-money.example, www.cash-now.example, www.get-rich.example today", Rejection.SPAM),
    ("Cheap watches, pills and loans: http://a.example/shop http://b.example/shop http://c.example/shop", Rejection.SPAM),
)
BORDERLINE: tuple[tuple[str, Rejection | None], ...] = (
    ("This whole thing is pathetic, and so is the excuse. {opinion}", None),
    ("The chairman is a coward and a crook.", Rejection.OFFENSIVE),
    ("Damn it, when will they listen? {opinion}", None),
    ("Stop whining, {name}, you sound like a spoiled child.", Rejection.HARASSMENT),
    ("Your comment is as dumb as the plan, {name}.", Rejection.HARASSMENT),
    ("Lazy, greedy and stupid: that is our council. {opinion}", Rejection.OFFENSIVE),
    ("Nobody cares what you think, {name}, so shut up.", Rejection.HARASSMENT),
    ("Blind as a bat and twice as stupid, the lot of them.", Rejection.OFFENSIVE),
    ("This town is full of losers, and I say that with love. {opinion}", None),
    ("What utter garbage, whoever thought of this should be ashamed. {opinion}", None),
    ("That is the most ridiculous rubbish that I have heard all year. {opinion}", None),
    ("Kill the motor, save the planet. And kill the council tax too. {opinion}", None),
    ("Hell no. {opinion}", None),
    ("Damn right. {opinion}", None),
    ("Absolute rubbish. {opinion}", None),
    ("My {relative}, a {job}, called it a stupid plan for stupid people, and was being polite.", None),
)
SHARP: tuple[str, ...] = (
    "That is a stupid idea and the {did_people} deserve better. {opinion}", "What idiots. {opinion}",
    "The mayor is a joke, and not even a funny one.", "Such a dumb decision that I had to read it twice.",
    "Who is the genius who thought of that? Ridiculous, all of it.", "I am sick and tired of these clowns. {opinion}",
    "WHY DOES NOBODY EVER ASK THE PEOPLE WHO HAVE TO LIVE WITH THIS EVERY DAY?",
    "He was useless, she was useless, and the next one will be useless.", "Crap service, crap excuses. {opinion}",
)  # fmt: skip
STRAY: tuple[str, ...] = (
    "Does anybody have a good recipe for plum cake? Mine always sinks in the middle, and I have tried three kinds of flour.",
    "My cat has learnt to open the fridge. We lost a whole salmon yesterday, and she looked proud of it.",
    "Selling a hardly used tent for four people, with poles and pegs; ask for photographs.",
    "The sunset over the lake on holiday was the finest that I ever saw, all copper and violet.",
)
DID = ("voted for this", "wrote this", "believes a word of it", "applauds it")
PEOPLE = ("passengers", "children", "fans", "taxpayers")
NAMES = (
    "Marta K.", "J. Penhaligon", "Tomasz", "Mrs Okafor", "Lena", "Dr Whitlow", "Priya N.", "Eleri", "Bernard", "Joan B.", "Ahmed",
    "Sunniva", "Old Pete", "Callum R.", "Yusuf", "Anneke", "Grandad Joe", "Wen", "Ines", "Rhodri",
)  # fmt: skip
HANDLES = (
    "oldtimer",
    "bikes_first",
    "northstand",
    "quietreader",
    "two_sugars",
    "elm_row",
    "gasworks_lad",
    "nightshift",
    "pixel",
    "tramline",
)
MOST_BY_ONE = 5  # more at once would be a flood


@dataclass(frozen=True, slots=True)
class Written:
    """A comment of the demonstration, and what its moderators will think of it: the reason to reject it, or None."""

    article: Article
    text: str
    author: str
    reject_as: Rejection | None


def write(count: int, seed: int = 4) -> Iterator[Written]:
    """So many comments; the same each time."""
    chance = random.Random(seed)  # noqa: S311 - a demonstration needs no secrets
    authors = [*NAMES, *(f"{handle}{number}" for handle in HANDLES for number in range(50, 60))]
    free = dict.fromkeys(authors, MOST_BY_ONE)
    for _ in range(count):
        article = chance.choice(ARTICLES)
        kind = chance.choices(("fine", "sharp", "borderline", "unkind", "stray"), (62, 6, 21, 8, 3))[0]
        text, reject_as = _text(chance, article, kind)
        # A few people write most of the unkind ones, as anywhere.
        some = [author for author in authors if free[author]]
        author = chance.choice(some[-15:] if kind in ("unkind", "borderline") else some)
        free[author] -= 1
        yield Written(article, text, author, reject_as)


def _text(chance: random.Random, article: Article, kind: str) -> tuple[str, Rejection | None]:
    opinion = chance.choice(OPINIONS[str(article.id)])
    filled = {
        "opinion": opinion[0].upper() + opinion[1:],
        "did": chance.choice(DID),
        "did_people": chance.choice(PEOPLE),
        "name": chance.choice(NAMES),
        "years": chance.randint(3, 50),
        "job": chance.choice(JOBS),
        "relative": chance.choice(RELATIVES),
    }
    if kind in ("unkind", "borderline"):
        text, reject_as = chance.choice(UNKIND if kind == "unkind" else BORDERLINE)
        return text.format(**filled), reject_as
    if kind == "stray":
        return chance.choice(STRAY), Rejection.OFF_TOPIC
    if kind == "sharp":
        return chance.choice(SHARP).format(**filled), None
    opening = chance.choice(OPENINGS).format(**filled)
    return f"{opening} {opinion}{chance.choice(CLOSINGS)}", None
