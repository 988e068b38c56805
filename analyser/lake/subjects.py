"""Base subjects: what is left of a subject line without reply and forward prefixes, tags, case and extra space.

The same regular expressions run in the engine (RE2) and in Python's `re`: they are built from one table of prefixes,
use no look-around and no class whose meaning differs, and are applied to text in lower case.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import ibis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ibis.expr.types as ir

__all__ = ["FORWARD", "REPLY", "base_subject", "base_subject_text", "is_forward", "is_reply"]

# `vs` is "videresend" in Danish and Norwegian and "vastaus" in Finnish; more people forward with it
REPLY: Final[Mapping[str, tuple[str, ...]]] = {
    "English and most others": ("re", "resp"),
    "French": ("réf", "rép"),
    "German": ("aw", "antwort"),
    "Dutch": ("antw", "antwoord"),
    "Danish, Norwegian, Swedish, Icelandic": ("sv", "svar"),
    "Finnish": ("vast",),
    "Latvian, Welsh": ("atb",),
    "Lithuanian": ("ats",),
    "Italian": ("r", "rif", "ris"),
    "Portuguese": ("res",),
    "Polish, Czech, Slovak": ("odp", "odpověď", "odpoveď"),
    "Slovenian, Croatian, Serbian": ("odg", "одг"),
    "Hungarian": ("vá", "válasz"),
    "Romanian": ("ref", "răsp"),
    "Albanian": ("përgj",),
    "Turkish": ("yn", "ynt", "yanıt", "yanit"),
    "Greek": ("απ", "απάντ", "σχετ"),
    "Russian": ("на", "ответ", "отв"),
    "Ukrainian": ("відп", "відповідь"),
    "Bulgarian": ("отг", "отговор"),
    "Hebrew": ("השב", "תשובה", "בנושא"),
    "Arabic": ("رد",),
    "Persian": ("پاسخ",),
    "Indonesian, Malay": ("bls", "balas"),
    "Vietnamese": ("trả lời",),
    "Thai": ("ตอบ", "ตอบกลับ"),
    "Chinese": ("回复", "答复", "回覆", "答覆"),
    "Japanese": ("返信",),
    "Korean": ("회신", "답장"),
}
"""Reply prefixes by language, in lower case, without the colon."""

FORWARD: Final[Mapping[str, tuple[str, ...]]] = {
    "English and most others": ("fw", "fwd"),
    "German": ("wg", "weitergeleitet"),
    "Dutch": ("doorst",),
    "Danish, Norwegian": ("vs",),
    "Swedish": ("vb", "vidarebef"),
    "Icelandic": ("fs",),
    "Finnish": ("vl",),
    "Latvian": ("pārs",),
    "Lithuanian": ("prs", "persiųsta"),
    "French": ("tr",),
    "Italian": ("i", "inoltro"),
    "Spanish": ("rv", "reenv"),
    "Portuguese": ("enc",),
    "Polish": ("pd",),
    "Czech, Slovak": ("přep", "prep"),
    "Slovenian, Croatian, Serbian": ("prosl", "прослеђено"),
    "Hungarian": ("tov", "továbbítás"),
    "Turkish": ("ilt",),
    "Greek": ("πρθ", "προώθ"),
    "Russian": ("пересл", "переслано"),
    "Ukrainian": ("пересил",),
    "Bulgarian": ("препр",),
    "Welsh": ("yml",),
    "Hebrew": ("הועבר", "העבר"),
    "Arabic": ("إعادة توجيه", "تحويل"),
    "Persian": ("ارجاع",),
    "Indonesian, Malay": ("trs", "teruskan"),
    "Vietnamese": ("chuyển tiếp",),
    "Thai": ("ส่งต่อ",),
    "Chinese": ("转发", "轉寄", "轉發"),
    "Japanese": ("転送",),
    "Korean": ("전달",),
}
"""Forward prefixes by language, in lower case, without the colon."""

# Every white space of Unicode and the invisible marks of direction. They are spelt out because the class \s means
# ASCII to RE2 and Unicode to Python.
_RANGES: Final = ((9, 13), (28, 32), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200F), (0x2028, 0x202F))
_SPACE_CODES: Final = [code for low, high in _RANGES for code in range(low, high + 1)] + [0x205F, 0x3000, 0xFEFF]
_SPACES: Final = f"[{''.join(map(chr, _SPACE_CODES))}]+"

_COUNTER: Final = r"(?: ?(?:\[[0-9]{1,3}\]|\([0-9]{1,3}\)|[\^*][0-9]{1,3}))?"
_COLON: Final = " ?[:：]"
_MARK: Final = "(?:external|extern|externe|externo|esterno|externí|ext|external email|external sender|spam|bulk)"
_TAG: Final = rf"(?:\[{_MARK}\]|\({_MARK}\)|\*+ ?{_MARK} ?\*+)"
_BRACKETS: Final = r"\[[^\[\]]{1,60}\]"


def _prefix(words: Iterable[str]) -> str:
    # both spellings of accents: some programs send letter and accent as two characters
    forms = {form for word in words for form in (word, unicodedata.normalize("NFD", word))}
    longest_first = sorted(forms, key=lambda word: (-len(word), word))
    several = "|".join(re.escape(word).replace(r"\ ", " ") for word in longest_first if len(word) > 1)
    single = "|".join(word for word in longest_first if len(word) == 1)
    either = f"(?:{several}){_COUNTER}{_COLON}"
    # a single letter is a prefix only before a space: R:\shared is a drive
    return f"(?:{either}|(?:{single}){_COUNTER}{_COLON}(?: |$))" if single else either


_REPLY_WORDS: Final = frozenset(word for words in REPLY.values() for word in words)
_FORWARD_WORDS: Final = frozenset(word for words in FORWARD.values() for word in words)
_LEAD: Final = f"(?:(?:{_TAG}|{_prefix(_REPLY_WORDS | _FORWARD_WORDS)}) ?)*"

# two steps, since a regular expression that captures costs the engine ten times one that does not
_LEADING: Final = f"^ ?{_LEAD}"
_LISTED: Final = f"^((?:{_BRACKETS} ?)+){_LEAD}"
_TRAILING: Final = r"(?: ?\(fwd?\))+ ?$| $"
_IS_REPLY: Final = f"^ ?(?:(?:{_TAG}|{_BRACKETS}) ?)*{_prefix(_REPLY_WORDS)}"
_IS_FORWARD: Final = f"^ ?(?:(?:{_TAG}|{_BRACKETS}) ?)*{_prefix(_FORWARD_WORDS)}"


def _folded(subject: ir.StringColumn) -> ir.StringColumn:
    return subject.lower().re_replace(_SPACES, " ")


def base_subject(subject: ir.StringColumn) -> ir.StringColumn:
    """Subject without reply and forward prefixes, counters and tags of gateways; lower case, white space folded.

    Prefixes in `REPLY` and `FORWARD` may be repeated and mixed, before or after the tag of a mailing list, which
    stays: ``Re[2]: FW: [plans] Re: Budget`` becomes ``[plans] budget``. Null stays null.

    References
    ----------
    RFC 5256, section 2.1, for English; the other languages are what their mail programs write.
    """
    rest = _folded(subject).re_replace(_LEADING, "")
    listed = ibis.ifelse(rest.startswith("["), rest.re_replace(_LISTED, r"\1"), rest)
    return ibis.ifelse(listed.endswith(")") | listed.endswith(" "), listed.re_replace(_TRAILING, ""), listed)


def is_reply(subject: ir.StringColumn) -> ir.BooleanColumn:
    """True where the outermost prefix of the subject is a reply prefix; false where the subject is null."""
    return _folded(subject).re_search(_IS_REPLY).fill_null(False)  # noqa: FBT003


def is_forward(subject: ir.StringColumn) -> ir.BooleanColumn:
    """True where the outermost prefix of the subject is a forward prefix; false where the subject is null."""
    return _folded(subject).re_search(_IS_FORWARD).fill_null(False)  # noqa: FBT003


def base_subject_text(subject: str) -> str:
    """`base_subject` of a single string.

    Examples
    --------
    >>> base_subject_text("AW: Re[2]: [EXTERNAL] Budget  2025")
    'budget 2025'
    >>> base_subject_text("回复: Q3 plan")
    'q3 plan'
    """
    # letter by letter: the engine has neither special casing nor a final sigma
    lower = "".join(character.lower()[0] for character in subject)
    rest = re.sub(_LEADING, "", re.sub(_SPACES, " ", lower))
    return re.sub(_TRAILING, "", re.sub(_LISTED, r"\1", rest))
