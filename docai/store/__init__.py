"""The service's memory: documents, results, jobs, keys. SQLAlchemy is known here only.

    database    Store: the database and the files, reading() and writing()
    models      the tables
    files       uploaded files by the hash of their bytes
    documents, pages, results, jobs, keys, webhooks   what there is, one function a transaction
    claims      who works on what: leases, deaths, sweeps
    migrate     the tables made and changed

Functions take the Store and the owner who asks, and return frozen values, never rows.
"""
