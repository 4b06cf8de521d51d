"""Lists of words: above all those whose disguises are undone.

That list is no judgement of a comment: it only says which plain word a disguise such as `sh1t` or `f.u.c.k` may stand for. Undoing a
disguise only where the result is on this list is what keeps dates, numbers, initials and `e.g.` as they are.
"""

from functools import cache

# Ordered: where a mask such as `f***` fits several words, the first one wins.
STEMS = tuple(
    """
    fuck shit bitch ass cunt dick cock pussy nigger nigga faggot fag bastard whore slut piss crap damn tits twat wank bollocks asshole
    arsehole arse jackass dumbass dumbfuck badass fatass bullshit horseshit shithead shithole dickhead fuckhead fucktard fuckface
    fuckwit motherfucker cocksucker bumboy douche douchebag jerk jerkoff prick penis vagina dildo cum jizz boner blowjob handjob rape
    rapist retard retarded moron idiot imbecile stupid dumb dummy fool foolish loser lunatic psycho pathetic worthless scum scumbag
    trash garbage filth filthy vermin pig swine rat cockroach parasite leech maggot slime creep pervert perv pedo pedophile paedophile
    nazi fascist racist bigot coon chink gook spic kike wetback raghead towelhead tranny dyke homo queer lesbo paki gypsy retards
    libtard snowflake hate kill murder die stab shoot hang strangle choke burn destroy slaughter execute behead bomb lynch suicide
    threat ugly fat fatso disgusting gross sucks suck liar lying cheat thief crook criminal traitor coward clown ignorant ignoramus
    nutjob nutcase crazy insane delusional brainless braindead hypocrite troll dipshit numbnuts dimwit halfwit nitwit dunce simpleton
    buffoon jackoff hooker prostitute skank hoe thot simp incel cuck savage subhuman inferior porn sex sexy nude naked horny screw
    bloody bugger tosser git wanker pillock plonker twit hell goddamn shite knobhead gobshite bellend motherfuck
    """.split()
)

ENDINGS = (
    "",
    "s",
    "es",
    "ed",
    "er",
    "ers",
    "ing",
    "in",
    "y",
    "ty",
    "ting",
    "ter",
    "d",
    "ish",
    "ness",
    "ity",
    "est",
    "ies",
    "able",
    "up",
    "off",
    "head",
)

# Spellings that are disguises in letters alone.
ALIASES = {
    "fuk": "fuck",
    "fck": "fuck",
    "fcuk": "fuck",
    "fuc": "fuck",
    "fuq": "fuck",
    "fvck": "fuck",
    "phuck": "fuck",
    "phuk": "fuck",
    "fucc": "fuck",
    "fukin": "fucking",
    "fuking": "fucking",
    "fukn": "fucking",
    "fckin": "fucking",
    "fcking": "fucking",
    "fking": "fucking",
    "fukker": "fucker",
    "fuker": "fucker",
    "sht": "shit",
    "shyt": "shit",
    "shite": "shit",
    "btch": "bitch",
    "biatch": "bitch",
    "biotch": "bitch",
    "bich": "bitch",
    "azz": "ass",
    "azzhole": "asshole",
    "asshat": "asshole",
    "cnt": "cunt",
    "kunt": "cunt",
    "dik": "dick",
    "dikhead": "dickhead",
    "pussi": "pussy",
    "niga": "nigga",
    "stoopid": "stupid",
    "stupd": "stupid",
    "stpid": "stupid",
    "idot": "idiot",
    "idjit": "idiot",
    "eejit": "fool",
    "kys": "kill yourself",
    "niggah": "nigga",
    "niggahs": "niggas",
    "fggt": "faggot",
    "rtrd": "retard",
    "gfy": "go fuck yourself",
    "effing": "fucking",
    "@$$": "ass",
    "ahole": "asshole",
    "aholes": "assholes",
    "a-hole": "asshole",
    "a-holes": "assholes",
    "a'hole": "asshole",
}

# Words so strong that any disguise of them is undone: respelt, with swapped letters, with a letter behind any sign.
STRONG = tuple(
    """
    fuck shit bitch cunt nigger nigga faggot bastard whore slut asshole arsehole bullshit motherfucker retard moron idiot imbecile
    wanker wank twat scumbag scum pussy stupid dumbass dickhead fuckwit loser pathetic
    """.split()
)
# How letters of those are written otherwise.
RESPELT = tuple(rule.split(">") for rule in "u>v u>x ck>k ck>kk ck>cc ck>q ck>c f>ph i>y i>l i>j g>q o>u".split())
# What would be one of those respelt, or cut in two, and is something else.
OTHERWISE = frozenset("cnut looser shist retrad".split())
APART = frozenset(("s hit", "who re", "mo ron", "los er", "lose r", "bulls hit", "fag got"))

