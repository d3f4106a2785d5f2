"""Gather all that runs the chapters in the browser: Python, wheels, the page's own modules, JupyterLite.

What comes from npm and from PyPI is pinned by version and hash in `live/`. The result lies in
`_build/live/site`, in folders named after their content; tools/live_pages.py puts it into the book.
Without Node there is no result, and the book is a book to read.
"""
