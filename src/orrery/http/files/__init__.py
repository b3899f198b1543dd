"""Files over HTTP: taking them in, serving them safely, signed links. Other faces borrow the first two."""
