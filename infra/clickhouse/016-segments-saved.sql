-- What plain characters in place of those that the GSM alphabet lacks have saved (transliterate).
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS segments_saved UInt16
        COMMENT 'Segments that the text as it was given would have taken beyond segments; 0: it was sent as it was given' AFTER charged;
