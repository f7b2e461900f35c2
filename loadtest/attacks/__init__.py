"""What others notice while somebody attacks, and what idle rooms cost. ``make attack`` runs it.

To add an attack, write a module here with a tuple ``ATTACKS`` of ``attack.Attack``; ``__main__``
finds it by that name. ``target`` starts the server that is attacked, ``witness`` is the honest
viewers who are timed meanwhile, in a process of their own. ``idle`` attacks nobody: it compares two
servers.
"""
