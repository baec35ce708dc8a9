"""The languages whose endings and function words are known, as a copilot declares the one of its documents."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

ENGLISH = "english"

LANGUAGES = {
    "arabic": "ar",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hungarian": "hu",
    "italian": "it",
    "norwegian": "no",
    "portuguese": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "tamil": "ta",
    "turkish": "tr",
}
"""Those that tantivy has a stemmer for (Snowball's), each with its two letters of ISO 639-1."""

_BY_LETTERS = {letters: name for name, letters in LANGUAGES.items()}


def _language(value: Any) -> str:
    name = value.strip().lower() if isinstance(value, str) else ""
    name = _BY_LETTERS.get(name, name)
    if name not in LANGUAGES:
        raise ValueError(f"write one of {', '.join(LANGUAGES)}, or its two letters")
    return name


Language = Annotated[str, BeforeValidator(_language)]
"""A language by its English name; two letters are taken for it."""
