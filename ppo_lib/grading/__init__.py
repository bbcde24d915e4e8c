"""Grades notebooks as students hand them in: `python -m ppo_lib grade FOLDER`.

submissions     the notebooks in a folder, read as data
statements      the statements of a notebook, and the names that they bind and need
slicing         the slice of a notebook that defines the function of an exercise
wire            messages that cannot execute anything
worker          the confined process, which runs such a slice
confinement     what that process is locked into
sandbox         the grader's end of it: calls a student's function, and trusts nothing that comes back
grading         from a folder to its rows, several notebooks at once
report          the rows as a table for spreadsheets, a table for the terminal, and the counts of a class
    command         what the command line does
"""
