"""One module per node kind; `orrery.workflow.registry` imports them by name when a graph first needs them."""
