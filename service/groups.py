"""Names of groups of people, which say nothing by themselves about what is said of them: the model reads one word for them all.

So a comment scores the same whichever of these groups it names. Words that attack a group by themselves are not among them.
"""

import re

# What the models read in their place: a word that both n-grams and the encoder know, and that no attack is tied to.
GROUP = "nordic"

NAMES = tuple(
    """
    gay lesbian bisexual transgender transsexual trans queer lgbt lgbtq lgbtqia homosexual heterosexual asexual nonbinary non-binary
    muslim islamic jew jewish christian catholic protestant mormon sikh hindu buddhist taoist atheist evangelical shia shiite sunni
    african african-american arab arabic asian hispanic latino latina latinx latin mexican chinese japanese korean vietnamese filipino
    indian pakistani bangladeshi turkish turk kurd kurdish iranian iraqi syrian afghan somali nigerian romanian polish
    roma romani aboriginal indigenous caucasian middle-eastern
    immigrant migrant refugee foreigner asylum-seeker
    woman women female male men feminist
    disabled blind deaf autistic paralyzed paralysed dwarf handicapped wheelchair-user wheelchair-bound bed-bound bedridden housebound
    one-armed one-legged sex-worker
    elderly pensioner teenager teenage millennial
    """.split()
)
# These mean a person only beside a word for one.
_COLOURS = "black white brown straight old young older younger middle aged european american canadian"
_PEOPLE = (
    "people|person|persons|man|men|guy|guys|folk|folks|kid|kids|child|children|community|communities|families|family|neighbours?|neighbors?"
)

_PATTERN = re.compile(
    rf"(?<![\w-])(?:(?:{'|'.join(sorted(NAMES, key=len, reverse=True)).replace('-', '[ -]')})s?"
    rf"|(?:{'|'.join(_COLOURS.split())})(?=[ -](?:{_PEOPLE})\b)"
    r"|blacks|whites|(?:black|white)(?= (?:and|or) (?:black|white)\b))(?![\w-])"
)


def blind(plain: str) -> str:
    """A normalised text with every name of a group replaced by GROUP."""
    return _PATTERN.sub(GROUP, plain)
