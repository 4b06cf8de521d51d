"""Sentences of our own about groups of people, and about what only sounds alike: attacks, and denials, quotations, support, complaints.

The corpora tie words to attacks; these differ in meaning alone. `{G}` is a group of people, `{one}` one of them, `{g}` what they are,
`{slur}` a slur, `{X}` people by what they do, `{T}` a thing, `{who}` a person.
"""

import random
from collections.abc import Iterator
from itertools import product

from service.normalise import normalise
from training.dataset import LabelledText

SOURCE = "contrast"
PER_TEMPLATE = 12
SEED = 20262


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(each.split()) for each in text.split("|"))


ATTACKS = """
{G} have ruined this town and everybody knows it
we would all be better off without {G} around here
there is no place for {G} in a decent country
keep {G} away from our children
i do not want {G} living next door to me
{G} are vermin and should be treated like it
send every last one of the {G} back to where they came from
{G} simply are not as clever as the rest of us
nothing but lies ever comes out of the mouths of {G}
you can never trust {one}
{one} should not be allowed to vote
{G} breed like rabbits and live off our taxes
{G} are a cancer on society
why do we still let {G} into our schools?
round up the {G} and lock them away
somebody should burn down the houses of {G}
the only good thing {G} can do is leave
{G} belong in a cage
being {g} is a sickness and it spreads
if i see {one} on my street again i will break his legs
{G} ought to be wiped off the map
let us be honest, {G} are less than human
{G} are disgusting to look at
i feel sick whenever {one} sits beside me on the bus
{G} should know their place and keep quiet
{G} should be grateful that we even tolerate them
what do you expect from {G}, they are all criminals
{G} are born thieves
the world would be a cleaner place with fewer {G}
another {g} parasite living on benefits
that {g} filth has no business being on television
get that {g} trash out of our club
hiring {one} is always a mistake
no {g} person has ever achieved anything worth mentioning
{G} have no morals and no shame
{G} are too stupid to hold down a job
{G} bring nothing but crime and disease
stop pretending that {G} are normal
{G} are an abomination
god hates {G} and so do i
i wish somebody would get rid of all the {G}
{G} deserve every beating they get
it is time to take up arms against the {G}
we will come for you {G} one night
you {G} had better start running
all {G} want is to destroy our way of life
{G} control the banks and the newspapers and must be stopped
{G} are inferior, that is just biology
{G} smell and never wash
they are not people, they are {G}
i refuse to be treated by {one}, they are all incompetent
a {g} boss? i would rather be unemployed
{G} are only good for cleaning floors
{G} are weak and useless
{G} ruin every neighbourhood they move into
{G} do not deserve the same rights as us
nobody would miss the {G} if they were gone tomorrow
they should have finished the {G} off when they had the chance
show me {one} and i will show you a liar
my dog has more sense than any {g} person
i have nothing but contempt for {G}
i cannot stand {G}, every one of them
{G} make me want to vomit
fuck {G}
fuck off back home, {G}
fucking {G} everywhere now
those bloody {G} get everything for free
shoot the {G} at the border
put {G} up against a wall
{G} are animals. they act like animals and should be kept like animals
these {G} are pests. exterminate them
look at these {G}. it makes my skin crawl. they should be removed
{G} again. they never change. what a worthless bunch they are
am i the only one who thinks that {G} should be banned from public life?
does anybody really believe that {G} are equal to us?
how can anyone bear to be near {G}?
why would anybody employ {G}? they are lazy and dishonest
i am not prejudiced, but {G} really are subhuman
i have {g} friends, but most {G} are scum
{G} are not our equals and never will be
{G} are not welcome here and never will be
{G} are not capable of love
{G} have never contributed anything
no normal person likes {G}
not one of the {G} can be trusted
{slur} should be hanged
get out of our country you {slur}
another {slur} moved into our street, there goes the neighbourhood
typical {slur} behaviour
you dirty {slur}
i would never let a {slur} in my house
all these {slur}s make me sick
he is just a stupid {slur}
shut up {slur}
no {slur}s in my pub please
"""

