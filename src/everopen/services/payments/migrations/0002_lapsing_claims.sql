-- When a payment that was claimed to be let go is expected to lapse, at a provider that has no void.
ALTER TABLE claims ADD COLUMN lapses_at timestamptz;
