"""The first plan of a study, written from its files: ``omtrace new-study``.

``profile`` looks at files and columns, ``roles`` finds unit, visit and arm, ``questionnaires`` known items, ``tables``
declares what is left, ``document`` writes the plan, ``command`` takes the files in and shows what they would give.
"""