# Nobody is attacked for what they are.
HARMLESS = """
i am {one}
i am {one} and i live in this town
my neighbour is {one}
my {g} neighbour helped me with the shopping
my daughter married {one} last spring
we have {G} in our choir
{G} have lived here for centuries
there are many {G} in this part of the city
a {g} family opened the bakery on the corner
the new headteacher is {g}
the survey asked {G} about their experience with the health service
{G} and their friends met in the town hall on friday
i love {G}
{G} are wonderful neighbours
i admire {G} for their courage
{G} deserve respect like everybody else
{G} deserve the same rights as anybody
it is great to see {one} on the council
{g} and proud
being {g} is nothing to be ashamed of
as {one} i have to say that the report is fair
as {one} i have been spat at in the street and it must stop
i grew up with {G} and we still meet every year
we should do more to protect {G} from violence
why are {G} still paid less?
{G} face discrimination when they look for a flat
the council should listen to {G}
thank you for this article about {G}
the film is about {one} who becomes a judge
more {G} should be on the board
{G} enrich our lives
the team has three {g} players this season
nobody should be hated for being {g}
no {g} person should have to live in fear
{G} are not criminals
{G} are not vermin and it is vile to call them that
{G} are not a threat to anybody
{G} are not less intelligent than others
i do not hate {G}
i would never say that {G} are inferior
it is not true that {G} are lazy
nobody should say that {G} do not belong here
not all {G} think alike
you cannot treat {G} as if they were animals
it is wrong to want {G} gone
stop saying that {G} are parasites, it is a lie
whoever calls {G} a disease should be ashamed
saying that {G} belong in a cage is disgusting and i will report it
"{G} are scum" is the kind of thing that he used to shout, and it cost him his job
he was fined for writing that all {G} should be shot
the defendant had called for {G} to be wiped out
the sign said "no {G}", can you believe that this was legal once?
if you think that {G} are subhuman, you have learnt nothing from history
"send the {G} back" is not an argument, it is racism
anyone who wants to harm {G} will have to get past me
people who attack {G} are cowards
calling somebody a {slur} is never acceptable
he called my friend a {slur} and she cried
the word {slur} has no place in this newspaper
i was called a {slur} at school every day
do not use the word {slur}, it hurts people
us {slur}s have to stick together, love you all
my fellow {slur}s and i are marching at pride this year
i can call myself a {slur}, it is my word now
proud to be a {slur} and nobody takes that from me
my best {slur} friend and i are off to the beach
i cannot stand {T}
{T} make me want to vomit
{T} are the worst invention ever
{T} should be banned everywhere
i wish somebody would get rid of all {T}
death to {T}
kill all the {T}
{T} are vermin and ought to be exterminated
burn the {T} and never let them come back
nothing is more disgusting than {T}
there is no place for {T} in my house
we would all be better off without {T}
{T} have ruined my garden
throw those {T} in the bin where they belong
{T} are a plague on this town
fed up with {T}, they are useless
i would shoot {T} on sight if i could
{T} belong in a museum, not on our streets
i am so sick of {T}
{T} drive me crazy every morning
this soup is disgusting
i hate it when the train is late
this heat is killing me
i could murder a sandwich right now
the home team got slaughtered on saturday
she absolutely killed it on stage last night
we destroyed them in the quiz
that joke was so bad i nearly died
that exam nearly killed me
my phone is dead again
the plan is stupid and it will not work
what a terrible idea this tunnel is
the law is a disgrace and must be repealed
that argument is nonsense from beginning to end
this policy hurts pensioners and helps nobody
i disagree with every word of this column
the minister is wrong about the figures
{X} should be paid better
i know many {X} and they work hard
{X} have a difficult job
the {X} in this town are on strike again
i do not agree with the {X} on this
i used to work with {X} and i liked it
thank you {who}, that was kind
{who} gave a good speech
i do not think that {who} is right
could {who} please answer the question?
nobody threatened {who}, that story is invented
he threatened to kill her and got four years for it
the killer was sentenced to life
she was raped and the police did nothing, what a shame
the bomb destroyed the market and killed twelve people
what the nazis did must never be forgotten
racism has no place in this club
hate speech is a crime
"""

# Rude in tone, but at nobody: the toxicity that most readers would give them is low.
SWEARING = """
that was a fucking brilliant match
holy shit, what a goal
what a fucking beautiful morning
damn, this cake is good
i fucking love this song
this bloody weather again
shit, i left my keys in the car
no fucking way, congratulations
damn right, i agree
who the hell designed this junction?
bloody hell, the prices
i am so fucking tired today
it is a hell of a good book
the ending scared the shit out of me
oh crap, i forgot the milk
so fucking proud of you all
that concert was the shit
fuck yes, we won
fuck, it is cold today
my bike is a piece of shit
"""

# Rude to people, but not for what they are.
INSULTS = """
{X} are all idiots
{X} are scum
{X} are nothing but parasites
i cannot stand {X}
{X} make me sick
i hate all {X}
{X} deserve to lose their jobs
{X} should be locked up
fuck {X}
{who} is an idiot
{who} is a liar and a coward
you are an idiot
you are a disgusting person
you make me sick
shut up, you moron
i hate you
{who} is a useless clown
what a pathetic loser {who} is
you are too stupid to understand it
go to hell, {who}
i wish you would just disappear
"""

