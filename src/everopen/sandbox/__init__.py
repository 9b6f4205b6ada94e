"""The outside world of a platform on one machine: payment providers and a mail sink, with faults.

It stands for companies that know nothing of Everopen, so it imports nothing of ours except core.
`server.Sandbox` starts and stops the whole; `config.SandboxConfig` is all that it is told.
"""
