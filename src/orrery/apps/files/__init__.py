"""Files of workspaces: what people send, what runs make, and the signed links under which both are read.

Content lives in object storage, rows say whose it is. Nothing here knows HTTP; callers hand over streams of bytes.
"""
