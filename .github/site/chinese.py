"""Search in Chinese, where no spaces divide words: runs of characters, of which a part is found, and all pairs."""

import re

from sphinx.search.zh import SearchChinese


class SearchPairs(SearchChinese):
    """Sphinx's own needs a dictionary of Chinese, and without one finds nothing."""

    language_name = "English"  # whose stemmer the page is to load: Sphinx names one for Chinese that does not exist

    def split(self, input: str) -> list[str]:
        runs = re.findall(r"\w+", input)
        self.latin_terms.update(run for run in runs if run.isascii())
        pairs = [run[i : i + 2] for run in runs if not run.isascii() for i in range(len(run) - 1)]
        return runs + pairs
