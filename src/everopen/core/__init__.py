"""What everything else may use: ids, money, time, errors, limits. Imports nothing of ours."""
