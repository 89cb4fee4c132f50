"""The organisations that members work for: one code each, and the names that people write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Organisation:
    """`code` is what events carry; `short` is what people call it, where that is not the name."""

    code: str
    name: str
    short: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} ({self.short})" if self.short else self.name


ORGANISATIONS: Final = (
    Organisation("APHA", "Animal and Plant Health Agency", "APHA"),
    Organisation("CEFAS", "Centre for Environment, Fisheries and Aquaculture Science", "Cefas"),
    Organisation("DSTL", "Defence Science and Technology Laboratory", "Dstl"),
    Organisation("DCMS", "Department for Culture, Media and Sport", "DCMS"),
    Organisation("DESNZ", "Department for Energy Security and Net Zero", "DESNZ"),
    Organisation("DEFRA", "Department for Environment, Food and Rural Affairs", "Defra"),
    Organisation("DSIT", "Department for Science, Innovation and Technology", "DSIT"),
    Organisation("DFT", "Department for Transport", "DfT"),
    Organisation("DHSC", "Department of Health and Social Care", "DHSC"),
    Organisation("ENVIRONMENT-AGENCY", "Environment Agency"),
    Organisation("FSA", "Food Standards Agency", "FSA"),
    Organisation("FCDO", "Foreign, Commonwealth and Development Office", "FCDO"),
    Organisation("FOREST-RESEARCH", "Forest Research"),
    Organisation("GO-SCIENCE", "Government Office for Science", "GO-Science"),
    Organisation("HSE", "Health and Safety Executive", "HSE"),
    Organisation("HMRC", "HM Revenue and Customs", "HMRC"),
    Organisation("HOME-OFFICE", "Home Office"),
    Organisation("IPO", "Intellectual Property Office", "IPO"),
    Organisation("MHRA", "Medicines and Healthcare products Regulatory Agency", "MHRA"),
    Organisation("MET-OFFICE", "Met Office"),
    Organisation("MOD", "Ministry of Defence", "MOD"),
    Organisation("NPL", "National Physical Laboratory", "NPL"),
    Organisation("NATURAL-ENGLAND", "Natural England"),
    Organisation("SCOTTISH-GOVERNMENT", "Scottish Government"),
    Organisation("UKHSA", "UK Health Security Agency", "UKHSA"),
    Organisation("UK-SPACE-AGENCY", "UK Space Agency", "UKSA"),
    Organisation("WELSH-GOVERNMENT", "Welsh Government"),
)
WRITTEN_SO: Final = ", ".join(sorted((its.short or its.name for its in ORGANISATIONS), key=str.casefold))
"""What can be entered, for a sentence that helps."""


def organisation_named(text: str) -> str | None:
    """The code of the organisation that the text names: by code, full name or short name, in any letter case."""
    return _BY_SPELLING.get(_plain(text))


def _plain(text: str) -> str:
    """`The Met-Office ` and `MET OFFICE` are one: letters and digits only."""
    words = re.sub(r"[^a-z0-9]+", " ", text.casefold().replace("&", " and ")).split()
    return "".join(words[1:] if words[:1] == ["the"] else words)


_BY_SPELLING: Mapping[str, str] = {
    _plain(spelling): its.code for its in ORGANISATIONS for spelling in (its.code, its.name, its.short) if spelling
}
