"""The words of GS1's Core Business Vocabulary, brought to their short form: `shipping`, whoever wrote it how.

The same word is written `shipping` (JSON), `cbv:BizStep-shipping`, `https://ref.gs1.org/cbv/BizStep-shipping` or
`urn:epcglobal:cbv:bizstep:shipping` (XML). A URI of somebody else's vocabulary stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
"""As strict as need be: a scheme or prefix, a colon, and no space."""

_HOSTS = r"(?:cbv:|epcis:|https?://(?:ref\.gs1\.org/cbv|ns\.gs1\.org/cbv|gs1\.org/cbv)/)"
_GS1 = re.compile(r"(?:gs1:|https?://(?:ref\.gs1\.org/voc|www\.gs1\.org/voc|gs1\.org/voc)/)(?P<word>\w+)")


@dataclass(frozen=True)
class Words:
    """One list of the vocabulary.

    Attributes:
        title: how an error calls a word of it.
        known: the short words.
        ours: what a web or URN form of a word of this list looks like, with the word as its group `word`.
    """

    title: str
    known: frozenset[str]
    ours: re.Pattern[str]

    def short(self, text: str) -> str | None:
        """The short word, or the foreign URI as it is; None: it is neither a word of the list nor a URI."""
        if text in self.known:
            return text
        found = self.ours.fullmatch(text)
        if found is not None:
            return found["word"] if found["word"] in self.known else None
        return text if URI.fullmatch(text) else None


def _cbv(title: str, urn: str, web: str, words: str) -> Words:
    pattern = rf"(?:urn:epcglobal:cbv:{urn}:|{_HOSTS}{web}-)(?P<word>.*)"
    return Words(title, frozenset(words.split()), re.compile(pattern))


BIZ_STEP = _cbv(
    "a business step",
    "bizstep",
    "BizStep",
    "accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting"
    " decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting"
    " installing killing loading other packing picking receiving removing repackaging repairing replacing reserving"
    " retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting"
    " unloading unpacking void_shipping",
)
DISPOSITION = _cbv(
    "a disposition",
    "disp",
    "Disp",
    "active available completeness_inferred completeness_verified conformant container_closed container_open damaged"
    " destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance"
    " mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed"
    " recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown",
)
TRANSACTION = _cbv(
    "a type of business transaction",
    "btt",
    "BTT",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
PARTY = _cbv("a type of source or destination", "sdt", "SDT", "location owning_party possessing_party")
ERROR = _cbv("a reason of an error", "er", "ER", "did_not_occur incorrect_data")
COMPONENT = _cbv(
    "a component of a measurement",
    "comp",
    "Comp",
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle"
    " spherical_radius x y z",
)


def measured(text: str) -> str:
    """What a sensor measures, or its alarm, in the short form of GS1's web vocabulary; anything else as it is."""
    found = _GS1.fullmatch(text)
    return found["word"] if found else text
