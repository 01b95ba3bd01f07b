"""The pages of the web app, one a file; each has a function `show`.

Not called `pages`: Streamlit would take every file of such a folder for a page of its own.
"""
