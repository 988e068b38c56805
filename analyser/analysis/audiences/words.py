"""Words of a subject that say nothing about its topic: fillers, greetings, mail habits, and names of people.

A list in the languages of the reply prefixes that are written in Latin letters; whatever a list misses, the lift of a
word against other mail still has to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["EMPTY", "FILLER", "names"]

_FILLER_WORDS = """
the and any are for from has have how into its not our out per that this these those through till until was were
what when where which while who why will with your you can could does did shall should would about all also again more
der die das den dem des ein eine einen einem und oder für fuer von vom zum zur mit bis auf aus bei nach über ueber nicht
wie was wer wann welche welcher welches unser unsere ihre ihr
les des une pour sur avec aux dans par pas que qui quel quelle comment est nos vos
los las una uno para con del por que como cuál cual nuestra nuestro gli della delle degli per con che come una non
het een van voor met aan naar niet hoe welke
"""
_GREETINGS = """
hello hey dear greetings regards thanks thank thx cheers welcome morning congratulations birthday happy sorry
hallo liebe lieber grüße gruesse gruss danke dank guten moin
bonjour salut merci bonsoir hola gracias saludos ciao salve grazie dag groeten bedankt
"""
_MAIL = """
fyi asap urgent important please reply answer forward fwd mail email note message attached attachment update reminder
new call calls meeting meetings memo minutes agenda conference list file files document documents
question questions query request info information help
wichtig dringend bitte frage fragen anfrage antwort nachricht termin besprechung datei liste
erinnerung neu neue
demande réponse rappel réunion fichier pregunta reunión consulta respuesta domanda richiesta risposta
vraag vragen
"""

FILLER: Final = frozenset(f"{_FILLER_WORDS} {_GREETINGS}".split())
"""Words that stand at neither end of a term."""

EMPTY: Final = FILLER | frozenset(_MAIL.split())
"""Words that name no topic, lower case."""


def names(principals: ir.Table, shortest: int) -> ir.Table:
    """Words of the names of people inside: `word`, lower case, of at least `shortest` letters.

    Mail about a person, or to one by name, is no topic; and no name stands among the terms of one.

    Parameters
    ----------
    principals
        Table `principals`.
    """
    people = principals.filter(principals.is_internal & (principals.kind == "person"))
    local = people.principal.split("@")[0]
    text = (people.display_name.fill_null("") + ibis.literal(" ") + local).lower().re_replace(r"[^\p{L}\p{M}]+", " ")
    words = people.select(word=text.split(" ").unnest()).distinct()
    return words.filter(words.word.length() >= shortest)
