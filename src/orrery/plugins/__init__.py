"""Plugins: their packages, what an installation keeps of them, and the daemon that answers for them.

`package` decodes `.difypkg` files and knows neither database nor HTTP; `library` keeps packages and who installed them;
`daemon` is the HTTP service in front of both. No code of a plugin is run here yet.
"""
