"""What kind of file is it, is it safe, how many pages, what is on them, their pixels.

`raw.open_document` is the way in. Everything that looks inside a file runs in a child process
(`sandbox` starts it, `parser` is its program); this side sees numbers and text only. Nothing
is imported here, since the child is started for every file and must start quickly.
"""
