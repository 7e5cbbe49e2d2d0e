-- Messages that wait for their time: handed in for later, or in the recipient's quiet hours.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS due Nullable(DateTime64(3, 'UTC'))
        COMMENT 'postponed: when the message is looked at again; with error_class empty its time, such as error_code scheduled says' AFTER segments_saved;
