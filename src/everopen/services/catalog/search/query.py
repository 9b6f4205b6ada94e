"""From a request to a query of the index.

No query language is offered, so no character of the text can be wrong: it is cut into words, and what
is not a word is passed over.
"""

import enum
from dataclasses import dataclass

from tantivy import FieldType, Occur, Query, Schema, Searcher, TextAnalyzer

from everopen.services.catalog.search.request import SearchRequest

_WORDS_ASKED = 12
# What a match is worth, by where the word stands.
_BOOSTS = {"title": 8.0, "tags": 4.0, "kind": 4.0, "vendor": 3.0, "options": 3.0, "body": 0.3}
# What the beginning of a word is worth, and a word that is nearly right; less than the whole word.
_PREFIX_SCORES = {"title_words": 8.0, "words": 4.0}
_TYPO_SCORES = {"title_words": 3.0, "words": 1.5}
_PREFIX_TYPO_CHARACTERS = 5
_PHRASE_BOOST = 6.0
_TIE_BREAKER = 0.2
# One wrong letter from this length on, two from that: shorter words have too many neighbours.
_ONE_TYPO_CHARACTERS = 4
_TWO_TYPOS_CHARACTERS = 8
_STOP_WORDS = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
)


class Tolerance(enum.Enum):
    """How closely products must match; a looser one is tried when the closer one finds nothing.

    UNKNOWN_WORDS: every word must be there; one that no product has may be misspelt.
    EVERY_WORD: every word must be there; each may be misspelt.
    SOME_WORDS: half of the words, each may be misspelt.
    """

    UNKNOWN_WORDS = 0
    EVERY_WORD = 1
    SOME_WORDS = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word as written, folded to lower case, and its stem."""

    text: str
    stem: str


class QueryBuilder:
    """Builds queries against one state of the index."""

    def __init__(
        self, schema: Schema, searcher: Searcher, words: TextAnalyzer, stemmed: TextAnalyzer
    ) -> None:
        self._schema = schema
        self._searcher = searcher
        self._words = words
        self._stemmed = stemmed

    def cut(self, text: str) -> list[Word]:
        """The words of `text`; stop words only if there is nothing else."""
        pairs = zip(self._words.analyze(text), self._stemmed.analyze(text), strict=True)
        words = [Word(word, stem) for word, stem in pairs][:_WORDS_ASKED]
        return [word for word in words if word.text not in _STOP_WORDS] or words

    def matching(self, request: SearchRequest, tolerance: Tolerance) -> Query:
        """The products that the request asks for."""
        parts = [(Occur.Must, part) for part in self._filters(request)]
        if request.text:
            words = self.cut(request.text)
            parts.append((Occur.Must, self.words(words, tolerance) if words else Query.empty_query()))
        return Query.boolean_query(parts) if parts else Query.all_query()

    def words(self, words: list[Word], tolerance: Tolerance) -> Query:
        """Products with these words, the last of which may be unfinished."""
        parts = [
            self._word(word, tolerance, unfinished=position == len(words))
            for position, word in enumerate(words, 1)
        ]
        if tolerance is Tolerance.SOME_WORDS:
            return Query.boolean_query(
                [(Occur.Should, part) for part in parts], minimum_number_should_match=(len(parts) + 1) // 2
            )
        clauses = [(Occur.Must, part) for part in parts]
        if len(words) > 1:
            phrase = Query.phrase_query(self._schema, "title", [word.stem for word in words], slop=1)
            clauses.append((Occur.Should, Query.boost_query(phrase, _PHRASE_BOOST)))
        return Query.boolean_query(clauses)

    def _word(self, word: Word, tolerance: Tolerance, *, unfinished: bool) -> Query:
        choices = [
            Query.boost_query(Query.term_query(self._schema, field, word.stem), boost)
            for field, boost in _BOOSTS.items()
        ]
        if unfinished:
            choices += self._near(word, 0, _PREFIX_SCORES, prefix=True)
        distance = _distance(word)
        if distance and (
            tolerance is not Tolerance.UNKNOWN_WORDS or not self._known(word, unfinished=unfinished)
        ):
            choices += self._near(word, distance, _TYPO_SCORES, prefix=False)
            if unfinished and len(word.text) >= _PREFIX_TYPO_CHARACTERS:
                choices += self._near(word, 1, _TYPO_SCORES, prefix=True)
        return Query.disjunction_max_query(choices, _TIE_BREAKER)

    def _near(self, word: Word, distance: int, scores: dict[str, float], *, prefix: bool) -> list[Query]:
        return [
            Query.const_score_query(
                Query.fuzzy_term_query(self._schema, field, word.text, distance, prefix=prefix), score
            )
            for field, score in scores.items()
        ]

    def _known(self, word: Word, *, unfinished: bool) -> bool:
        if any(self._searcher.doc_freq(field, word.stem) for field in _BOOSTS):
            return True
        return unfinished and bool(self._searcher.terms_with_prefix("words", word.text, limit=1))

    def _filters(self, request: SearchRequest) -> list[Query]:
        exact = [("category", request.category), ("vendor_exact", request.vendor)]
        exact += [("tag_exact", tag) for tag in request.tags]
        filters = [
            Query.const_score_query(Query.term_query(self._schema, field, value, "basic"), 0.0)
            for field, value in exact
            if value
        ]
        low, high = request.price_min_minor, request.price_max_minor
        if low is not None or high is not None:
            inside = Query.range_query(self._schema, "price", FieldType.Integer, low, high)
            filters.append(Query.const_score_query(inside, 0.0))
        return filters


def _distance(word: Word) -> int:
    if any(character.isdigit() for character in word.text):
        return 0  # sizes and model numbers are not misspelt, they are others
    return (len(word.text) >= _ONE_TYPO_CHARACTERS) + (len(word.text) >= _TWO_TYPOS_CHARACTERS)
