"""What strangers can send us, bent and broken at random: nothing may crash, hang or answer with a 500.

By hand: ``python -m tests.fuzz --minutes 30``. Inputs that once broke something are kept in ``findings`` and tried again
in every test run.
"""
