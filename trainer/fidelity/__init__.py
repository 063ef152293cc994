"""Does it sound like him? What the tuned model says, measured beside the person, the base and the free alternative.

    moments       held-out moments: what stood before, and what the person really wrote
    contestants   who answers them: the base, the base with examples in context, the tuned model; by the serving engine
    judge         a classifier that tells the person from the partner, on disguised `bundles` of five messages
    likeness      how often a contestant is taken for the person, with intervals by `bootstrap`
    habits        how somebody types, feature by feature; `style` holds two samples of it against each other
    relevance     whether what is said answers what was asked: perplexity, and the right reply among ten
    assessment    all of it for a run, into section ``fidelity`` of metrics.json; `section` shows it
    recall        what of its training it knows by heart, into section ``memory``; `memory_section` shows it
    quiz          what people say of the same `answers`, into section ``quiz``; `booth` asks, `quiz_section` shows it

Every measure takes the real person as one more contestant: what he reaches himself is the ceiling.
"""
