"""Names that no text we train on has a word of: those that are spoken to test with, and any number of others.

`make_names` checks that before it speaks them. Any given name goes with any family name, so that a large
catalogue is full of names that differ from a spoken one in a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random


def _words(lines: str) -> tuple[str, ...]:
    return tuple(lines.split())


GIVEN = _words("""
    abelard adaeze adriel agathe aiko ailsa akinwale aldous alfhild alisander alwyn amancio amaryllis
    ambrose anfisa aniela anneliese anouk ansgar araminta arvid astolfo athanasia aurelio azadeh
    balthazar bartholomew basia bedivere benedikta berengar bhavani birgitta blodwen bogdana bohumil
    branwen brigid bronagh calixta calliope candela cassius celestina cerys chandrika chiamaka cillian
    clementine clothilde cordelia cosima cyprian dagmar damaris dariusz deirdre delphine desdemona
    dieudonne dineo dmytro ebele eckhart edwina eilidh eithne ekaterina elfrida eluned emrys endre
    enrica esmeralda ethelbert eudora eulalia evander ezinne fabiola farrukh fenella fernanda fidelma
    filippa finnian fiorella florentina fredegar fridtjof garance gaspard genevieve gerhardt ghislaine
    gianluca giacomo goncalo gorka gregor griselda grizelda guadalupe gudrun guinevere gulnara gustavo
    gwendolyn habiba hadewych hakon halvard hanneke hedvig heloise hermione hesper hildegard hippolyta
    hortensia hubertus ianthe idris ifeoma ignatius ilaria indira iolanthe iphigenia isadora isolde
    iseult ivana jacinta jadwiga jaroslav jemima joaquin jocasta jolanta jorunn jovan jozsef kaito
    kalinda karolina kasimir katinka kazimir keziah khadija kirsikka klementyna kornelia kristof
    kunigunde ladislav laetitia laszlo lavinia leocadia leonidas liesbeth lieselotte ligeia lioba lorcan
    lothar lubomir lucasta ludmila ludovico lysander maelys magnhild malachi malvina marcelina
    margarethe mariangela marzena mbali melchior melisande merete mihaela milosz minerva mireille mirjam
    morwenna muirne myfanwy nasrin natividad nektarios nerissa nerys nikolaj nkechi noemi obadiah
    octavia odalys odette olumide olwen ondine ophelia orinthia orsolya osbert oswin ottilie ozioma
    paraskevi parthenia peregrine perpetua petronella philomena pieter polina pradeep primrose prudencia
    quintessa radoslav rafaela raghunath rainier ramiro raphaela rasmus reinhild renske rhiannon rogelio
    rosalind rosamund rowena roxana rufina ruprecht saffiya salvatore sabela savitri seraphine severin
    sieglinde sigrid sinead sofronia stanislav stellan sunniva svetozar sybilla tadeusz tamsin tancredi
    tatiana thaddeus thessaly thorvald tibor timothea torquil tryphena ulrika umberto ursula valdemar
    valeriano venetia veronika vespasian vilhelmina violetta vittoria vivienne vladislava volkmar
    walburga waldemar wanjiru wenceslas wilhelmina xanthe ximena xiomara yaroslava yevgenia ysolde yusra
    yvaine zebedee zdenka zephyrine zinaida zuleika zygmunt
