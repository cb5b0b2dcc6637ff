"""Pages that compute, put together from plain data: one file each, which asks nobody for anything.

`html` makes a page, a part of a notebook's output, or one script tag; `static/` holds what all pages share: small
functions, colours and style, and every text in English and Chinese. What a page shows is the business of its own room.
"""
