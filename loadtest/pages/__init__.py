"""The pages, in real Chromium: what a viewer's costs and how exactly it follows the picture.

``make measure`` runs ``__main__``: a module for each measure, at a show that ``venue`` opens and
through browsers that ``spectator`` opens. ``make rehearsal`` runs ``rehearsal``, a show of five
minutes through all the pages, with ``cable`` for its network and ``clip`` for its film.
"""
