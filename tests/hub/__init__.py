"""A Hub on loopback, for tests: the unmodified Hugging Face clients talk to it through HF_ENDPOINT.

One noun per module, from the disk up to the wire:

    store      repositories on disk: commits, blobs, LFS objects, references
    accounts   users, tokens, trusted publishers
    state      everything one running server knows, and who may do what to which repository
    traffic    every request is numbered and logged, and can be made to fail
    cards       the YAML of a README, read and checked
    identity   who am I, card validation, token exchange
    repos      create, delete, settings, information, references, history
    uploads    preupload, LFS, commit
    reads      trees, paths, file downloads
    xet        the client's default transfer, served from a local folder
    spaces     secrets, variables, hardware, runtime stages, logs
    control    what a test may do behind the server's back
"""
