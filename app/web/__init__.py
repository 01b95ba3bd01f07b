"""The web app: documents dropped, looked at, corrected, asked and exported in a browser.

    python -m app.web

It keeps nothing: everything is asked of the API through app.client.
"""