# Common words that two pieces of a split word may be: `pen.is` is a missing space before it is a disguise.
COMMON = frozenset(
    """
    a an as am at be by do go he her his hit hell him how i if in is it its me my no not of on or our she so the they to us was we who
    you your and are but can cum for had has have let may men nor now off old one out own pen put ran rat say see set sit tap ten too
    top two use way why yes yet con temp ex press an al ass dam this that what with will all any did don es bit ch sh re up
    """.split()
)

# Words that say nothing by themselves.
FUNCTION_WORDS = frozenset(
    """
    a about above after again against ain't all also am an and any anyone anything are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either else enough even
    ever every everyone everything few for from further get gets getting go goes going gonna got had hadn't has hasn't have haven't
    having he he'll he's her here here's hers herself him himself his how however i i'd i'll i'm i've if in instead into is isn't it
    it's its itself just least less let let's like lot lots made make makes making many may maybe me might more most much must my myself
    need neither never no nobody none nor not nothing now of off often on once one ones only onto or other others our ours out over own
    per perhaps please put quite rather really same say says saying said see seem seems shall she she's should shouldn't since so some
    someone something sometimes still such sure take than that that's the their theirs them themselves then there there's these they
    they'd they'll they're they've thing things think this those though through thus to too toward towards two under until up upon us
    use used very via want wants was wasn't way we we'd we'll we're we've well were weren't what what's whatever when where whether
    which while who who's whole whom whose why will with within without won't would wouldn't yes yet you you'd you'll you're you've your
    yours yourself yourselves don didn isn doesn wasn aren couldn wouldn shouldn ll re ve httplink mailaddress
    """.split()
)

# Words that readers run together with those of the lists above.
EVERYDAY = frozenset(
    """
    people person man guy guys kid kids boy boys girl girls child children mother father mom mum dad family face mouth house home
    country world place life job back god right wrong good bad big little old new first last day time years come leave stay live vote
    know love look tell talk stop start keep give bring send shut throw lock close build deserve believe respect ban deport belong
    real total complete absolute typical bunch piece dirty earth government media newspaper
    """.split()
)

# Names and words that only look like an insult to character n-grams, with any ending.
INNOCENT = tuple(
    """
    dickens dickinson dickerson dickson dickey dickie shital shitala shitake shiitake ashita mishit matsushita fagin fagan fagus penistone
    scunthorpe cockermouth cockatoo cockatiel cockburn cockcroft cockroft cockfosters cockney cockpit cocktail cockerel cockerill cocker
    peacock woodcock hancock hitchcock babcock shuttlecock stopcock weathercock snigger niggard niggardly niger nigeria denigrate
    pussyfoot pussycat assassin cassandra assess assist assort assure asset embassy ambassador classic classify passage passenger bassist
    analysis analyst analog analogy canal banal therapist rapeseed raper grapefruit drape scrape fuchs fuchsia fukushima fukuoka fukuda
    wankdorf swank titicaca titian titan titmouse titular cummings cumbria cumberland cumin cumulus circumcise circumstance document
    sussex essex middlesex sextant sextet sextuple sexton unisex bigotes racoon raccoon tycoon cocoon coonhound vandyke spicer spiced
    hoare hoek whorf whorl arsenal arsenic arsenault sparse parse hearse butterfly buttress twatt shitterton lightwater clitheroe
    """.split()
)
INNOCENT_PHRASES = (
    "pussy willow",
    "pussy riot",
    "homo sapiens",
    "homo erectus",
    "offa's dyke",
    "van dykes?",
    "alan cumming",
    "spotted dick",
    "faggots and (?:peas|gravy)",
    "william the bastard",
    "clumber spaniel",
    "blue tits",
    "great tits",
)


@cache
def words() -> dict[str, int]:
    """Each plain word with its rank: a lower rank wins where a mask fits several."""
    found: dict[str, int] = {}
    for ending in ENDINGS:
        for stem in STEMS:
            if ending != "d" or stem.endswith("e"):
                found.setdefault(stem + ending, len(found))
            if ending[:1] in ("e", "i", "y") and stem.endswith("e"):
                found.setdefault(stem[:-1] + ending, len(found))
    for stem in STEMS:
        if len(stem) == 3:
            for ending in ("ed", "er", "ing", "y"):
                found.setdefault(stem + stem[-1] + ending, len(found))
    return found
