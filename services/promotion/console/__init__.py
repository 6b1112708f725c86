"""The operator's pages: what the suite is doing, and what a person may do about it, in a browser.

A page asks the same use cases as the API, and decides nothing itself. `views/` has a module for each page, `templates/` how it
looks; everything else here is what all pages have in common. Adding a page is one of each (CONTRIBUTING.md).
"""