""")
FAMILY = _words("""
    abercrombie abernathy achterberg adebayo aguinaldo akhmatova albescu aldridge almqvist altamirano
    amundsen apostolou arbuthnot archambault armitage arrowsmith asimakis astbury auchterlonie babatunde
    bagshawe balakrishnan bannerjee barraclough bartosz batchelor baumgartner beauchamp bellweather
    benavides bengtsson bergstrom birtwistle blankenship blenkinsop boateng bogdanovic boniface
    borthwick bosanquet boscawen bracegirdle braithwaite bredesen brzezinski buchwald bukowski burkhardt
    butterworth cadwallader calabrese carmichael carruthers cavendish chakraborty chamberlayne
    charbonneau chattopadhyay cholmondeley chukwu clatworthy claybourne constantinou coppersmith
    crabtree cranleigh crichton culpepper czajkowski davenport delacroix delahunt desrosiers devereux
    dhillon dimitrakis drinkwater drummond duckworth dunfermline dunwoody dziedzic eberhardt echeverria
    egbuna enderby engstrom entwhistle ermakov etxeberria ezekwesili fairweather farquharson fauntleroy
    fazackerley fenstermacher ferreyra fetherston fitzsimmons fjeldstad fontainebleau fotheringham
    galanopoulos garrigues gaydos geoghegan gianopoulos glendinning goncharov gooseberry gottschalk
    grabowski greenhalgh grigoryan grimshaw grosvenor gudmundsson guilfoyle gunawardena halvorsen
    hammarskjold hasselblad hathersage heathcote heppenstall herrmann higginbotham hofstadter horrocks
    hovhannisyan hungerford ingebrigtsen inglethorpe ishiguro iwanowski jankowski jaramillo jayawardena
    jefferies jorgensen kaczmarek katsaros kazantzakis kellerman kensington kilpatrick kirkbride
    kleinschmidt knatchbull kobierski kolodziej korzeniowski kossakowski kowalczyk kristoffersen
    krzyzewski kulkarni lachapelle lamington larrabee lascelles lattimore leszczynski leverhulme
    lindqvist lipinski llewelyn lovelace luxemburg macalister mackintosh mahalanobis mainwaring majumdar
    makarenko marchbanks marjoribanks markopoulos matsumoto mavrogenis mazurkiewicz mbatha mccorquodale
    mcgillicuddy mcglashan merriweather mickiewicz middlethorpe mikhailov milewski millington moctezuma
    molyneux moriarty mountbatten mulcahy mwangi nagasawa narayanan nasrallah ndiaye netherby
    niedermeyer niskanen nwachukwu oberholzer obuasi odegaard ohanian okechukwu olajuwon onyango
    oppenheim ostrowski ottaviani oyelaran paderewski palmerston papanicolaou pellegrino pemberton
    pendergast penhaligon petrakis pettigrew philpott piotrowski pleydell popplewell pritchard
    przybylski quartermaine quesnel quintanilla rajagopal rasmussen ravenscroft rheinhardt ridgeway
    rigopoulos rosenkranz rotherham ruthven rydberg saltonstall satterthwaite saxelby scatchard
    schellenberg schwarzkopf scrimgeour seabright sienkiewicz shackleton shakhnazarov shillingford
    siddiqui sigurdsson silberstein skrzypczak snodgrass spillane starowicz steenkamp stephanopoulos
    strathmore struthers subramaniam sundaresan swinburne szczepanski szymanski tattersall templeton
    thackeray thistlewood throckmorton tomaszewski torrington trelawney tremblay trethewey trubetskoy
    tulkinghorn twelvetrees uchenna uspensky uzzell vandermeer vanterpool vasconcelos vasilescu
    venkataraman verhoeven villanueva vinogradov voortrekker vukovic wackernagel waddington wainwright
    walsingham wambui warburton weatherby wedgwood weizmann wetherspoon wickremasinghe wigglesworth
    wilberforce winterbottom wojcik wolstenholme woolstonecraft wychwood wyndham xenakis yadegari
    yarborough yevtushenko zamenhof zawadzki zdunek zielinski zimmermann zwingli
""")

ARTISTS = (
    "the gossamer tinkers",
    "velour cartographers",
    "quixotic herons",
    "kestrel and thimble",
    "lilt of samovars",
    "the pewter gondoliers",
    "bramblewick",
    "marzipan gyrfalcons",
)
ITEMS = ("kohlrabi", "samphire", "tamarillos", "salsify", "jicama", "harissa", "fenugreek", "loganberries")
JOINING_WORDS = frozenset({"the", "and", "of"})
"""Words of these names that every text has."""

_PEOPLE, _GIVEN_ONLY = 34, 10


def spoken_people() -> list[str]:
    """The people who are called in the test: most by both names, some by the first alone; always the same."""
    random = Random("people who are called")
    given, family = random.sample(GIVEN, _PEOPLE), random.sample(FAMILY, _PEOPLE)
    pairs = zip(given, family, strict=True)
    return [one if n < _GIVEN_ONLY else f"{one} {other}" for n, (one, other) in enumerate(pairs)]


def other_people(count: int, seed: str, without: Iterable[str] = ()) -> list[str]:
    """So many distinct made-up full names, fewer when the lists hold no more.

    Args:
        count: how many.
        seed: the same names come for the same seed, and the first of many are those of few.
        without: names that must not be among them.
    """
    taken = set(without)
    found: list[str] = []
    for pair in Random(seed).sample(range(len(GIVEN) * len(FAMILY)), len(GIVEN) * len(FAMILY)):
        name = f"{GIVEN[pair // len(FAMILY)]} {FAMILY[pair % len(FAMILY)]}"
        if len(found) == count:
            break
        if name not in taken:
            found.append(name)
    return found
