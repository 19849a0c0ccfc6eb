"""The geometry of the page's charts: numbers become places in per mille of a chart's sides, which templates draw.

A chart's drawing stretches with the page, and its texts are HTML beside it, so that letters never shrink.
"""