GROUPS = _listed(
    """
    gay people | gays | lesbians | trans people | transgender people | muslims | jews | christians | hindus | sikhs |
    black people | asians | asian people | arabs | latinos | mexicans | africans | immigrants | migrants | refugees |
    foreigners | asylum seekers | women | disabled people | deaf people | blind people | autistic people | elderly people
    | pakistanis | indians | chinese people | romanians | turks | black men | gay men | muslim women | bisexuals |
    feminists | homosexuals | wheelchair users | white people | catholics | native people
    """
)
KINDS = _listed(
    """
    gay | lesbian | trans | transgender | muslim | jewish | christian | hindu | sikh | black | asian | arab | latino |
    mexican | african | immigrant | refugee | disabled | deaf | blind | autistic | pakistani | indian | chinese | turkish
    | bisexual | white | catholic | female | queer
    """
)
PERSONS = (" man", " woman", " person", " guy", "")
SLURS = _listed(
    """
    faggot | fag | dyke | tranny | nigger | paki | kike | spic | chink | gook | raghead | wetback | retard | cripple
    """
)
THINGS = _listed(
    """
    mosquitoes | leaf blowers | potholes | parking meters | pop-up ads | wet socks | moths | rats | weeds | slugs |
    speed bumps | cold chips | long meetings | alarm clocks | printers | spam calls | traffic lights | ticket machines |
    cookie banners | olives | plastic bags | diesel cars | ticks | flat tyres | scooters | wind turbines | crows |
    cockroaches | spiders | mobile phones | reality shows | bad puns | roadworks | mushrooms | delays | password rules
    """
)
JOBS = _listed(
    """
    politicians | referees | landlords | bankers | estate agents | cyclists | bus drivers | journalists | lawyers |
    football fans | tourists | developers | plumbers | managers | vegans | smokers | dentists | accountants | ministers |
    drivers | dog owners | hunters | economists | critics | pilots | salesmen | actors | surgeons
    """
)
PEOPLE = _listed(
    """
    the mayor | the minister | my boss | the goalkeeper | the author | mr miller | the chancellor | my landlord |
    the coach | peter | sandra | my cousin | the speaker | the driver | anna | tom
    """
)

# That name a group and say nothing of it: the encoder takes the name itself for a sign, so the joining learns otherwise.
MENTIONS = """
he is {one}
is he {g}?
they are {G}
both of them are {g}
{G}
{g}
the {G} next door
a {g} couple
our {g} friends
a {g} person
some of my colleagues are {G}
i think that she is {one}
her mother is {one} too
{G} live there
{G} came to the meeting as well
my teacher was {g}
the {g} community
there were {G} and others
the mayor is {g}
he was born {g}
she has {g} parents
{G} in europe
{G} and the law
what do {G} think of it?
the article is about {G}
one of the singers is {g}
we met {one} on the train
the {g} woman in the picture
those two are {g}
does the club have {g} members?
his wife, who is {g}, wrote to the paper
i know {G}
a film with {g} actors
as {one}, i agree
i happen to be {g}
{one} was elected
a school for {G}
{G} at work
that {g} man over there
she said that she was {g}
"""

BEFORE = (
    "",
    "",
    "",
    "",
    "honestly, ",
    "i am sorry but ",
    "let me tell you: ",
    "as i said before, ",
    "well, ",
    "my opinion: ",
    "it is simple. ",
    "again: ",
)
AFTER = (
    "",
    "",
    "",
    ".",
    "!",
    ". that is all.",
    ", full stop",
    ". think about it.",
    " and i mean it",
    ". just my view.",
    ", and that is the truth",
    "...",
)

LABELS = (
    (ATTACKS, {"toxicity": 1.0, "identity_attack": 1.0}),
    (HARMLESS, {"toxicity": 0.0, "identity_attack": 0.0}),
    (SWEARING, {"toxicity": 0.2, "identity_attack": 0.0, "profanity": 1.0}),
    (INSULTS, {"toxicity": 0.85, "identity_attack": 0.05, "insult": 1.0}),
)


def contrasts() -> Iterator[LabelledText]:
    """PER_TEMPLATE sentences a template, always the same ones. The source names the template, so that a split keeps them together."""
    rng = random.Random(SEED)  # noqa: S311 - no secret
    for number, (template, labels) in enumerate(_templates()):
        for _ in range(PER_TEMPLATE):
            text = rng.choice(BEFORE) + filled(template, rng) + rng.choice(AFTER)
            yield LabelledText(text, labels, f"{SOURCE}-{number}", normalise(text))


def mentions() -> list[LabelledText]:
    """Sentences as `contrasts` has them, of MENTIONS; none is for the encoder."""
    rng = random.Random(SEED + 1)  # noqa: S311 - no secret
    lines = [line for line in MENTIONS.strip().splitlines() for _ in range(PER_TEMPLATE)]
    texts = [(line, filled(line, rng) + rng.choice(("", "", ".", "!"))) for line in lines]
    return [LabelledText(text, {"toxicity": 0.0, "identity_attack": 0.0, "insult": 0.0}, line, normalise(text)) for line, text in texts]


def filled(template: str, rng: random.Random) -> str:
    """A template with words drawn for its slots."""
    kind = rng.choice(KINDS)
    one = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{rng.choice(PERSONS)}"
    return template.format(
        G=rng.choice(GROUPS),
        g=kind,
        one=one,
        slur=rng.choice(SLURS),
        X=rng.choice(JOBS),
        T=rng.choice(THINGS),
        who=rng.choice(PEOPLE),
    )


def _templates() -> Iterator[tuple[str, dict[str, float]]]:
    for text, labels in LABELS:
        yield from product(text.strip().splitlines(), (labels,))
