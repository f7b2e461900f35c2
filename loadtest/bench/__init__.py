"""The benchmark: what a viewer costs here and elsewhere, in one run. ``make bench`` runs it.

``grandstand`` starts the server to be measured, ``crowd`` and ``seating`` its viewers; each other
module measures one thing and knows no other; ``__main__`` puts the table together.
"""
