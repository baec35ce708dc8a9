"""Who asks, and what they may see: one sentence that every door, search and feature read obeys.

A door turns a key, or somebody at the keyboard, into a `Caller`; what may be shown carries a `Label`. Nothing else
decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from substrate.columns import Sensitivity


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody must be to see something.

    Attributes:
        sensitivity: of the most sensitive value in it.
        site: whose it is; None: of no site in particular.
        roles: who may see it; none named: any role may.
    """

    sensitivity: Sensitivity
    site: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset)

    def both(self, other: Label) -> Label | None:
        """What somebody must be to see this and the other; None: nobody may see both."""
        level = max(self.sensitivity, other.sensitivity)
        roles = self.roles & other.roles if self.roles and other.roles else self.roles | other.roles
        if self.roles and other.roles and not roles:
            return None
        if self.site == other.site:
            return Label(level, self.site, roles)
        if level >= Sensitivity.PII:
            return Label(level, None, roles)  # for those who may see every site
        return None if self.site and other.site else Label(level, self.site or other.site, roles)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, or a program, that asks.

    Attributes:
        name: for the audit: `key:ward-copilot`, `cli:ana`.
        role: what they are, `nurse`.
        clearance: the highest sensitivity that they may see.
        sites: whose records they may see; None: of all sites.
        verticals: whose data they may ask; None: of all.
    """

    name: str
    role: str
    clearance: Sensitivity = Sensitivity.PUBLIC
    sites: frozenset[str] | None = None
    verticals: frozenset[str] | None = None

    def may_see(self, label: Label) -> bool:
        """Whether something with that label may be shown to them.

        What is about people and says no site is shown only to those who may see every site: better that an answer is
        missing than that it is somebody else's.
        """
        if label.sensitivity > self.clearance or (label.roles and self.role not in label.roles):
            return False
        return self.may_see_site(label)

    def may_see_site(self, label: Label) -> bool:
        """Whether something with that label is of a site that they may see, whatever they are cleared for."""
        if self.sites is None:
            return True
        return label.site in self.sites if label.site is not None else label.sensitivity < Sensitivity.PII

    def narrowed(self, clearance: Sensitivity | None = None, sites: frozenset[str] | None = None) -> Caller:
        """The same caller, who wants to see less; None: as much as they may."""
        lower = self.clearance if clearance is None else min(self.clearance, clearance)
        both = self.sites if sites is None else sites if self.sites is None else self.sites & sites
        return replace(self, clearance=lower, sites=both)

    def may_ask(self, vertical: str) -> bool:
        """Whether they may ask about a vertical's data at all."""
        return self.verticals is None or vertical in self.verticals
