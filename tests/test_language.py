"""A short or misspelt English comment is never called foreign; a clear foreign sentence is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from service import language

ENGLISH = """
lol
LOL
Well said!
No way
Amen to that brother
hahahahahahahahaha
ha ha ha ha ha ha ha ha ha ha ha
WTF is wrong w/ ppl
omg thats so tru
idk wat 2 say bout dis tbh
u r rite m8, dey dont no nuffin
sum ppl jus dont lern do dey
i cant beleive there actualy doing this agian
Definately the worst goverment we ever had
teh polis shud of dun sumthin abowt it
wot a load of rubish mate
Y'all ain't seen nothin yet
gonna hafta wait n see innit
dat boi aint rite in da head no cap fr fr
bruh moment ngl lowkey mid
smh my head tbh imo ymmv
THIS IS AN ABSOLUTE DISGRACE
STOP THE STEAL NOW PLEASE
WHO VOTED FOR THIS CLOWN???
soooooo coooool maaaaan
Yesssss finallyyyyyy!!!!!!
noooooooooooo whyyyyyyyyyyy
Volodymyr Zelenskyy met Recep Tayyip Erdoğan and Viktor Orbán
Ursula von der Leyen, Jean-Claude Juncker, Mario Draghi
Xi Jinping and Shinzo Abe
Giannis Antetokounmpo > Nikola Jokic
São Paulo, München, Kraków, Zürich
Schadenfreude at its best
Deja vu all over again, c'est la vie
Que sera sera
Carpe diem my friends
Hasta la vista baby
The Gestapo called, they want their tactics back
#MeToo #BlackLivesMatter #NoJusticeNoPeace
#vamos #allez #forza
@juan_perez @maria.lopez @hans_mueller agreed
https://www.lemonde.fr/politique/article/les-nouvelles-du-jour
see https://elpais.com/espana/noticias-de-la-politica.html
www.spiegel.de/politik/deutschland/das-ist-ein-test
for i in range(10): print(i)
`const donnees = await chercher(les_resultats)`
SELECT * FROM users WHERE name = 'x';
<p>Nice one</p>
<blockquote class="citation">ok</blockquote>
&quot;Sure&quot; he said
:) :) :) <3 <3
👍👍👍🔥🔥🔥
😂😂😂 dead
¯\\_(ツ)_/¯
(╯°□°)╯︵ ┻━┻
1234567890
£3.50 a pint?!
3-1 at half time
a
...
?
pls fix ur site its brokn
grammer nazis r teh worst
ur mum lmao
thx 4 sharing xoxo
Goaaaaaal!!! What a save
nah fam thats peak
aye lad canny good that like
och aye the noo
crikey fair dinkum mate
sux 2 b u
jajaja so true
meh
Brexit means Brexit
RIP legend
Gr8 b8 m8 i r8 8/8
Lorem ipsum dolor
kthxbye
asdfghjkl qwertyuiop zxcvbnm
agree 100 percent
vote em all out
""".strip().split("\n")

FOREIGN = [
    ("de", "Das ist doch wirklich eine Schande, was in dieser Stadt passiert."),
    ("de", "ICH VERSTEHE NICHT, WARUM DIE REGIERUNG NICHTS DAGEGEN TUT!"),
    ("fr", "La loi a été votée hier soir et personne n'en parle aux informations."),
    ("fr", "<p>Je ne comprends pas pourquoi on laisse faire ces gens-là.</p>"),
    ("es", "No entiendo por qué el gobierno no hace nada para ayudar a la gente."),
    ("es", "Menuda vergüenza, siempre pagan los mismos. https://example.com/a"),
    ("it", "Non capisco perché nessuno dica mai la verità su questa storia."),
    ("pt", "Isso é uma vergonha para todo o país, ninguém faz nada."),
    ("nl", "Ik snap echt niet waarom dit op de voorpagina staat, belachelijk gewoon."),
    ("sv", "Jag tycker att det här är helt galet och någon borde säga ifrån."),
    ("no", "Jeg synes det er helt feil å gjøre dette akkurat nå, og ingen sier noe."),
    ("fi", "Tämä on aivan järkyttävää, eikä kukaan tee asialle mitään."),
    ("pl", "Nie rozumiem, dlaczego rząd nic z tym nie robi, przecież to skandal."),
    ("cs", "Je to opravdu ostuda a nikdo s tím už roky nic nedělá."),
    ("hu", "Ez igazán szégyen, és senki sem tesz ellene semmit."),
    ("ro", "Este o rușine adevărată și nimeni nu face nimic pentru oameni."),
    ("tr", "Bu gerçekten utanç verici ve kimse bu konuda bir şey yapmıyor."),
    ("vi", "Này thật là xấu hổ và không ai làm gì cả, tôi không hiểu."),
    ("tl", "Nakakahiya talaga ito at walang ginagawa ang gobyerno para sa atin."),
    ("ru", "Я не понимаю, почему правительство ничего с этим не делает."),
    ("uk", "Це просто ганьба, і ніхто нічого з цим не робить вже роками."),
    ("el", "Αυτό είναι πραγματικά ντροπή και κανείς δεν κάνει τίποτα."),
    ("ar", "لا أفهم لماذا لا تفعل الحكومة أي شيء لمساعدة الناس"),
    ("he", "זו בושה אמיתית ואף אחד לא עושה עם זה כלום כבר שנים"),
    ("hi", "यह सच में शर्म की बात है और सरकार कुछ नहीं करती"),
    ("zh", "这真是太可耻了，政府什么都不做。"),
    ("zh", "我认为这个政策非常好我们应该支持"),
    ("hi", "सरकार चोर है और जनता मूर्ख है"),
    ("ja", "これは本当にひどい話だと思います。"),
    ("ko", "정부가 아무것도 하지 않는 것은 정말 부끄러운 일이다."),
    ("th", "นี่มันน่าอายจริงๆ รัฐบาลไม่ทำอะไรเลย"),
]

CLEAR_ENGLISH = "I really do not think that the council should have closed the library without asking anybody."


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert len(set(ENGLISH)) >= 60
    assert len(FOREIGN) >= 20


@pytest.mark.parametrize("text", ENGLISH)
def test_a_short_or_misspelt_english_comment_is_not_foreign(text: str) -> None:
    assert language.detect(text) in (None, "en")


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_a_clear_foreign_sentence_is_told(code: str, text: str) -> None:
    assert language.detect(text) == code


def test_clear_english_is_told() -> None:
    assert language.detect(CLEAR_ENGLISH) == "en"


@pytest.mark.parametrize("text", ["", " \n", "\x00", "\ud800" * 50, "e\u0301" * 3_000, "क्" * 50, "a" * 20_000, "<" * 20_000, "ab " * 6_000])
def test_no_text_is_too_odd(text: str) -> None:
    assert language.detect(text) in (None, *language.KNOWN)


@pytest.mark.parametrize(
    ("languages", "code", "reads"),
    [
        (["en"], "en", True),
        (["en"], "de", False),
        (["en", "de"], "de", True),
        (["da"], "no", True),
        (["hr"], "sr", True),
        (["en"], "sr", False),
        ([], "en", False),
    ],
)
def test_a_site_reads_its_languages_and_their_twins(languages: list[str], code: str, reads: bool) -> None:
    assert language.reads(languages, code) is reads


def test_the_known_codes_are_the_detectors_own() -> None:
    assert {label for label in language.load().labels if len(label) == 2} == language.KNOWN


def test_threads_do_not_disturb_each_other() -> None:
    texts = [text for _, text in FOREIGN] * 20
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(language.detect, texts)) == [code for code, _ in FOREIGN] * 20
