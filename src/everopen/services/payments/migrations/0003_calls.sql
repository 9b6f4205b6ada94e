-- How often the provider was, or may have been, asked by this attempt. Only a first call that was refused a
-- connection shows that nothing was sent: a repetition says nothing about the call before it.
ALTER TABLE attempts ADD COLUMN calls integer NOT NULL DEFAULT 1 CHECK (calls >= 0);
UPDATE attempts SET calls = 0 WHERE state = 'not_sent';
