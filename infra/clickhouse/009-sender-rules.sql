-- What the catalog's rules made of a message: who it went out as in place of its sender, and what was left out for a price cap or a cap.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS sent_as LowCardinality(String)
        COMMENT 'Sender id that went out in place of sender; empty: none did' AFTER receipt_at,
    ADD COLUMN IF NOT EXISTS rules String
        COMMENT 'routed: what price caps, sender rules and caps had to do with the choice; empty: nothing' CODEC(ZSTD) AFTER sent_as;
