"""The service over HTTP (docs/http.md).

    main        the application, put together; settings, and __main__ that serves it
    service     what every call needs: the store, the doorbell, the limits
    envelope    around every call: id, log line, metrics, headers, the last resort for a bug
    gate        before every call: key, scope, rate, size
    problems    errors as RFC 9457 has them
    shapes      bodies that come in and go out
    asking      work asked for, and waited for with the help of watch
    documents, extractions, answers, jobs, keys, webhooks, health   the routes
    uploads     files that arrive
    pictures    pages drawn
    tables      results as JSON Lines, CSV, XLSX and Parquet
    reference   /docs

Nothing here works on a document: that is a worker's, which a row in the database is left for.
"""
