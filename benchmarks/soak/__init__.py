"""An hour of mixed load: does anything grow that should not, is anything left over?"""
