"""What can be asked: documents, chunks and the index of the support copilots.

The records told as text (`verticals/*/documents.py`) and the notes among the records are its input. The room is
reserved here so that the import contracts hold it apart from the day it opens.
"""
