"""A Hub on loopback, for tests: the unmodified Hugging Face clients talk to it through HF_ENDPOINT.

One noun per module, from the disk up to the wire:

    store      repositories on disk: commits, blobs, LFS objects, references
    accounts   users, tokens, trusted publishers
    errors     refusals as the Hub words them
    faults     ways for a request to go wrong
    traffic    every request is numbered and logged, and can be made to fail
    state      everything one running server knows, and who may do what to which repository
    cards      the YAML of a README, read and checked
    identity   who am I, card validation, token exchange
    repos      create, delete, settings, information
    history    branches, tags, commits, squashing
    uploads    preupload and commit
    lfs        large objects coming in
    xet        the client's default transfer, served from a local folder
    reads      trees, paths, file downloads
    runtime    the life of a Space: plans, hardware, stages
    spaces     its secrets, variables, hardware, volumes, logs
    jobs       programs run for money
    control    what a test may do behind the server's back

`tests/hub_server.py` starts it, `tests/hub_fixtures.py` hands it to tests.
"""
