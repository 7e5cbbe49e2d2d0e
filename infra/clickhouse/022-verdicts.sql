-- Why the other candidates of a route were not taken. A route's choices differ little, so that most texts are the same: they are stored by their numbers.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS verdicts LowCardinality(String)
        COMMENT 'routed: why the other candidates of the route were not taken, such as b: dearer, c: circuit-open; empty: there were none' AFTER segments_saved;
