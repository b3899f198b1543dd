"""A forward proxy of our own: the way out for whoever can't use our client, such as snippets and plugins.

It holds to the rules of the contract's proxy from 1.15 on (deployment.md 2.2): neighbours may ask, private
destinations are refused unless listed, CONNECT leads to port 443 only. A name is resolved once, judged whole, and
connected to at the very address that was judged. `server` serves connections, `role` is the process.
"""
